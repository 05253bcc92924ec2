import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { EndField, secondsOf, standardEnd } from '../../actions/ends.tsx'
import type { ListName } from '../../actions/lists.ts'
import { call } from '../../api/call.ts'
import type { DenylistEntry } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { many } from '../../text/figures.ts'

/** Moves the ends of entries; undo gives each the end it had. */
export function ExtendDialog(props: {
  readonly list: ListName
  readonly entries: readonly DenylistEntry[]
  readonly onClose: () => void
}): JSX.Element {
  const { list, entries, onClose } = props
  const [end, setEnd] = useState(standardEnd)
  const set = async (wanted: (entry: DenylistEntry) => string | null): Promise<void> => {
    for (const entry of entries) {
      await call('PATCH', `/api/${list}/${encodeURIComponent(entry.id)}`, { expiresAt: wanted(entry) })
    }
    await refresh(list, 'mitigations', 'entity')
  }
  const run = async (): Promise<void> => {
    const seconds = secondsOf(end)
    await set(() => (seconds === null ? null : new Date(Date.now() + seconds * 1_000).toISOString()))
    toast(`The end of ${many(entries.length, 'entry', 'entries')} was moved.`, () => set(({ expiresAt }) => expiresAt))
  }
  return (
    <Dialog
      title={`Move the end of ${many(entries.length, 'entry', 'entries')}`}
      onClose={onClose}
      action={{ says: 'Move', disabled: entries.length === 0, run }}
    >
      <p class="muted">Counted from now.</p>
      <EndField end={end} onChange={setEnd} />
    </Dialog>
  )
}
