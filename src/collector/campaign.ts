import type { DetectionRule } from '../model/detection-rule.ts'
import { attribute, businessLogicActivity } from '../model/span-record.ts'
import { eventName } from '../model/tags.ts'
import { printText } from '../query/query.ts'
import { fail } from '../model/error.ts'
import type { Cluster } from '../model/cluster.ts'
import type { SignalFacts, State } from './state/state.ts'
import type { TimeRange } from './store/store.ts'

/** A signal and the rule that raised it: what detection, response and the API ask the store about. */
export interface Campaign {
  readonly rule: Pick<DetectionRule, 'queries' | 'groupBy' | 'suppress'>
  readonly signal: Pick<SignalFacts, 'group' | 'firstSeen' | 'lastSeen' | 'clusters'>
}

/** Clusters of which this share is no attack say too little of one login. */
const minPrecision = 0.9

/** A signal with the version of the rule that raised it: a later one may group and count otherwise. Rejects with NOT_FOUND. */
export async function campaignOf(state: Pick<State, 'ruleVersions'>, signal: SignalFacts): Promise<Campaign> {
  const versions = await state.ruleVersions(signal.rule.id)
  const rule = versions.find(({ rule }) => rule.version === signal.rule.version)?.rule
  if (rule === undefined) throw fail('NOT_FOUND', `version ${signal.rule.version} of the rule ${signal.rule.id}`)
  return { rule, signal }
}

/** The clusters that are hardly anything but attackers: each has more than ten attempts to a success, or people use it as well. */
export function preciseClusters({ signal }: Pick<Campaign, 'signal'>): readonly Cluster[] {
  return (signal.clusters ?? []).filter(
    ({ origin, precision, requests, successes }) =>
      origin === 'found' && precision >= minPrecision && 10 * successes < requests - successes,
  )
}

/** Facets that campaigns are looked at by. */
export const facet = {
  login: `@${attribute.login}`,
  userId: `@${attribute.userId}`,
  exists: `@${attribute.exists}`,
  role: '@appsec.events_data.usr.role',
  org: '@appsec.events_data.usr.org',
  ip: `@${attribute.clientIp}`,
  ipSource: `@${attribute.ipSource}`,
  userAgent: `@${attribute.userAgent}`,
  headerOrder: '@appsec.fingerprint.header.order',
  country: '@network.client.country',
  asn: '@network.client.asn',
} as const

/** The tags that hold fingerprints, by what their values begin with. */
const fingerprintTags: Readonly<Record<string, string>> = {
  hdr: '_dd.appsec.fp.http.header',
  net: '_dd.appsec.fp.http.network',
  http: '_dd.appsec.fp.http.endpoint',
  ssn: '_dd.appsec.fp.session',
  ord: '_dd.appsec.fp.http.order',
}

/** The facet that a fingerprint stands in, by its first part; that of the headers for anything else. */
export function fingerprintFacet(value: string): string {
  const kind = value.split('-', 1)[0] ?? ''
  return `@${Object.hasOwn(fingerprintTags, kind) ? fingerprintTags[kind] : fingerprintTags['hdr']}`
}

/** Tags of rules for whose signals it is looked what attackers have in common. */
const clusteredTags: readonly string[] = ['category:account_takeover', 'category:fraud']
/** The query of a rule that counts what went right; every other one counts attempts. */
export const successesQuery = 'successes'
export const loginSuccess = `@${attribute.activity}:${businessLogicActivity(eventName.loginSuccess)}`
export const loginFailure = `@${attribute.activity}:${businessLogicActivity(eventName.loginFailure)}`
export const signUp = `@${attribute.activity}:${businessLogicActivity(eventName.signup)}`
export const anyLogin = `(${loginSuccess} OR ${loginFailure})`
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', 'fc00::/7', '::1/128']
/** Requests whose client address is one of a private network. */
export const privateAddresses = `(${privateNetworks.map((network) => `${facet.ip}:"${network}"`).join(' OR ')})`
/** Requests from addresses that threat intelligence knows. */
export const flaggedRequests = '@appsec.threat_intel:true'
export const blockedRequests = `@${attribute.blocked}:true`

/** The time of a campaign: from its first event to its last, inclusive. */
export function campaignRange({ firstSeen, lastSeen }: Campaign['signal']): TimeRange {
  return { fromMs: Date.parse(firstSeen), toMs: Date.parse(lastSeen) + 1 }
}

/** The query of a campaign's attempts. */
export function attemptsQuery({ rule, signal }: Campaign): string {
  return [groupQuery(rule, signal.group), attemptFilters(rule), ...suppressions(rule)].join(' ')
}

/** The query of a rule's attempts, of whatever group; of all that it counts when it counts successes only. */
export function attemptFilters(rule: Campaign['rule']): string {
  const queries = Object.entries(rule.queries)
  // A rule may count what went right under another name, too: whoever it was of is no attacker for that.
  const success = rule.queries[successesQuery]?.filter
  const attempts = queries.filter(([name, { filter }]) => name !== successesQuery && filter !== success)
  return anyOf([...new Set((attempts.length === 0 ? queries : attempts).map(([, { filter }]) => filter))])
}

/** The successful logins of a campaign's group. */
export function successesOf({ rule, signal }: Campaign): string {
  return [groupQuery(rule, signal.group), loginSuccess].join(' ')
}

/** The explorer query of a signal's traces: its group, and what any of the rule's queries counts, less what is suppressed. */
export function signalQuery(rule: Campaign['rule'], group: SignalFacts['group']): string {
  const filters = [...new Set(Object.values(rule.queries).map(({ filter }) => filter))]
  return [groupQuery(rule, group), anyOf(filters), ...suppressions(rule)].join(' ')
}

/** The query of a group: `env:prod service:shop @http.client_ip:203.0.113.9`. */
export function groupQuery(rule: Pick<DetectionRule, 'groupBy'>, group: SignalFacts['group']): string {
  return rule.groupBy.map((by) => term(by, group[bareName(by)] ?? '')).join(' ')
}

/** Whether a facet names a service as a whole. */
export function isWide(by: string): boolean {
  return by === 'env' || by === 'service'
}

/** Whether a signal is of one address, account or network among many. */
export function isNarrow(rule: Pick<DetectionRule, 'groupBy'>): boolean {
  return !rule.groupBy.every(isWide)
}

/** Whether it is looked what the attackers of a rule's signals have in common. */
export function isClustered({ tags }: Pick<DetectionRule, 'tags'>): boolean {
  return tags.some((tag) => clusteredTags.includes(tag))
}

/** What a rule leaves out, as terms to add to a query. */
export function suppressions(rule: Pick<DetectionRule, 'suppress'>): readonly string[] {
  return (rule.suppress ?? []).map((filter) => `-(${filter})`)
}

/** `facet:value`, whatever is in the value. */
export function term(by: string, value: string): string {
  return `${by}:${printText(value)}`
}

/** `facet:(a OR b)`. */
export function anyValue(by: string, values: readonly string[]): string {
  return `${by}:(${values.map(printText).join(' OR ')})`
}

/** `((a) OR (b))`. */
export function anyOf(filters: readonly string[]): string {
  return filters.length === 1 ? `(${filters[0] ?? ''})` : `(${filters.map((filter) => `(${filter})`).join(' OR ')})`
}

/** The name of a facet without its `@`, as signals carry it. */
export function bareName(by: string): string {
  return by.startsWith('@') ? by.slice(1) : by
}
