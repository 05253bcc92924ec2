import type { AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import {
  anyValue,
  attemptsQuery,
  blockedRequests,
  campaignRange,
  facet,
  flaggedRequests,
  successesOf,
} from '../campaign.ts'
import type { Campaign } from '../campaign.ts'
import { offsetOf } from '../page-offset.ts'
import type { Page, PageRequest } from '../state/state.ts'
import type { Store, TimeRange, TopRow } from '../store/store.ts'
import { countsBy, slices, topAll, valuesAtOnce } from '../whole-results.ts'
import { compromisedUsers } from './compromised-users.ts'

/** A page of the accounts that were tried, most attempts first; `known` spares looking for the compromised ones again. */
export async function targetedUsers(
  store: Store,
  campaign: Campaign,
  page: PageRequest,
  known?: readonly CompromisedUser[],
): Promise<Page<TargetedUser>> {
  const range = campaignRange(campaign.signal)
  const attempts = attemptsQuery(campaign)
  const { rows, next } = await topPage(store, attempts, range, facet.login, [{ cardinality: facet.ip }], page)
  const logins = rows.map((row) => row.group[facet.login] ?? '')
  if (logins.length === 0) return { items: [], next }
  const both = `(${attempts}) OR (${successesOf(campaign)})`
  const [ids, existing, roles, orgs, compromised] = await Promise.all([
    valuesBy(store, both, range, facet.login, logins, facet.userId),
    valuesBy(store, attempts, range, facet.login, logins, facet.exists),
    valuesBy(store, both, range, facet.login, logins, facet.role),
    valuesBy(store, both, range, facet.login, logins, facet.org),
    known ?? compromisedUsers(store, campaign),
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
        role: roles.get(usrLogin) ?? null,
        org: orgs.get(usrLogin) ?? null,
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

async function topPage(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  distinct: readonly { readonly cardinality: string }[],
  page: PageRequest,
): Promise<{ readonly rows: readonly TopRow[]; readonly next: string | null }> {
  const offset = offsetOf(page)
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
