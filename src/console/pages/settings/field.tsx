import type { InputHTMLAttributes, JSX } from 'preact'

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly hint?: string | undefined
  readonly placeholder?: string | undefined
  readonly type?: 'text' | 'number' | 'password' | 'url'
  /** With it the text has several lines. */
  readonly rows?: number
}

/** One text of a form, with its name and what it is for. */
export function Field({ id, label, value, onInput, hint, placeholder, type = 'text', rows }: FieldProps): JSX.Element {
  const shared = {
    id,
    class: 'input',
    value,
    autocomplete: type === 'password' ? 'new-password' : 'off',
    spellcheck: false,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    ...(placeholder === undefined ? {} : { placeholder }),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? (
        <input
          // The types of JSX know only one kind of input at a time.
          {...({ ...shared, type } as InputHTMLAttributes)}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      ) : (
        <textarea {...shared} rows={rows} onInput={(event) => onInput(event.currentTarget.value)} />
      )}
      {hint === undefined ? null : (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}

/** One of a few, by its word. */
export function Choice<T extends string>(props: {
  readonly id: string
  readonly label: string
  readonly options: readonly (readonly [value: T, says: string])[]
  readonly value: T
  readonly onChange: (value: T) => void
  readonly disabled?: boolean
}): JSX.Element {
  const { id, label, options, value, onChange, disabled = false } = props
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map(([one, says]) => (
          <option key={one} value={one}>
            {says}
          </option>
        ))}
      </select>
    </div>
  )
}

/** Some of a few, by boxes. */
export function Boxes(props: {
  readonly label: string
  readonly options: readonly { readonly value: string; readonly says: string }[]
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
  readonly hint?: string
}): JSX.Element {
  const { label, options, chosen, onChange, hint } = props
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <div class="choices">
        {options.map(({ value, says }) => (
          <label key={value} class="choice">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) =>
                onChange(event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
              }
            />
            {says}
          </label>
        ))}
      </div>
      {hint === undefined ? null : <span class="hint">{hint}</span>}
    </fieldset>
  )
}

/** The lines of a text that say something. */
export function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
