import { fail } from '../../model/error.ts'
import { attribute } from '../../model/span-record.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import {
  anyValue,
  attemptsQuery,
  blockedRequests,
  campaignRange,
  facet,
  flaggedRequests,
  loginSuccess,
  successesOf,
  successesQuery,
} from '../campaign.ts'
import type { Campaign } from '../campaign.ts'
import type { Page, PageRequest } from '../state/state.ts'
import type { Store, TimeRange, TopRow } from '../store/store.ts'
import { countsBy, searchAll, slices, topAll, valuesAtOnce } from '../whole-results.ts'

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

/** An account that logged in from an address in this time before the campaign knows that address. */
const knownAddressMs = 30 * 86_400_000
/** A page of the accounts that were tried, most attempts first. */
export async function targetedUsers(store: Store, campaign: Campaign, page: PageRequest): Promise<Page<TargetedUser>> {
  const range = campaignRange(campaign.signal)
  const attempts = attemptsQuery(campaign)
  const { rows, next } = await topPage(store, attempts, range, facet.login, [{ cardinality: facet.ip }], page)
  const logins = rows.map((row) => row.group[facet.login] ?? '')
  if (logins.length === 0) return { items: [], next }
  const both = `(${attempts}) OR (${successesOf(campaign)})`
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
  const [succeeded, flaggedIps, blockedIps, countries, networks] = await Promise.all([
    countsBy(store, successesOf(campaign), range, facet.ip, ips),
    countsBy(store, `${attempts} ${flaggedRequests}`, range, facet.ip, ips),
    countsBy(store, blockedRequests, range, facet.ip, ips),
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
  const successes = successesOf(campaign)
  const found: SpanRecord[] = []
  if (isOfOneSubject(campaign)) {
    found.push(...(await searchAll(store, successes, range)))
  } else {
    for (const ips of slices(await guessingIps(store, campaign), valuesAtOnce)) {
      found.push(...(await searchAll(store, `${successes} ${anyValue(facet.ip, ips)}`, range)))
    }
  }
  if (found.length === 0) return []
  const logins = found.map(toCompromised).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const known = await knownPairs(
    store,
    logins.map(({ usrLogin }) => usrLogin),
    range.fromMs,
  )
  const users = new Map<string, CompromisedUser>()
  for (const login of logins) {
    // By both: a service that gives several accounts one id by mistake must not hide all but one of them.
    const user = JSON.stringify([login.usrLogin, login.usrId])
    if (!users.has(user) && !known.has(pair(login.usrLogin, login.ip))) users.set(user, login)
  }
  return [...users.values()]
}

/** Whether the group names an address or an account, so that everything in it belongs together. */
function isOfOneSubject({ rule }: Campaign): boolean {
  return rule.groupBy.some((by) => by === facet.ip || by === facet.login || by === facet.userId)
}

/** Accounts that an address of a service-wide campaign has failed on, at least. */
const minAccountsOfAddress = 3

/**
 * Addresses of a service-wide campaign that certainly take part: those that failed on several accounts, more than twice
 * as often as they succeeded, and that nobody had logged in from in the 30 days before. Any other may be a home or an
 * office that has a bad day.
 */
async function guessingIps(store: Store, campaign: Campaign): Promise<readonly string[]> {
  const range = campaignRange(campaign.signal)
  const rows = await topAll(store, attemptsQuery(campaign), range, [facet.ip], [{ cardinality: facet.login }])
  const several = rows
    .filter((row) => (row.values[1] ?? 0) >= minAccountsOfAddress)
    .map((row) => ({ ip: row.group[facet.ip] ?? '', failures: row.values[0] ?? 0 }))
  const ips = several.map(({ ip }) => ip)
  const before = { fromMs: range.fromMs - knownAddressMs, toMs: range.fromMs }
  const [successes, earlier] = await Promise.all([
    countsBy(store, successesOf(campaign), range, facet.ip, ips),
    countsBy(store, loginSuccess, before, facet.ip, ips),
  ])
  return several
    .filter(({ ip, failures }) => failures > 2 * (successes.get(ip) ?? 0) && !earlier.has(ip))
    .map(({ ip }) => ip)
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
