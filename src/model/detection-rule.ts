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
 * What the anomaly method compares. A window stands out when the count of `query` exceeds each of
 * - `floor`;
 * - what its own course explains: `median + tolerance × max(1.4826 × MAD, √median)` of the earlier buckets, or
 *   `learningFloor` while fewer than `minBuckets` of them had records;
 * - what ordinary use explains: the count of `successes` in the window × the ordinary share of failures to successes
 *   (its median over the earlier buckets, at least `usualOdds`) × 2.
 * Cases then see `anomalous` (bool) and `expected` (int, the highest of these limits) beside the query names.
 */
export interface AnomalyOptions {
  readonly query: string
  /** The query that ordinary use also raises, if there is one. */
  readonly successes?: string
  readonly bucketSeconds: number
  /** How many buckets back the course reaches; those of an open signal teach nothing. */
  readonly learnBuckets: number
  readonly minBuckets: number
  readonly tolerance: number
  readonly floor: number
  readonly learningFloor: number
  readonly usualOdds?: number
}
