import type { Severity } from '../../model/detection-rule.ts'
import type { SignalEvent, SignalEventType } from '../../model/notification.ts'

/** Documents of the notifications. Times are ISO 8601 UTC. */

/** Which signals are said to whom. An empty list: all. */
export interface NotificationRule {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly severities: readonly Severity[]
  /** Tags of which the signal has every one. */
  readonly tags: readonly string[]
  readonly services: readonly string[]
  /** Ids of recipients. */
  readonly recipients: readonly string[]
}

/** A secret that signs webhooks; one that was replaced signs beside its successor until `endsAt`. */
export interface SigningSecret {
  readonly value: string
  readonly endsAt: string | null
}

/** How a webhook proves who calls, beside the signature. */
export type WebhookAuth =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'oauth2'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string | null
    }

/** Who is told, with what it takes to tell them. URLs, headers, keys and secrets are never shown or logged. */
export type Recipient = { readonly id: string; readonly name: string } & (
  | {
      readonly kind: 'webhook'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      /** A JSON text with `$VARIABLES`; null: the event itself. */
      readonly payload: string | null
      /** `form`: the members of the payload as a form; json when absent. */
      readonly encoding?: 'json' | 'form'
      readonly auth?: WebhookAuth | null
      readonly secrets: readonly SigningSecret[]
    }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'teams'; readonly url: string }
  | { readonly kind: 'pagerduty'; readonly url: string; readonly routingKey: string }
  | { readonly kind: 'email'; readonly to: readonly string[] }
)
export type RecipientKind = Recipient['kind']

/** One event for one recipient: waits until it arrived, then stays as a line of the delivery log. */
export interface DeliveryRecord {
  readonly id: string
  readonly recipientId: string
  readonly signalId: string
  readonly type: SignalEventType
  readonly title: string
  readonly createdAt: string
  /** `failed`: given up; `dropped`: too many were waiting. */
  readonly state: 'waiting' | 'delivered' | 'failed' | 'dropped'
  readonly attempts: number
  /** When the next attempt is due, while it waits. */
  readonly dueAt: string
  readonly settledAt: string | null
  readonly lastError: string | null
  /** What is sent; null once settled, so that the log holds no names. */
  readonly event: SignalEvent | null
}

/** How far a signal has been told: what differs from it is news. The id is the signal's. */
export interface NotifiedMark {
  readonly id: string
  readonly case: string
  readonly severity: Severity
  readonly compromised: boolean
  readonly closed: boolean
}

/** Ids that one recipient has been told for one detection rule. */
export interface NotifiedIds {
  readonly id: string
  /** `<detection rule>/<recipient>/<attribute>`. */
  readonly target: string
  readonly at: string
  readonly values: readonly string[]
}
