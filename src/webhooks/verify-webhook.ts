import { createHmac, timingSafeEqual } from 'node:crypto'
import { fail } from '../model/error.ts'
import { signalEventTypes, type SignalEvent } from '../model/notification.ts'

export interface VerifyWebhookOptions {
  /** The body as it arrived, before anything parsed it. */
  readonly body: string | Uint8Array
  /** The header `X-Portcullis-Signature`. */
  readonly header: string | readonly string[] | undefined
  /** The secret of the recipient; during a rotation the new and the old one. */
  readonly secrets: readonly string[]
  /** How old a signature may be, and how far ahead; 300 when absent. */
  readonly toleranceSeconds?: number
  /** For tests; the time now when absent. */
  readonly now?: Date
}

const standardToleranceSeconds = 300
/** More signatures than any rotation has are somebody's attempt to make us compute. */
const maxSignatures = 10

/**
 * Checks the signature of a webhook of the collector and returns its event. A delivery may come twice: remember `event.id`.
 * Throws WEBHOOK_INVALID when the signature is missing, wrong or too old, or the body is no event.
 */
export function verifyWebhook(options: VerifyWebhookOptions): SignalEvent {
  const { body, header, secrets, toleranceSeconds = standardToleranceSeconds, now = new Date() } = options
  if (secrets.length === 0 || secrets.some((secret) => typeof secret !== 'string' || secret === '')) {
    throw fail('WEBHOOK_INVALID', 'secrets has none, or an empty one')
  }
  const { t, signatures } = readHeader(header)
  const text = typeof body === 'string' ? body : Buffer.from(body).toString()
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(`${t}.`).update(body).digest())
  const isSigned = signatures.map((signature) => expected.some((own) => timingSafeEqual(own, signature)))
  if (!isSigned.includes(true)) throw fail('WEBHOOK_INVALID', 'the signature is of another secret or another body')
  if (Math.abs(now.getTime() / 1000 - Number(t)) > toleranceSeconds) {
    throw fail('WEBHOOK_INVALID', `it was signed more than ${toleranceSeconds} seconds from now`)
  }
  return readEvent(text)
}

function readHeader(header: VerifyWebhookOptions['header']): { t: string; signatures: readonly Buffer[] } {
  if (typeof header !== 'string') throw fail('WEBHOOK_INVALID', 'the header X-Portcullis-Signature is missing')
  const parts = header.split(',', maxSignatures + 1).map((part) => part.trim())
  const t = parts.find((part) => /^t=\d{1,12}$/.test(part))?.slice(2)
  const signatures = parts
    .filter((part) => /^v1=[0-9a-f]{64}$/.test(part))
    .map((part) => Buffer.from(part.slice(3), 'hex'))
  if (t === undefined || signatures.length === 0) {
    throw fail('WEBHOOK_INVALID', 'the header X-Portcullis-Signature is not t=<seconds>,v1=<signature>')
  }
  return { t, signatures }
}

function readEvent(text: string): SignalEvent {
  let event: Partial<SignalEvent> | null
  try {
    event = JSON.parse(text) as Partial<SignalEvent> | null
  } catch {
    event = null
  }
  const isEvent =
    typeof event?.id === 'string' &&
    signalEventTypes.some((type) => type === event.type) &&
    typeof event.signal === 'object' &&
    Array.isArray(event.targetedUsers) &&
    Array.isArray(event.compromisedUsers)
  if (!isEvent)
    throw fail('WEBHOOK_INVALID', 'the body is no event; a recipient with its own payload sends what it says')
  return event as SignalEvent
}
