export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'
/** Severities from least to most; the index is the number used in messages (0–4). */
export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

/** One counted query of a rule. `of` names the facet whose distinct values are counted. */
export type RuleQuery =
  | { readonly filter: string; readonly aggregate: 'count' }
  | { readonly filter: string; readonly aggregate: 'cardinality'; readonly of: string }

/** What a case asks for when automation is on; `forSeconds` has no meaning for `flag` and `notify`. */
export type RuleResponse =
  | {
      readonly block: 'ip' | 'user' | 'login' | 'user_agent' | 'fingerprint' | 'cluster'
      readonly forSeconds: number
    }
  | { readonly flag: 'ip' }
  | { readonly notify: string }

export interface RuleCase {
  readonly name: string
  readonly severity: Severity
  /** A CEL expression over the query names; the first case that holds wins. */
  readonly when: string
  readonly respond?: readonly RuleResponse[]
}

/** A detection rule, as the JSON files, the API and the console have it (spec/detection.md 1.2). */
export interface DetectionRule {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly version?: number
  readonly tags: readonly string[]
  readonly queries: Readonly<Record<string, RuleQuery>>
  /** Reserved fields (`env`, `service`) or `@facets`. */
  readonly groupBy: readonly string[]
  readonly windowSeconds: number
  readonly keepAliveSeconds: number
  readonly maxSignalSeconds: number
  readonly evaluateEveryMs?: number
  readonly method: 'threshold' | 'anomaly'
  /** For `anomaly`: what is compared with its own recent course. */
  readonly anomaly?: AnomalyOptions
  readonly cases: readonly RuleCase[]
  /** Queries; traffic that matches one is not counted. */
  readonly suppress?: readonly string[]
  readonly message: string
}

/**
 * The count of `query` in one window stands out when it exceeds
 * `median + tolerance × max(MAD × 1.4826, √median)` of the earlier windows, and `floor`.
 */
export interface AnomalyOptions {
  readonly query: string
  readonly bucketSeconds: number
  readonly learnBuckets: number
  readonly minBuckets: number
  readonly tolerance: number
  readonly floor: number
}
