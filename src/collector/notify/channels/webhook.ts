import { createHmac } from 'node:crypto'
import type { SignalEvent } from '../../../model/notification.ts'
import type { Recipient, WebhookAuth } from '../../state/notification-records.ts'
import { fillPayload } from '../payload.ts'
import type { Post } from './channel.ts'

type Webhook = Extract<Recipient, { kind: 'webhook' }>

/**
 * The event as JSON, or what the recipient's own payload makes of it, signed with every secret in force:
 * `token` is the access token where the recipient wants one.
 * `X-Portcullis-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">[,v1=…]`.
 */
export function webhookPost(recipient: Webhook, event: SignalEvent, nowMs: number, token?: string): Post {
  const { payload, encoding = 'json', auth = null } = recipient
  const json = payload === null ? JSON.stringify(event) : fillPayload(payload, event)
  const body = encoding === 'form' ? formOf(json) : json
  const t = Math.floor(nowMs / 1000)
  const inForce = recipient.secrets.filter(({ endsAt }) => endsAt === null || Date.parse(endsAt) > nowMs)
  const signatures = inForce.map(
    ({ value }) => `v1=${createHmac('sha256', value).update(`${t}.${body}`).digest('hex')}`,
  )
  return {
    url: recipient.url,
    headers: {
      ...recipient.headers,
      ...authorization(auth, token),
      'content-type': encoding === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
      'user-agent': 'portcullis',
      'idempotency-key': event.id,
      'x-portcullis-signature': [`t=${t}`, ...signatures].join(','),
    },
    body,
  }
}

function authorization(auth: WebhookAuth | null, token: string | undefined): Readonly<Record<string, string>> {
  if (auth === null) return {}
  if (auth.kind === 'oauth2') return { authorization: `Bearer ${token ?? ''}` }
  const credentials = Buffer.from(`${auth.username}:${auth.password}`).toString('base64')
  return { authorization: `Basic ${credentials}` }
}

/** The members of a JSON object as a form; those that are no texts as JSON. */
function formOf(json: string): string {
  const members = Object.entries(JSON.parse(json) as Readonly<Record<string, unknown>>)
  const form = new URLSearchParams()
  for (const [name, value] of members) form.append(name, typeof value === 'string' ? value : JSON.stringify(value))
  return form.toString()
}
