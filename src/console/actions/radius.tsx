import type { JSX } from 'preact'
import { Chart } from '../design/chart.tsx'
import { Note } from '../design/note.tsx'
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
  readonly beforeAttack: boolean
}): JSX.Element {
  const { radius, of, beforeAttack } = props
  const { days, requests, successes, users, points, measured } = radius
  return (
    <div class="stack tight">
      <Note kind={successes === 0 ? 'good' : 'warn'}>
        Would have stopped <b>{many(requests, 'request')}</b> in the {days} days before
        {beforeAttack ? ' the attack' : ''}
        {successes === 0 ? (
          requests === 0 ? (
            '.'
          ) : (
            ', none of them a successful login.'
          )
        ) : (
          <>
            , <b>{many(successes, 'successful login')}</b> by {many(users, 'user')} among them.
          </>
        )}
        {measured < of ? ` Measured on the first ${count(measured)} of ${count(of)}.` : ''}
      </Note>
      {requests === 0 ? null : (
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
