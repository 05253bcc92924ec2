import { fail } from '../../model/error.ts'
import type { Outbound } from '../outbound.ts'
import { array, instantOrNull, object, oneOf, text, textOrNull } from './schema.ts'
import type { Recipient, RecipientKind, SigningSecret, WebhookAuth } from '../state/notification-records.ts'

/** As kept, but for a scope that may be left out. */
type AuthBody =
  | Extract<WebhookAuth, { kind: 'basic' }>
  | (Omit<Extract<WebhookAuth, { kind: 'oauth2' }>, 'scope'> & { readonly scope?: string | null })

/** A recipient as clients send it. On a change, secrets that are left out stay as they are; the kind cannot change. */
export interface RecipientBody {
  readonly name: string
  readonly kind: RecipientKind
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string | null
  readonly encoding?: 'json' | 'form'
  readonly auth?: AuthBody | null
  readonly secret?: string
  readonly routingKey?: string
  readonly to?: readonly string[]
}

/** JSON schema of `RecipientBody`. */
export const recipientBody = {
  type: 'object',
  required: ['name', 'kind'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 200 },
    kind: { enum: ['webhook', 'slack', 'teams', 'pagerduty', 'email'] },
    url: { type: 'string', minLength: 1, maxLength: 2_000 },
    headers: {
      type: 'object',
      maxProperties: 20,
      propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$" },
      additionalProperties: { type: 'string', maxLength: 2_000, pattern: '^[\\t\\x20-\\x7e]*$' },
    },
    payload: { type: ['string', 'null'], maxLength: 20_000 },
    encoding: { enum: ['json', 'form'] },
    auth: {
      anyOf: [
        { type: 'null' },
        {
          type: 'object',
          required: ['kind', 'username', 'password'],
          additionalProperties: false,
          properties: {
            kind: { const: 'basic' },
            username: { type: 'string', maxLength: 200, pattern: '^[^:\\x00-\\x1f]*$' },
            password: { type: 'string', maxLength: 500 },
          },
        },
        {
          type: 'object',
          required: ['kind', 'tokenUrl', 'clientId', 'clientSecret'],
          additionalProperties: false,
          properties: {
            kind: { const: 'oauth2' },
            tokenUrl: { type: 'string', minLength: 1, maxLength: 2_000 },
            clientId: { type: 'string', minLength: 1, maxLength: 500 },
            clientSecret: { type: 'string', minLength: 1, maxLength: 2_000 },
            scope: { type: ['string', 'null'], maxLength: 1_000 },
          },
        },
      ],
    },
    secret: { type: 'string', minLength: 16, maxLength: 200 },
    routingKey: { type: 'string', minLength: 1, maxLength: 200 },
    to: { type: 'array', minItems: 1, maxItems: 50, items: { type: 'string', pattern: '^[^\\s<>,;@]+@[^\\s<>,;@]+$' } },
  },
} as const

/** JSON schema of what is shown of a recipient; `secret` stands in the reply to a new webhook only. */
export const shownRecipientSchema = object(
  {
    id: text,
    name: text,
    kind: oneOf('webhook', 'slack', 'teams', 'pagerduty', 'email'),
    url: { ...text, description: 'only the host of the address' },
    headers: { ...array(text), description: 'only the names' },
    payload: textOrNull,
    encoding: oneOf('json', 'form'),
    auth: { ...oneOf('basic', 'oauth2', null), description: 'only its kind' },
    secrets: array(object({ endsAt: instantOrNull })),
    secret: text,
    to: array(text),
  },
  ['url', 'headers', 'payload', 'encoding', 'auth', 'secrets', 'secret', 'to'],
)

const pagerdutyUrl = 'https://events.pagerduty.com/v2/enqueue'
/** How long a secret that was replaced still signs, beside the new one. */
const rotationMs = 86_400_000
/** Headers that are ours to set. */
const ownHeaders = /^(content-type|content-length|host|connection|transfer-encoding|idempotency-key|x-portcullis-.*)$/i

