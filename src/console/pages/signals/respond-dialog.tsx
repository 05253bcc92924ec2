import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useBlastRadius } from '../../actions/blast-radius.ts'
import { EndField, secondsOf, standardEnd } from '../../actions/ends.tsx'
import type { WantedEntry } from '../../actions/lists.ts'
import { needsTyping, Radius, TypedConfirmation } from '../../actions/radius.tsx'
import { call } from '../../api/call.ts'
import type { AttackingIp, CompromisedUser, Signal } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { usePages } from '../../api/use-pages.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { toast } from '../../design/toast.tsx'
import { View } from '../../design/view.tsx'
import { count, many } from '../../text/figures.ts'

type Selection = 'ips' | 'compromisedUsers'
const longestSeconds = 366 * 86_400
const touched = ['signals', 'denylist', 'mitigations', 'entity', 'overview']

/** Answers a signal as a whole: its addresses, or the accounts it took over, for a time. */
export function RespondDialog(props: {
  readonly signal: Signal
  readonly selection: Selection
  readonly onClose: () => void
}): JSX.Element {
  const { signal, selection, onClose } = props
  const [end, setEnd] = useState(standardEnd)
  const [typed, setTyped] = useState('')
  const url = `/api/signals/${encodeURIComponent(signal.id)}`
  const list = usePages<AttackingIp | CompromisedUser>({
    key: ['signals', 'people'],
    path: `${url}/${selection === 'ips' ? 'ips' : 'compromised-users'}`,
  })
  const entries = (list.data ?? []).map((row) => entryOf(row))
  const radius = useBlastRadius(selection === 'ips' ? entries : [], Date.parse(signal.firstSeen))
  const isTyped = selection === 'ips' && needsTyping(radius.data)
  const total = selection === 'ips' ? signal.attackingIps : signal.compromisedUsers
  const run = async (): Promise<void> => {
    const { items } = await call<{ items: readonly { readonly id: string }[] }>('POST', `${url}/respond`, {
      selection,
      forSeconds: secondsOf(end) ?? longestSeconds,
    })
    await refresh(...touched)
    toast(items.length === 0 ? 'All of them were blocked already.' : `${count(items.length)} blocked.`, async () => {
      for (const { id } of items) await call('DELETE', `/api/responses/${encodeURIComponent(id)}`)
      await refresh(...touched)
    })
  }
  return (
    <Dialog
      title={
        selection === 'ips'
          ? `Block ${many(total, 'attacking address', 'attacking addresses')}`
          : `Lock out ${many(total, 'compromised account')}`
      }
      onClose={onClose}
      action={{
        says: selection === 'ips' ? 'Block' : 'Lock out',
        look: 'danger',
        disabled: isTyped && typed !== 'block',
        run,
      }}
    >
      {selection === 'ips' ? (
        <View data={radius}>{(found) => <Radius radius={found} of={total} beforeAttack />}</View>
      ) : (
        <Note kind="warn">
          Whoever holds these accounts is stopped, the people they belong to as well. Reset their passwords and end
          their sessions in your app, then let them in again.
        </Note>
      )}
      <EndField end={end} onChange={setEnd} />
      {isTyped ? <TypedConfirmation word="block" value={typed} onInput={setTyped} /> : null}
    </Dialog>
  )
}

function entryOf(row: AttackingIp | CompromisedUser): WantedEntry {
  if (!('usrLogin' in row)) return { kind: 'ip', value: row.ip }
  return row.usrId === null ? { kind: 'login', value: row.usrLogin } : { kind: 'user', value: row.usrId }
}
