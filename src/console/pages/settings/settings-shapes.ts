import type { Severity } from '../../../model/detection-rule.ts'
import type { Role } from '../../api/session.ts'

/** The shapes of the API's replies that only the settings read. */

/** Which signals are told to whom; an empty list: all. */
export interface NotificationRule {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly severities: readonly Severity[]
  readonly tags: readonly string[]
  readonly services: readonly string[]
  readonly recipients: readonly string[]
}

export const recipientKinds = ['webhook', 'slack', 'teams', 'pagerduty', 'email'] as const
export type RecipientKind = (typeof recipientKinds)[number]

export const recipientKindWords: Readonly<Record<RecipientKind, string>> = {
  webhook: 'Webhook',
  slack: 'Slack',
  teams: 'Teams',
  pagerduty: 'PagerDuty',
  email: 'E-mail',
}

/** A recipient without its secrets: of its address the host, of its headers the names, of its login the kind. */
export interface Recipient {
  readonly id: string
  readonly name: string
  readonly kind: RecipientKind
  readonly url?: string
  readonly headers?: readonly string[]
  readonly payload?: string | null
  readonly encoding?: 'json' | 'form'
  readonly auth?: 'basic' | 'oauth2' | null
  readonly to?: readonly string[]
  /** In the reply to a new webhook only. */
  readonly secret?: string
}

export interface Delivery {
  readonly id: string
  readonly recipientId: string
  readonly signalId: string
  readonly type: string
  readonly title: string
  readonly createdAt: string
  readonly state: 'waiting' | 'delivered' | 'failed' | 'dropped'
  readonly attempts: number
  readonly dueAt: string
  readonly settledAt: string | null
  readonly lastError: string | null
}

export interface ThreatIntelList {
  readonly name: string
  readonly source: 'upload' | 'url' | 'file'
  readonly url: string | null
  readonly refreshHours: number | null
  readonly enabled: boolean
  readonly size: number
  readonly updatedAt: string | null
  readonly triedAt: string | null
  readonly lastError: string | null
}

export interface User {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: string
  readonly disabledAt: string | null
  readonly lastSignInAt: string | null
}

export interface Session {
  readonly id: string
  readonly userId: string
  readonly createdAt: string
  readonly expiresAt: string
}

export interface Key {
  readonly id: string
  readonly name: string
  readonly role: Role | 'ingest'
  readonly services: readonly string[] | null
  readonly envs: readonly string[] | null
  readonly createdAt: string
  readonly revokedAt: string | null
}

export interface AuditEntry {
  readonly at: string
  readonly by: string
  readonly action: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
}
