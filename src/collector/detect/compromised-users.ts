import type { CompromisedUser } from '../../model/attack-entities.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import { attribute } from '../../model/span-record.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import {
  anyValue,
  attemptsQuery,
  campaignRange,
  facet,
  loginSuccess,
  preciseClusters,
  successesOf,
  successesQuery,
  type Campaign,
} from '../campaign.ts'
import type { Store } from '../store/store.ts'
import { countsBy, searchAll, slices, topAll, valuesAtOnce } from '../whole-results.ts'
import { accountKey } from '../account-key.ts'

/** Where and with what an account has logged in within this time before the campaign is known. */
const knownMs = 30 * 86_400_000
/** Accounts that an address of a service-wide campaign has failed on, at least. */
const minAccountsOfAddress = 3

/**
 * The first successful login of each account that belongs to the campaign, oldest first: by its address, its tool
 * (network and user agent) or a cluster, unless the account had logged in from that address, or with that device, in
 * the 30 days before (spec/detection.md 1.3).
 */
export async function compromisedUsers(store: Store, campaign: Campaign): Promise<readonly CompromisedUser[]> {
  const { rule, signal } = campaign
  if (!Object.hasOwn(rule.queries, successesQuery)) return []
  const range = campaignRange(signal)
  const successes = successesOf(campaign)
  if (isOfOneSubject(campaign))
    return unknownLogins(store, await searchAll(store, successes, range), range.fromMs, false)
  const byAddress: SpanRecord[] = []
  for (const ips of slices(await guessingIps(store, campaign), valuesAtOnce)) {
    byAddress.push(...(await searchAll(store, `${successes} ${anyValue(facet.ip, ips)}`, range)))
  }
  const byTool: SpanRecord[] = []
  for (const query of await toolQueries(store, campaign)) byTool.push(...(await searchAll(store, query, range)))
  return firstOfEach([
    ...(await unknownLogins(store, byAddress, range.fromMs, false)),
    ...(await unknownLogins(store, byTool, range.fromMs, true)),
  ])
}

/** Whether the group names an address or an account, so that everything in it belongs together. */
export function isOfOneSubject({ rule }: { readonly rule: Pick<DetectionRule, 'groupBy'> }): boolean {
  return rule.groupBy.some((by) => by === facet.ip || by === facet.login || by === facet.userId)
}

/**
 * Queries of successful logins made with the attackers' tools: the clusters that are hardly anything else, and the group
 * itself where it names a client and has more than ten attempts to a success.
 */
async function toolQueries(store: Store, campaign: Campaign): Promise<readonly string[]> {
  const { rule, signal } = campaign
  const queries = preciseClusters(campaign).map(({ query }) => `${query} ${loginSuccess}`)
  if (!rule.groupBy.includes(facet.userAgent)) return queries
  const range = campaignRange(signal)
  const count = async (query: string): Promise<number> => {
    const [row] = await store.top(query, range, { by: [], aggregates: ['count'], limit: 1 })
    return row?.values[0] ?? 0
  }
  const [failures, successes] = await Promise.all([count(attemptsQuery(campaign)), count(successesOf(campaign))])
  return 10 * successes < failures ? [...queries, successesOf(campaign)] : queries
}

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
  const before = { fromMs: range.fromMs - knownMs, toMs: range.fromMs }
  const [successes, earlier] = await Promise.all([
    countsBy(store, successesOf(campaign), range, facet.ip, ips),
    countsBy(store, loginSuccess, before, facet.ip, ips),
  ])
  return several
    .filter(({ ip, failures }) => failures > 2 * (successes.get(ip) ?? 0) && !earlier.has(ip))
    .map(({ ip }) => ip)
}

/** The logins whose account did not come from their address before; with `device`, nor with their user agent and header order. */
async function unknownLogins(
  store: Store,
  records: readonly SpanRecord[],
  beforeMs: number,
  device: boolean,
): Promise<readonly CompromisedUser[]> {
  if (records.length === 0) return []
  const logins = [...new Set(records.map((record) => toCompromised(record).usrLogin))]
  const places = await valuesBefore(store, logins, beforeMs, [facet.ip])
  const devices = device ? await valuesBefore(store, logins, beforeMs, [facet.userAgent, facet.headerOrder]) : new Set()
  const isUnknown = (record: SpanRecord): boolean => {
    const { usrLogin, ip } = toCompromised(record)
    const client = [attribute.userAgent, facet.headerOrder.slice(1)].map((name) =>
      String(record.attributes[name] ?? ''),
    )
    return !places.has(JSON.stringify([usrLogin, ip])) && !devices.has(JSON.stringify([usrLogin, ...client]))
  }
  return firstOfEach(records.filter(isUnknown).map(toCompromised))
}

/** What each login had of these facets when it succeeded in the time before. */
async function valuesBefore(
  store: Store,
  logins: readonly string[],
  beforeMs: number,
  facets: readonly string[],
): Promise<ReadonlySet<string>> {
  const values = new Set<string>()
  const range = { fromMs: beforeMs - knownMs, toMs: beforeMs }
  for (const some of slices(logins, valuesAtOnce)) {
    const query = `${loginSuccess} ${anyValue(facet.login, some)}`
    for (const row of await topAll(store, query, range, [facet.login, ...facets], [])) {
      values.add(JSON.stringify([facet.login, ...facets].map((by) => row.group[by] ?? '')))
    }
  }
  return values
}

/** Oldest first, each account once: by login and id, since a service that gives several accounts one id by mistake must not hide all but one. */
function firstOfEach(logins: readonly CompromisedUser[]): readonly CompromisedUser[] {
  const users = new Map<string, CompromisedUser>()
  for (const login of [...logins].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    const user = accountKey(login)
    if (!users.has(user)) users.set(user, login)
  }
  return [...users.values()]
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
