import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { toast } from '../../design/toast.tsx'
import type { Recipient } from './notification-shapes.ts'

const kinds: readonly (readonly [Recipient['kind'], string])[] = [
  ['webhook', 'Webhook'],
  ['slack', 'Slack'],
  ['teams', 'Microsoft Teams'],
  ['pagerduty', 'PagerDuty'],
  ['email', 'E-mail'],
]

/** Adds somebody to tell. The signing secret of a webhook is shown once. */
export function RecipientDialog(props: {
  readonly onClose: () => void
  readonly onSecret: (secret: string) => void
}): JSX.Element {
  const { onClose, onSecret } = props
  const [kind, setKind] = useState<Recipient['kind']>('webhook')
  const [name, setName] = useState('')
  const [where, setWhere] = useState('')
  const run = async (): Promise<void> => {
    const own =
      kind === 'email'
        ? { to: where.split(',').map((one) => one.trim()) }
        : kind === 'pagerduty'
          ? { routingKey: where.trim() }
          : { url: where.trim() }
    const made = await call<{ secret?: string }>('POST', '/api/notifications/recipients', {
      kind,
      name: name.trim(),
      ...own,
    })
    await refresh('notifications')
    toast(`${name.trim()} can be told. Send a test.`)
    if (made.secret !== undefined) onSecret(made.secret)
  }
  const wheres = { email: 'Addresses, separated by commas', pagerduty: 'Routing key', other: 'URL' } as const
  const label = wheres[kind === 'email' || kind === 'pagerduty' ? kind : 'other']
  return (
    <Dialog
      title="A new recipient"
      onClose={onClose}
      action={{ says: 'Add', disabled: name.trim() === '' || where.trim() === '', run }}
    >
      <div class="field">
        <label for="recipient-kind">Kind</label>
        <select
          id="recipient-kind"
          class="input"
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as Recipient['kind'])}
        >
          {kinds.map(([value, says]) => (
            <option key={value} value={value}>
              {says}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="recipient-name">Name</label>
        <input id="recipient-name" class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <div class="field">
        <label for="recipient-where">{label}</label>
        <input
          id="recipient-where"
          class="input"
          autocomplete="off"
          value={where}
          onInput={(event) => setWhere(event.currentTarget.value)}
        />
      </div>
      <Note>Addresses of your own network are refused unless the collector is told which ones it may call.</Note>
    </Dialog>
  )
}
