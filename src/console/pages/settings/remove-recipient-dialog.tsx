import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { Raw } from '../../design/raw.tsx'
import { toast } from '../../design/toast.tsx'
import type { NotificationRule, Recipient } from './settings-shapes.ts'

/** Removes a recipient that no rule names any more. */
export function RemoveRecipientDialog(props: {
  readonly recipient: Recipient
  readonly rules: readonly NotificationRule[]
  readonly onClose: () => void
}): JSX.Element {
  const { recipient, rules, onClose } = props
  const naming = rules.filter(({ recipients }) => recipients.includes(recipient.id))
  const run = async (): Promise<void> => {
    await call('DELETE', `/api/notifications/recipients/${encodeURIComponent(recipient.id)}`)
    await refresh('notifications')
    toast(`${recipient.name} was removed.`, async () => {
      await call('POST', `/api/notifications/recipients/${encodeURIComponent(recipient.id)}/undo`)
      await refresh('notifications')
    })
  }
  return (
    <Dialog
      title="Remove a recipient"
      onClose={onClose}
      action={{ says: 'Remove', look: 'danger', disabled: naming.length > 0, run }}
    >
      <p>
        <Raw text={recipient.name} /> is told of nothing any more. Its address and its secrets are deleted, which can be
        undone for ten minutes only.
      </p>
      {naming.length === 0 ? null : (
        <Note kind="warn">
          Rules tell it of signals. Take it out of them first: <Raw text={naming.map(({ name }) => name).join(', ')} />
        </Note>
      )}
    </Dialog>
  )
}
