import type { DetectionRule } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import { attribute, businessLogicActivity } from '../../model/span-record.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import { eventName } from '../../model/tags.ts'
import type { Page, PageRequest, SignalFacts } from '../state/state.ts'
import type { Store, TimeRange, TopRow } from '../store/store.ts'
import { anyOf, anyValue, groupQuery } from './group.ts'

/** Whose account was tried. Times are ISO 8601 UTC. */
export interface TargetedUser {
  readonly usrLogin: string
  readonly usrId: string | null
  /** null: the service did not say. */
  readonly exists: boolean | null
  readonly attempts: number
  readonly ips: number
  readonly firstSeen: string
  readonly lastSeen: string
  readonly compromised: boolean
}

/** Where attempts came from. */
export interface AttackingIp {
  readonly ip: string
  readonly country: string | null
  readonly asn: string | null
  readonly attempts: number
  readonly users: number
  readonly successes: number
  readonly threatIntel: boolean
  /** Requests of this address that were blocked since the signal began. */
  readonly blocked: number
}

/** A login that succeeded as part of a campaign. */
export interface CompromisedUser {
  readonly usrLogin: string
  readonly usrId: string | null
  readonly at: string
  readonly ip: string
  readonly traceId: string
}

/** A signal and the rule that raised it. */
export interface Campaign {
  readonly rule: Pick<DetectionRule, 'queries' | 'groupBy' | 'suppress'>
  readonly signal: Pick<SignalFacts, 'group' | 'firstSeen' | 'lastSeen'>
}

const facet = {
  login: `@${attribute.login}`,
  userId: `@${attribute.userId}`,
  exists: `@${attribute.exists}`,
  ip: `@${attribute.clientIp}`,
  country: '@network.client.country',
  asn: '@network.client.asn',
} as const

/** What counts a login that went right; every other query of a rule counts attempts. */
export const successesQuery = 'successes'
export const loginSuccess = `@${attribute.activity}:${businessLogicActivity(eventName.loginSuccess)}`
const flagged = '@appsec.threat_intel:true'
const blocked = `@${attribute.blocked}:true`

/** An account that logged in from an address in this time before the campaign knows that address. */
export const knownAddressMs = 30 * 86_400_000
/** Values of one list in a query; well under what the query language takes. */
const valuesAtOnce = 1_000
/** Rows of one page of a store query. */
const rowsAtOnce = 5_000

/** The time of a campaign: from its first event to its last, inclusive. */
export function campaignRange({ firstSeen, lastSeen }: Campaign['signal']): TimeRange {
  return { fromMs: Date.parse(firstSeen), toMs: Date.parse(lastSeen) + 1 }
}

/** The query of a campaign's attempts. */
export function attemptsQuery({ rule, signal }: Campaign): string {
  const filters = Object.entries(rule.queries)
    .filter(([name]) => name !== successesQuery)
    .map(([, { filter }]) => filter)
  return [
    groupQuery(rule, signal.group),
    anyOf([...new Set(filters)]),
    ...(rule.suppress ?? []).map((filter) => `-(${filter})`),
  ].join(' ')
}

/** A page of the accounts that were tried, most attempts first. */
export async function targetedUsers(store: Store, campaign: Campaign, page: PageRequest): Promise<Page<TargetedUser>> {
  const range = campaignRange(campaign.signal)
  const attempts = attemptsQuery(campaign)
  const { rows, next } = await topPage(store, attempts, range, facet.login, [{ cardinality: facet.ip }], page)
  const logins = rows.map((row) => row.group[facet.login] ?? '')
  if (logins.length === 0) return { items: [], next }
  const both = `(${attempts}) OR (${groupQuery(campaign.rule, campaign.signal.group)} ${loginSuccess})`
  const [ids, existing, compromised] = await Promise.all([
    valuesBy(store, both, range, facet.login, logins, facet.userId),
    valuesBy(store, attempts, range, facet.login, logins, facet.exists),
    compromisedUsers(store, campaign),
  ])
  const compromisedLogins = new Set(compromised.map(({ usrLogin }) => usrLogin))
  return {
    items: rows.map((row, index) => {
      const usrLogin = logins[index] ?? ''
      const exists = existing.get(usrLogin)
      return {
        usrLogin,
        usrId: ids.get(usrLogin) ?? null,
        exists: exists === undefined ? null : exists === 'true',
        attempts: row.values[0] ?? 0,
        ips: row.values[1] ?? 0,
        firstSeen: new Date(row.firstSeenMs).toISOString(),
        lastSeen: new Date(row.lastSeenMs).toISOString(),
        compromised: compromisedLogins.has(usrLogin),
      }
    }),
    next,
  }
}

