import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useBlastRadius, type BlastRadius } from '../../actions/blast-radius.ts'
import { EndField, secondsOf, standardEnd } from '../../actions/ends.tsx'
import { needsTyping, Radius, TypedConfirmation } from '../../actions/radius.tsx'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { Raw } from '../../design/raw.tsx'
import { toast } from '../../design/toast.tsx'
import { View } from '../../design/view.tsx'
import { count, many } from '../../text/figures.ts'

type Selection = 'ips' | 'compromisedUsers'
/** Left-out addresses that are named. */
const maxNamed = 50
const touched = ['signals', 'denylist', 'mitigations', 'entity', 'overview']

/** Answers a signal as a whole: its addresses, or the accounts it took over, for a time. */
export function RespondDialog(props: {
  readonly signal: Signal
  readonly selection: Selection
  readonly onClose: () => void
}): JSX.Element {
  const { signal, selection, onClose } = props
  const [end, setEnd] = useState(standardEnd)
  const [isContinuous, setContinuous] = useState(false)
  const [typed, setTyped] = useState('')
  const url = `/api/signals/${encodeURIComponent(signal.id)}`
  const radius = useBlastRadius([{ signalId: signal.id, selection }])
  const isTyped = needsTyping(radius.data)
  const total = radius.data?.selected
  const run = async (): Promise<void> => {
    const { total: made, items } = await call<{ total: number; items: readonly { readonly id: string }[] }>(
      'POST',
      `${url}/respond`,
      { selection, forSeconds: secondsOf(end), continuous: isContinuous },
    )
    await refresh(...touched)
    const undo = async (): Promise<void> => {
      if (isContinuous) await call('DELETE', `${url}/respond`)
      for (const { id } of items) await call('DELETE', `/api/responses/${encodeURIComponent(id)}`)
      await refresh(...touched)
    }
    const said = made === 0 ? 'All of them were blocked already' : `${count(made)} blocked`
    // More than the reply names are taken back on the page of mitigations.
    toast(`${said}${isContinuous ? ', and later ones will be' : ''}.`, made > items.length ? undefined : undo)
  }
  return (
    <Dialog
      title={
        selection === 'ips'
          ? `Block ${total === undefined ? 'attacking addresses' : many(total, 'attacking address', 'attacking addresses')}`
          : `Lock out ${many(total ?? signal.compromisedUsers, 'compromised account')}`
      }
      onClose={onClose}
      action={{
        says: selection === 'ips' ? 'Block' : 'Lock out',
        look: 'danger',
        disabled: radius.isLoading || total === 0 || (isTyped && typed !== 'block'),
        run,
      }}
    >
      <View data={radius}>
        {(found) => (
          <>
            <Radius radius={found} of={found.selected} besideAttack />
            {found.leftOut.total === 0 ? null : <LeftOut of={found.leftOut} />}
          </>
        )}
      </View>
      {selection === 'ips' ? null : (
        <Note kind="warn">
          Whoever holds these accounts is stopped, the people they belong to as well. Reset their passwords and end
          their sessions in your app, then let them in again.
        </Note>
      )}
      <EndField end={end} onChange={setEnd} />
      {signal.state === 'open' || signal.state === 'under_review' ? (
        <label class="row">
          <input
            type="checkbox"
            checked={isContinuous}
            onChange={(event) => setContinuous(event.currentTarget.checked)}
          />
          Those that come later, too, while the signal is open
        </label>
      ) : null}
      {isTyped ? <TypedConfirmation word="block" value={typed} onInput={setTyped} /> : null}
    </Dialog>
  )
}

/** Whom the answer spares, and why; the first by name. */
function LeftOut({ of: { total, items } }: { readonly of: BlastRadius['leftOut'] }): JSX.Element {
  return (
    <details>
      <summary>{many(total, 'address', 'addresses')} of ordinary people left out</summary>
      <ul>
        {items.slice(0, maxNamed).map(({ value, why }) => (
          <li key={value}>
            <Raw text={value} />: {why}
          </li>
        ))}
      </ul>
      {total > maxNamed ? <p class="muted">And {count(total - maxNamed)} more.</p> : null}
    </details>
  )
}
