import type { Severity } from '../../../model/detection-rule.ts'

/** Somebody who can be told, without secrets. */
export interface Recipient {
  readonly id: string
  readonly name: string
  readonly kind: 'webhook' | 'slack' | 'teams' | 'pagerduty' | 'email'
  readonly url?: string
  readonly to?: readonly string[]
}

/** Which signals are told to whom; an empty list: any. */
export interface NotificationRule {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly severities: readonly Severity[]
  readonly tags: readonly string[]
  readonly services: readonly string[]
  readonly recipients: readonly string[]
}
