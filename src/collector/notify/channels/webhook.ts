import { createHmac } from 'node:crypto'
import type { SignalEvent } from '../../../model/notification.ts'
import type { Recipient } from '../../state/notification-records.ts'
import { fillPayload } from '../payload.ts'
import type { Post } from './channel.ts'

type Webhook = Extract<Recipient, { kind: 'webhook' }>

/**
 * The event as JSON, or what the recipient's own payload makes of it, signed with every secret in force:
 * `X-Portcullis-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">[,v1=…]`.
 */
export function webhookPost(recipient: Webhook, event: SignalEvent, nowMs: number): Post {
  const body = recipient.payload === null ? JSON.stringify(event) : fillPayload(recipient.payload, event)
  const t = Math.floor(nowMs / 1000)
  const inForce = recipient.secrets.filter(({ endsAt }) => endsAt === null || Date.parse(endsAt) > nowMs)
  const signatures = inForce.map(
    ({ value }) => `v1=${createHmac('sha256', value).update(`${t}.${body}`).digest('hex')}`,
  )
  return {
    url: recipient.url,
    headers: {
      ...recipient.headers,
      'content-type': 'application/json',
      'user-agent': 'portcullis',
      'idempotency-key': event.id,
      'x-portcullis-signature': [`t=${t}`, ...signatures].join(','),
    },
    body,
  }
}
