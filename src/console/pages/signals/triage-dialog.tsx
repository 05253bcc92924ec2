import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { stateWord } from '../../design/badges.tsx'
import { Segments } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { many } from '../../text/figures.ts'
import { suppress, Suppression } from './suppression.tsx'

const states = [
  { value: 'open', says: 'Open' },
  { value: 'under_review', says: 'Under review' },
  { value: 'archived', says: 'Archived' },
] as const
type State = (typeof states)[number]['value']

const falsePositive = 'False positive'
const reasons = ['Handled', falsePositive, 'Test or audit of ours', 'Known and accepted', 'Something else'] as const

/** Moves signals to a state, with a reason where they are archived; undo puts each back where it was. */
export function TriageDialog(props: {
  readonly signals: readonly Signal[]
  readonly onClose: () => void
}): JSX.Element {
  const { signals, onClose } = props
  const first = signals.length === 1 ? signals[0]?.state : undefined
  const [state, setState] = useState<State>(
    first === 'open' ? 'under_review' : first === 'under_review' ? 'archived' : 'open',
  )
  const [reason, setReason] = useState<string>(reasons[0])
  const [exception, setException] = useState<string>()
  const falseOne = state === 'archived' && reason === falsePositive && signals.length === 1 ? signals[0] : undefined
  const run = async (): Promise<void> => {
    for (const { id } of signals) await patch(id, state, state === 'archived' ? reason : undefined)
    const speakAgain =
      falseOne === undefined || exception === undefined ? undefined : await suppress(falseOne.rule.id, exception)
    await refresh('signals', 'overview')
    toast(`${many(signals.length, 'signal')}: ${stateWord(state).toLowerCase()}.`, async () => {
      await speakAgain?.()
      for (const { id, state: before, archiveReason } of signals) {
        await patch(id, before === 'closed' ? 'open' : before, archiveReason ?? undefined)
      }
      await refresh('signals', 'overview')
    })
  }
  return (
    <Dialog title={`Triage ${many(signals.length, 'signal')}`} onClose={onClose} action={{ says: 'Set', run }}>
      <div class="field">
        <span class="label">State</span>
        <div>
          <Segments label="State" options={states} value={state} onChange={setState} />
        </div>
      </div>
      {state === 'archived' ? (
        <div class="field">
          <label for="archive-reason">Reason</label>
          <select
            id="archive-reason"
            class="input"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          >
            {reasons.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
          <span class="hint">An archived signal opens again by itself only if it gets worse within 30 days.</span>
        </div>
      ) : null}
      {falseOne === undefined ? null : <Suppression signal={falseOne} chosen={exception} onChoose={setException} />}
    </Dialog>
  )
}

function patch(id: string, state: State, reason: string | undefined): Promise<Signal> {
  return call('PATCH', `/api/signals/${encodeURIComponent(id)}`, { state, ...(reason === undefined ? {} : { reason }) })
}
