import { useId } from 'preact/hooks'
import type { JSX } from 'preact'

/** Why something is put on a list. */
export function ReasonField(props: {
  readonly reason: string
  readonly onChange: (reason: string) => void
}): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>Reason, for those who look at it later</label>
      <input
        id={id}
        class="input"
        maxLength={1_000}
        value={props.reason}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    </div>
  )
}
