import type { NewIdAttribute } from './notification.ts'

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'
/** Severities from least to most; the index is the number used in messages (0–4). */
export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

/** One counted query of a rule. `of` names the facet whose distinct values are counted. */
export type RuleQuery =
  | { readonly filter: string; readonly aggregate: 'count' }
  | { readonly filter: string; readonly aggregate: 'cardinality'; readonly of: string }

/**
 * What a case asks for: blocks and flags when automation is on; `notify`, a recipient by id or name, is told always, as
 * stopping nobody.
 */
export type RuleResponse =
  | {
      readonly block: 'ip' | 'user' | 'login' | 'user_agent' | 'fingerprint' | 'cluster'
      readonly forSeconds: number
    }
  | { readonly flag: 'ip' }
  | { readonly notify: string }

/** Whom to tell, by the recipient's id or name; with `forEachNew`, of each new value, never the same twice, and of nothing else. */
export interface RuleNotify {
  readonly recipient: string
  readonly forEachNew?: NewIdAttribute
}

export interface RuleCase {
  readonly name: string
  readonly severity: Severity
  /** A CEL expression over the query names; the first case that holds wins. */
  readonly when: string
  readonly respond?: readonly RuleResponse[]
  /** Whom to tell of a signal while it is in this case. */
  readonly notify?: readonly RuleNotify[]
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
  /**
   * Windows of up to two hours end at every second. Longer ones, of up to 30 days, and those of rules that are evaluated
   * once a minute or less often (`evaluateEveryMs`), end on a grid: each 96th of their length, in whole minutes.
   */
  readonly windowSeconds: number
  readonly keepAliveSeconds: number
  readonly maxSignalSeconds: number
  readonly evaluateEveryMs?: number
  readonly method: 'threshold' | 'anomaly' | 'dictionary' | 'new_value' | 'impossible_travel'
  /** For `anomaly`: what is compared with its own recent course. */
  readonly anomaly?: AnomalyOptions
  /** For `dictionary`: what makes a value part of a list that goes round. */
  readonly dictionary?: DictionaryOptions
  /** For `new_value`: whose values are remembered. */
  readonly newValue?: NewValueOptions
  /** For `impossible_travel`: how far and how fast is impossible. */
  readonly travel?: TravelOptions
  readonly cases: readonly RuleCase[]
  /** Queries; traffic that matches one is not counted. */
  readonly suppress?: readonly string[]
  /** Ids of rules: where one of them has a signal in the window for the same values of the fields that both group by, this rule is silent. */
  readonly unless?: readonly string[]
  readonly message: string
  /** Whom to tell of every signal of this rule, whatever its case. */
  readonly notify?: readonly RuleNotify[]
}

/**
 * What the anomaly method compares. A window stands out when the count of `query` exceeds each of
 * - `floor`;
 * - what its own course explains: `median + tolerance × max(1.4826 × MAD, √median)` of the earlier buckets, or
 *   `learningFloor` while fewer than `minBuckets` of them had records;
 * - what ordinary use explains: the count of `successes` in the window × the ordinary share of failures to successes
 *   (its median over the earlier buckets, at least `usualOdds`) × `slack`.
 * Windows of several buckets are compared with those that ended at the same time on earlier days.
 * With `strangerShare`, a lesser excess is anomalous too where at least that share of it comes from strangers: addresses
 * that nobody logged in from in the window or the seven days before. Of these there have to be half as many again as at
 * the same time on earlier days. People on a bad day fail where they always are.
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
  /** 2 when absent. */
  readonly slack?: number
  /** 0 to 1; only with `successes`. */
  readonly strangerShare?: number
}

/**
 * What the dictionary method looks for: values that several others have tried before. Cases then see `listed` (int)
 * beside the query names: how many values the window tries that `others` further values of `by` tried by its end.
 */
export interface DictionaryOptions {
  /** A cardinality: its filter selects the tries, its `of` is what stands on the list. */
  readonly query: string
  /** The field of `groupBy` that tells who tries; the list is shared by what the other fields have in common. */
  readonly by: string
  readonly others: number
  /** How long a try keeps a value on the list. */
  readonly days: number
  /** Windows that try fewer distinct values than this have `listed` 0. */
  readonly minimum: number
}

/**
 * What the new-value method remembers: the values of `of` in the records of `query`, by group. Cases then see `fresh`
 * (int, how many values of the window the group did not have in the `forgetAfterDays` before) and `known` (int, how many
 * it had). A group whose first record is younger than `learningDays` has `fresh` 0; with 0 days, that of its very first
 * value is.
 */
export interface NewValueOptions {
  readonly query: string
  readonly of: string
  readonly learningDays: number
  readonly forgetAfterDays: number
}

/**
 * What the impossible-travel method compares: the countries of a group's records of `query` in the window, one after the
 * other. Cases then see `travels` (int): how many journeys of at least `minKm` were faster than `minKmPerHour`. Countries
 * that the group was seen in during the `baselineDays` before are usual: no journey to one counts, nor any of a group
 * whose first record is younger than a day. Distances are between the nearest edges of circles as large as the countries.
 */
export interface TravelOptions {
  readonly query: string
  readonly minKm: number
  readonly minKmPerHour: number
  readonly baselineDays: number
}