/** A page of the addresses that attempts came from, most attempts first. */
export async function attackingIps(store: Store, campaign: Campaign, page: PageRequest): Promise<Page<AttackingIp>> {
  const range = campaignRange(campaign.signal)
  const attempts = attemptsQuery(campaign)
  const { rows, next } = await topPage(store, attempts, range, facet.ip, [{ cardinality: facet.login }], page)
  const ips = rows.map((row) => row.group[facet.ip] ?? '')
  if (ips.length === 0) return { items: [], next }
  const successes = `${groupQuery(campaign.rule, campaign.signal.group)} ${loginSuccess}`
  const [succeeded, flaggedIps, blockedIps, countries, networks] = await Promise.all([
    countsBy(store, successes, range, facet.ip, ips),
    countsBy(store, `${attempts} ${flagged}`, range, facet.ip, ips),
    countsBy(store, blocked, range, facet.ip, ips),
    valuesBy(store, attempts, range, facet.ip, ips, facet.country),
    valuesBy(store, attempts, range, facet.ip, ips, facet.asn),
  ])
  return {
    items: rows.map((row, index) => {
      const ip = ips[index] ?? ''
      return {
        ip,
        country: countries.get(ip) ?? null,
        asn: networks.get(ip) ?? null,
        attempts: row.values[0] ?? 0,
        users: row.values[1] ?? 0,
        successes: succeeded.get(ip) ?? 0,
        threatIntel: flaggedIps.has(ip),
        blocked: blockedIps.get(ip) ?? 0,
      }
    }),
    next,
  }
}

/**
 * The first successful login of each account that belongs to the campaign, oldest first: from an address of the
 * campaign, unless the account had logged in from it in the 30 days before (spec/detection.md 1.3).
 */
export async function compromisedUsers(store: Store, campaign: Campaign): Promise<readonly CompromisedUser[]> {
  const { rule, signal } = campaign
  if (!Object.hasOwn(rule.queries, successesQuery)) return []
  const range = campaignRange(signal)
  const group = groupQuery(rule, signal.group)
  const found: SpanRecord[] = []
  if (isOfOneSubject(campaign)) {
    found.push(...(await searchAll(store, `${group} ${loginSuccess}`, range)))
  } else {
    for (const ips of slices(await guessingIps(store, campaign), valuesAtOnce)) {
      found.push(...(await searchAll(store, `${group} ${loginSuccess} ${anyValue(facet.ip, ips)}`, range)))
    }
  }
  const logins = found.map(toCompromised).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const known = await knownPairs(
    store,
    logins.map(({ usrLogin }) => usrLogin),
    range.fromMs,
  )
  const users = new Map<string, CompromisedUser>()
  for (const login of logins) {
    const user = login.usrId ?? login.usrLogin
    if (!users.has(user) && !known.has(pair(login.usrLogin, login.ip))) users.set(user, login)
  }
  return [...users.values()]
}

/** Whether the group names an address or an account, so that everything in it belongs together. */
function isOfOneSubject({ rule }: Campaign): boolean {
  return rule.groupBy.some((by) => by === facet.ip || by === facet.login || by === facet.userId)
}

/**
 * Addresses of a service-wide campaign that certainly take part: those that failed on two accounts or more, and failed
 * more often than they succeeded. One address with one failure may be anyone.
 */
