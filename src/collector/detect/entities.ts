import type { AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import { attemptsQuery, blockedRequests, campaignRange, facet, flaggedRequests, successesOf } from '../campaign.ts'
import type { Campaign } from '../campaign.ts'
import type { GroupListRequest, ListedGroup, Store } from '../store/store.ts'

/** Whom or what a campaign touched, most attempts first, as it was when the list was made. */
export interface EntityList<T> {
  /** From a place in it (0: its first); undefined when the store no longer keeps it. */
  page(from: number, limit: number): Promise<readonly T[] | undefined>
  /** What it holds is let go of. */
  drop(): Promise<void>
}

/** The accounts that were tried, of which some are known to be compromised. */
export async function targetedUsers(
  store: Store,
  campaign: Campaign,
  known: readonly CompromisedUser[] | Promise<readonly CompromisedUser[]>,
): Promise<EntityList<TargetedUser>> {
  const query = attemptsQuery(campaign)
  const both = `(${query}) OR (${successesOf(campaign)})`
  const request: GroupListRequest = {
    query,
    range: campaignRange(campaign.signal),
    by: facet.login,
    distinct: facet.ip,
    values: [
      { of: facet.userId, query: both },
      { of: facet.exists, query },
      { of: facet.role, query: both },
      { of: facet.org, query: both },
    ],
  }
  const compromised = new Set<string>()
  const list = listOf(store, request, ({ value, count, distinct, firstSeenMs, lastSeenMs, values }) => {
    const [usrId = null, exists = null, role = null, org = null] = values
    return {
      usrLogin: value,
      usrId,
      exists: exists === null ? null : exists === 'true',
      attempts: count,
      ips: distinct,
      firstSeen: new Date(firstSeenMs).toISOString(),
      lastSeen: new Date(lastSeenMs).toISOString(),
      compromised: compromised.has(value),
      role,
      org,
    }
  })
  // Both are asked at once: whoever asks after the other waits twice for those before.
  const [, users] = await Promise.all([list, known])
  for (const { usrLogin } of users) compromised.add(usrLogin)
  return list
}

/** The addresses that attempts came from. */
export function attackingIps(store: Store, campaign: Campaign): Promise<EntityList<AttackingIp>> {
  const query = attemptsQuery(campaign)
  const request: GroupListRequest = {
    query,
    range: campaignRange(campaign.signal),
    by: facet.ip,
    distinct: facet.login,
    counts: [successesOf(campaign), `${query} ${flaggedRequests}`, blockedRequests],
    values: [
      { of: facet.country, query },
      { of: facet.asn, query },
    ],
  }
  return listOf(store, request, ({ value, count, distinct, counts, values }) => {
    const [successes = 0, flagged = 0, blocked = 0] = counts
    const [country = null, asn = null] = values
    return { ip: value, country, asn, attempts: count, users: distinct, successes, threatIntel: flagged > 0, blocked }
  })
}

async function listOf<T>(
  store: Store,
  request: GroupListRequest,
  itemOf: (group: ListedGroup) => T,
): Promise<EntityList<T>> {
  const list = await store.keepGroups(request)
  return {
    page: async (from, limit) => (await store.keptGroups(list, { from, limit }))?.map(itemOf),
    drop: () => store.dropGroups(list),
  }
}
