/**
 * One thing that the requests of a cluster have in common. `attribute` is a facet (`@http.useragent`). `value` null with
 * `absent` true: the attribute is missing; with `regex` set: any value that it matches; else: the attribute is there,
 * whatever its value. `regex` is RE2, anchored where it stands for one value; for absence it is null.
 */
export interface ClusterAttribute {
  readonly attribute: string
  readonly value: string | null
  readonly absent: boolean
  readonly regex: string | null
}

/** What a cluster's rule would have stopped before the attack: its replay over stored traffic. */
export interface ClusterCollateral {
  readonly days: number
  readonly requests: number
  readonly successfulLogins: number
  readonly users: number
  /** Of the requests that it was measured on. */
  readonly share: number
  /** What was replayed, for example `logins of shop of 7 days`. */
  readonly measuredOn: string
  /** The requests by time, at most one point an hour of the days. */
  readonly course: ClusterCourse
}

/** Requests by time: the start of an interval in Unix milliseconds, and how many; an interval without any may be left out. */
export interface ClusterCourse {
  readonly intervalMs: number
  readonly points: readonly (readonly [number, number])[]
}

export type ClusterTrend = 'growing' | 'steady' | 'fading'

/** What the requests of one attacking tool have in common (spec/detection.md 1.6). Times are ISO 8601 UTC. */
export interface Cluster {
  readonly id: string
  /** `found` by the search, or picked by hand. */
  readonly origin: 'found' | 'custom'
  /** One to four; a request with all of them is in the cluster, and its rule says the same. */
  readonly attributes: readonly ClusterAttribute[]
  /** What nearly all of its requests share beside these; with attributes that cannot be blocked, such as the network. */
  readonly described: readonly (ClusterAttribute & { readonly share: number })[]
  /** An explorer query of its requests. */
  readonly query: string
  /** Share of the attack, recent requests weighing more. */
  readonly attackShare: number
  /** Estimated share of its requests that belong to the attack. */
  readonly precision: number
  readonly requests: number
  readonly successes: number
  readonly users: number
  readonly ips: number
  /** Share of its addresses that had logged in successfully in the 30 days before the attack. */
  readonly knownIpShare: number
  readonly threatIntelShare: number
  /** How well its course follows the increase: a correlation of −1 to 1. */
  readonly shape: number
  readonly collateral: ClusterCollateral
  /** Whether automation may block it; otherwise `reason` says why not. */
  readonly blockable: boolean
  readonly reason: string | null
  readonly firstSeen: string
  readonly lastSeen: string
  readonly trend: ClusterTrend
  readonly wafRuleId: string | null
}

/** An attribute value of the requests of a query, beside what the baseline has of it. */
export interface AnalysedValue extends ClusterAttribute {
  readonly requests: number
  readonly share: number
  readonly baselineShare: number
  /** Requests more than a baseline of this length has. */
  readonly excess: number
  /** Attackers for each ordinary request with it (Herley and Schechter); null where none of them succeeded. */
  readonly odds: number | null
  /** How well its course follows that of all requests: −1 to 1. */
  readonly shape: number
  /** Whether a rule can look at it. */
  readonly blockable: boolean
  /** Share of the requests that say anything of this attribute. */
  readonly carriedBy: number
  /** The query narrowed to it. */
  readonly query: string
}

/** What a cluster shares, in words. Attacker-supplied text may be inside. */
export function sharedInWords(attributes: readonly ClusterAttribute[]): string {
  return attributes.map(wordsOf).join(' and ')
}

function wordsOf({ attribute, value, absent, regex }: ClusterAttribute): string {
  if (absent) return `no ${attribute}`
  if (value !== null) return `${attribute} "${value}"`
  return regex === null ? `some ${attribute}` : `${attribute} like ${regex}`
}
