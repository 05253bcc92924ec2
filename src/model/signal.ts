import type { Cluster } from './cluster.ts'
import type { DetectionRule, Severity } from './detection-rule.ts'

export type SignalState = 'open' | 'under_review' | 'archived' | 'closed'
export type SignalResponseKind =
  | 'block_ip'
  | 'block_user'
  | 'block_login'
  | 'block_user_agent'
  | 'block_fingerprint'
  | 'waf_rule'
  | 'flag_ip'
  | 'notify'

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

/** Why a signal is archived that was no attack. */
export const falsePositiveReason = 'false positive'

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
  /** What its attackers have in common; absent until it was looked for. */
  readonly clusters?: readonly Cluster[]
  readonly responses: readonly SignalResponse[]
}

/** What happened to a signal. */
export type TimelineKind =
  | 'opened'
  | 'case_changed'
  | 'compromised'
  | 'cluster_found'
  | 'response_taken'
  | 'response_refused'
  | 'response_undone'
  | 'triaged'
  | 'reopened'
  | 'closed'

/** One line of a signal's timeline. `at` is ISO 8601 UTC, the collector's wall clock. */
export interface TimelineEntry {
  readonly signalId: string
  readonly at: string
  /** `portcullis` for what detection did, `automation` for its responses, else the name of the user or token. */
  readonly by: string
  readonly kind: TimelineKind
  /** A sentence for people. Attacker-supplied text may be inside. */
  readonly text: string
}

/** What one tick of detection did to a signal, with the rule as it then was: what the response is decided on. */
export interface SignalUpdate {
  readonly what: 'opened' | 'escalated' | 'reopened' | 'continued' | 'closed'
  /** The signal after the change. */
  readonly signal: Omit<Signal, 'responses'>
  readonly rule: DetectionRule
  /** Whether every event counted came with an ingest key or over loopback. */
  readonly trusted: boolean
}