export interface RecipientChecks {
  readonly outbound: Pick<Outbound, 'check'>
  readonly notifier: { checkPayload(payload: string): void }
  readonly nowMs: number
}

/** The recipient that a body describes. Throws REQUEST_INVALID or OUTBOUND_REFUSED. */
export function toRecipient(
  id: string,
  body: RecipientBody,
  before: Recipient | null,
  { outbound, notifier, nowMs }: RecipientChecks,
): Recipient {
  const { kind, name } = body
  if (before !== null && before.kind !== kind)
    throw fail('REQUEST_INVALID', 'kind', `it is ${before.kind}; add another`)
  if (kind === 'email') {
    const to = body.to ?? (before?.kind === 'email' ? before.to : undefined)
    return { id, name, kind, to: given(to, 'to') }
  }
  const known = before !== null && before.kind !== 'email' ? before.url : undefined
  const url = given(body.url ?? known ?? (kind === 'pagerduty' ? pagerdutyUrl : undefined), 'url')
  outbound.check(url)
  if (kind === 'slack' || kind === 'teams') return { id, name, kind, url }
  if (kind === 'pagerduty') {
    const routingKey = body.routingKey ?? (before?.kind === 'pagerduty' ? before.routingKey : undefined)
    return { id, name, kind, url, routingKey: given(routingKey, 'routingKey') }
  }
  const was = before?.kind === 'webhook' ? before : undefined
  const payload = body.payload === undefined ? (was?.payload ?? null) : body.payload
  if (payload !== null) notifier.checkPayload(payload)
  const headers = body.headers ?? was?.headers ?? {}
  for (const header of Object.keys(headers)) {
    if (ownHeaders.test(header))
      throw fail('REQUEST_INVALID', `headers.${header}`, 'this header is set by the collector')
  }
  const encoding = body.encoding ?? was?.encoding ?? 'json'
  const auth = body.auth === undefined ? (was?.auth ?? null) : toAuth(body.auth)
  if (auth?.kind === 'oauth2') outbound.check(auth.tokenUrl)
  if (encoding === 'form' && payload !== null && !payload.trimStart().startsWith('{')) {
    throw fail('REQUEST_INVALID', 'payload', 'a form is made of a JSON object')
  }
  const secrets = rotated(was?.secrets ?? [], body.secret, nowMs)
  return { id, name, kind, url, headers, payload, encoding, auth, secrets }
}

/** A recipient without what it takes to speak in our name: of its address only the host, of its headers the names. */
export function shownRecipient(recipient: Recipient): Record<string, unknown> {
  const { id, name, kind } = recipient
  if (recipient.kind === 'email') return { id, name, kind, to: recipient.to }
  const shown = { id, name, kind, url: `${new URL(recipient.url).origin}/…` }
  if (recipient.kind !== 'webhook') return shown
  const { headers, payload, encoding = 'json', auth = null, secrets } = recipient
  const rest = { payload, encoding, auth: auth?.kind ?? null }
  return { ...shown, headers: Object.keys(headers), ...rest, secrets: secrets.map(({ endsAt }) => ({ endsAt })) }
}

function toAuth(auth: AuthBody | null): WebhookAuth | null {
  return auth?.kind === 'oauth2' ? { ...auth, scope: auth.scope ?? null } : auth
}

function rotated(secrets: readonly SigningSecret[], next: string | undefined, nowMs: number): readonly SigningSecret[] {
  const inForce = secrets.filter(({ endsAt }) => endsAt === null || Date.parse(endsAt) > nowMs)
  if (next === undefined || inForce[0]?.value === next) return inForce
  const endsAt = new Date(nowMs + rotationMs).toISOString()
  return [{ value: next, endsAt: null }, ...inForce.slice(0, 1).map(({ value }) => ({ value, endsAt }))]
}

function given<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw fail('REQUEST_INVALID', path, 'is missing')
  return value
}
