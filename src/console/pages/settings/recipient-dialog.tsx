import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { Choice, Field, linesOf } from './field.tsx'
import type { ShownOnce } from './once-dialog.tsx'
import { recipientKinds, recipientKindWords, type Recipient, type RecipientKind } from './settings-shapes.ts'
import { readHeaders, WebhookFields, webhookStart, type WebhookDraft } from './webhook-fields.tsx'

const root = '/api/notifications/recipients'

const urlHints: Readonly<Partial<Record<RecipientKind, string>>> = {
  slack: 'The incoming webhook of a Slack app.',
  teams: 'The URL of a workflow that takes webhook requests.',
}

/** A new recipient, or a change of one: secrets that are left empty stay as they are. */
export function RecipientDialog(props: {
  readonly recipient: Recipient | undefined
  /** Takes the signing secret of a new webhook. */
  readonly onSecret: (shown: ShownOnce) => void
  readonly onClose: () => void
}): JSX.Element {
  const { recipient, onSecret, onClose } = props
  const [kind, setKind] = useState<RecipientKind>(recipient?.kind ?? 'webhook')
  const [name, setName] = useState(recipient?.name ?? '')
  const [url, setUrl] = useState('')
  const [routingKey, setRoutingKey] = useState('')
  const [to, setTo] = useState((recipient?.to ?? []).join('\n'))
  const [webhook, setWebhook] = useState<WebhookDraft>(webhookStart(recipient))
  const isNew = recipient === undefined
  const stays = isNew ? undefined : 'as it is'

  const run = async (): Promise<void> => {
    const body = {
      name: name.trim(),
      kind,
      ...(kind === 'email' || url.trim() === '' ? {} : { url: url.trim() }),
      ...(kind === 'email' ? { to: linesOf(to) } : {}),
      ...(kind === 'pagerduty' && routingKey.trim() !== '' ? { routingKey: routingKey.trim() } : {}),
      ...(kind === 'webhook' ? webhookBody(webhook) : {}),
    }
    const saved = await (isNew
      ? call<Recipient>('POST', root, body)
      : call<Recipient>('PUT', `${root}/${encodeURIComponent(recipient.id)}`, body))
    await refresh('notifications')
    toast(isNew ? `${saved.name} was added. Send it a test.` : `${saved.name} was changed.`)
    if (saved.secret !== undefined && webhook.secret === '') {
      onSecret({
        title: 'The signing secret',
        says: 'Check the signature of every webhook with it: verifyWebhook of portcullis/webhooks does.',
        secret: saved.secret,
      })
    }
  }
  const lacks =
    name.trim() === '' ||
    (kind === 'email'
      ? linesOf(to).length === 0
      : isNew && (kind === 'pagerduty' ? routingKey.trim() === '' : url.trim() === ''))
  return (
    <Dialog
      title={isNew ? 'Add a recipient' : `Change ${recipient.name}`}
      onClose={onClose}
      action={{ says: isNew ? 'Add' : 'Change', disabled: lacks, run }}
    >
      <Choice
        id="recipient-kind"
        label="Kind"
        options={recipientKinds.map((one) => [one, recipientKindWords[one]] as const)}
        value={kind}
        onChange={setKind}
        disabled={!isNew}
      />
      <Field id="recipient-name" label="Name" value={name} onInput={setName} placeholder="On call" />
      {kind === 'email' ? (
        <Field
          id="recipient-to"
          label="Addresses, one a line"
          rows={3}
          value={to}
          onInput={setTo}
          hint="The collector needs a mail server for this: see docs/notifications.md."
        />
      ) : kind === 'pagerduty' ? (
        <Field
          id="recipient-key"
          label="Integration key"
          type="password"
          value={routingKey}
          onInput={setRoutingKey}
          placeholder={stays}
          hint="Of an Events API v2 integration."
        />
      ) : (
        <Field
          id="recipient-url"
          label="URL"
          type="url"
          value={url}
          onInput={setUrl}
          placeholder={isNew ? 'https://' : `as it is: ${recipient.url ?? ''}`}
          hint={urlHints[kind]}
        />
      )}
      {kind === 'webhook' ? <WebhookFields before={recipient} draft={webhook} onChange={setWebhook} /> : null}
    </Dialog>
  )
}

function webhookBody({ headers, payload, encoding, auth, secret }: WebhookDraft): object {
  return {
    ...(headers.trim() === '' ? {} : { headers: readHeaders(headers) }),
    payload: payload.trim() === '' ? null : payload,
    encoding,
    ...(auth.kind === 'stays' ? {} : { auth: auth.kind === 'none' ? null : auth }),
    ...(secret === '' ? {} : { secret }),
  }
}
