import type { Severity } from './detection-rule.ts'

export type SignalState = 'open' | 'under_review' | 'archived' | 'closed'
export type SignalResponseKind = 'block_ip' | 'block_user' | 'block_login' | 'block_user_agent' | 'waf_rule'

/** A response taken for a signal, with its end and, once taken back, when. Times are ISO 8601 UTC. */
export interface SignalResponse {
  readonly id: string
  readonly kind: SignalResponseKind
  readonly value: string
  readonly by: string
  readonly at: string
  readonly until: string | null
  readonly undoneAt: string | null
}

/** A detected campaign: one for a rule and a group while it lasts (spec/detection.md 1.4). Times are ISO 8601 UTC. */
export interface Signal {
  readonly id: string
  readonly rule: { readonly id: string; readonly name: string; readonly version: number }
  readonly case: string
  readonly severity: Severity
  readonly title: string
  readonly state: SignalState
  readonly archiveReason: string | null
  readonly group: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  /** The first event of the window that crossed. */
  readonly firstSeen: string
  /** Event time of the crossing. */
  readonly openedAt: string
  /** Wall clock of the collector when the signal was written. */
  readonly createdAt: string
  readonly lastSeen: string
  readonly closedAt: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly compromisedUsers: number
  readonly targetedUsers: number
  readonly attackingIps: number
  readonly threatIntelShare: number
  /** An explorer query that shows the traces of the signal. */
  readonly query: string
  readonly responses: readonly SignalResponse[]
}