async function guessingIps(store: Store, campaign: Campaign): Promise<readonly string[]> {
  const range = campaignRange(campaign.signal)
  const rows = await topAll(store, attemptsQuery(campaign), range, [facet.ip], [{ cardinality: facet.login }])
  const several = rows.filter((row) => (row.values[1] ?? 0) >= 2)
  const successes = await countsBy(
    store,
    `${groupQuery(campaign.rule, campaign.signal.group)} ${loginSuccess}`,
    range,
    facet.ip,
    several.map((row) => row.group[facet.ip] ?? ''),
  )
  return several
    .filter((row) => (row.values[0] ?? 0) > (successes.get(row.group[facet.ip] ?? '') ?? 0))
    .map((row) => row.group[facet.ip] ?? '')
}

/** Pairs of login and address with a success in the time before. */
async function knownPairs(store: Store, logins: readonly string[], beforeMs: number): Promise<ReadonlySet<string>> {
  const pairs = new Set<string>()
  const range = { fromMs: beforeMs - knownAddressMs, toMs: beforeMs }
  for (const some of slices([...new Set(logins)], valuesAtOnce)) {
    const query = `${loginSuccess} ${anyValue(facet.login, some)}`
    for (const row of await topAll(store, query, range, [facet.login, facet.ip], [])) {
      pairs.add(pair(row.group[facet.login] ?? '', row.group[facet.ip] ?? ''))
    }
  }
  return pairs
}

function pair(login: string, ip: string): string {
  return JSON.stringify([login, ip])
}

function toCompromised(record: SpanRecord): CompromisedUser {
  const { attributes } = record
  const id = attributes[attribute.userId]
  return {
    usrLogin: String(attributes[attribute.login] ?? id ?? ''),
    usrId: id === undefined ? null : String(id),
    at: new Date(record.timestampMs).toISOString(),
    ip: String(attributes[attribute.clientIp] ?? ''),
    traceId: record.traceId,
  }
}

async function searchAll(store: Store, query: string, range: TimeRange): Promise<readonly SpanRecord[]> {
  const records: SpanRecord[] = []
  let cursor: string | null = null
  do {
    const page = await store.search(query, range, {
      limit: rowsAtOnce,
      sort: 'timestamp',
      ...(cursor === null ? {} : { cursor }),
    })
    records.push(...page.records)
    cursor = page.next
  } while (cursor !== null)
  return records
}

/** All groups of a query, however many. */
export async function topAll(
  store: Store,
  query: string,
  range: TimeRange,
  by: readonly string[],
  distinct: readonly { readonly cardinality: string }[],
): Promise<readonly TopRow[]> {
  const all: TopRow[] = []
  for (;;) {
    const rows = await store.top(query, range, {
      by,
      aggregates: ['count', ...distinct],
      limit: rowsAtOnce,
      offset: all.length,
    })
    all.push(...rows)
    if (rows.length < rowsAtOnce) return all
  }
}

async function topPage(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  distinct: readonly { readonly cardinality: string }[],
  page: PageRequest,
): Promise<{ readonly rows: readonly TopRow[]; readonly next: string | null }> {
  const offset = page.cursor === undefined ? 0 : Number(page.cursor)
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
  }
  const aggregates = ['count' as const, ...distinct]
  const rows = await store.top(query, range, { by: [by], aggregates, limit: page.limit + 1, offset })
  return { rows: rows.slice(0, page.limit), next: rows.length > page.limit ? String(offset + page.limit) : null }
}

/** How many records of a query each of these values of a facet has; values without any are absent. */
export async function countsBy(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  values: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const some of slices(values, valuesAtOnce)) {
    const rows = await store.top(`(${query}) ${anyValue(by, some)}`, range, {
      by: [by],
      aggregates: ['count'],
      limit: some.length,
    })
    for (const row of rows) counts.set(row.group[by] ?? '', row.values[0] ?? 0)
  }
  return counts
}

/** The most frequent value of `of` for each of these values of `by`. */
async function valuesBy(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  values: readonly string[],
  of: string,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const some of slices(values, valuesAtOnce)) {
    for (const row of await topAll(store, `(${query}) ${anyValue(by, some)}`, range, [by, of], [])) {
      const key = row.group[by] ?? ''
      const value = row.group[of]
      if (value !== undefined && !found.has(key)) found.set(key, value)
    }
  }
  return found
}

export function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
