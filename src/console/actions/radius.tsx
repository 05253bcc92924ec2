import type { JSX } from 'preact'
import { Chart } from '../design/chart.tsx'
import { Note } from '../design/note.tsx'
import { Raw } from '../design/raw.tsx'
import { count, many } from '../text/figures.ts'
import type { BlastRadius } from './blast-radius.ts'

/** A block that would have stopped more users than these has to be confirmed by typing. */
const typedAboveUsers = 10

export function needsTyping(radius: BlastRadius | undefined): boolean {
  return (radius?.users ?? 0) > typedAboveUsers
}

/** Whom a block would have hit, as a sentence and a chart. */
export function Radius(props: {
  readonly radius: BlastRadius
  readonly of: number
  readonly besideAttack: boolean
}): JSX.Element {
  const { radius, of, besideAttack } = props
  const { days, requests, successfulLogins, users, points, values, withoutRemoteConfig } = radius
  return (
    <div class="stack tight">
      <Note kind={successfulLogins === 0 ? 'good' : 'warn'}>
        Would have stopped <b>{many(requests, 'request')}</b> in the last {days} days
        {besideAttack ? ' beside the attack' : ''}
        {successfulLogins === 0 ? (
          requests === 0 ? (
            '.'
          ) : (
            ', none of them a successful login.'
          )
        ) : (
          <>
            , <b>{many(successfulLogins, 'successful login')}</b> by {many(users, 'user')} among them.
          </>
        )}
        {values < of ? ` Measured on the first ${count(values)} of ${count(of)}.` : ''}
      </Note>
      {withoutRemoteConfig.length === 0 ? null : (
        <Note kind="warn">
          Nothing can be blocked in <Raw text={withoutRemoteConfig.join(', ')} max={120} />: no tracer there is
          connected and able to.
        </Note>
      )}
      {points.length < 2 ? null : (
        <Chart
          label="Requests it would have stopped"
          height={90}
          series={[{ name: 'Requests it would have stopped', color: '--category-1', points }]}
        />
      )}
    </div>
  )
}

/** Asks for a word where a block would hit many. */
export function TypedConfirmation(props: {
  readonly word: string
  readonly value: string
  readonly onInput: (value: string) => void
}): JSX.Element {
  return (
    <div class="field">
      <label for="typed-confirmation">
        This would have stopped more than {typedAboveUsers} users. Type “{props.word}” to go on.
      </label>
      <input
        id="typed-confirmation"
        class="input"
        autocomplete="off"
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </div>
  )
}
