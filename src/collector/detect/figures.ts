import type { DetectionRule, RuleQuery } from '../../model/detection-rule.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Aggregate, Store } from '../store/store.ts'
import { attemptsQuery, campaignRange, facet, flaggedRequests, groupQuery, suppressions } from '../campaign.ts'
import { compromisedUsers } from './compromised-users.ts'
import type { CompromisedUser } from '../../model/attack-entities.ts'

/** What a signal says in numbers, over its whole time; its windows only see their own length. */
export type Figures = Pick<
  SignalFacts,
  'counts' | 'targetedUsers' | 'attackingIps' | 'compromisedUsers' | 'threatIntelShare'
>

/** Reads the figures of a signal from the store, with the compromised accounts that they count. */
export async function readFigures(
  store: Store,
  rule: DetectionRule,
  signal: SignalFacts,
): Promise<{ readonly figures: Figures; readonly compromised: readonly CompromisedUser[] }> {
  const campaign = { rule, signal }
  const range = campaignRange(signal)
  const attempts = attemptsQuery(campaign)
  const group = groupQuery(rule, signal.group)
  const values = async (query: string, aggregates: readonly Aggregate[]): Promise<readonly number[]> => {
    const [row] = await store.top(query, range, { by: rule.groupBy, aggregates, limit: 1 })
    return row?.values ?? aggregates.map(() => 0)
  }
  const byFilter = new Map<string, readonly string[]>()
  for (const [name, { filter }] of Object.entries(rule.queries)) {
    byFilter.set(filter, [...(byFilter.get(filter) ?? []), name])
  }
  const [totals, flagged, compromised, ...counted] = await Promise.all([
    values(attempts, ['count', { cardinality: facet.login }, { cardinality: facet.userId }, { cardinality: facet.ip }]),
    values(`${attempts} ${flaggedRequests}`, ['count']),
    compromisedUsers(store, campaign),
    ...[...byFilter].map(([filter, names]) =>
      values(
        [group, `(${filter})`, ...suppressions(rule)].join(' '),
        names.map((name) => aggregateOf(rule.queries[name])),
      ),
    ),
  ])
  const [total = 0, logins = 0, ids = 0, ips = 0] = totals
  const counts = [...byFilter.values()].flatMap((names, at) =>
    names.map((name, index) => [name, counted[at]?.[index] ?? 0] as const),
  )
  return {
    figures: {
      counts: Object.fromEntries(counts),
      // Password resets and deletions name an id, failed logins a login: whichever the events carry.
      targetedUsers: Math.max(logins, ids),
      attackingIps: ips,
      compromisedUsers: compromised.length,
      threatIntelShare: total === 0 ? 0 : (flagged[0] ?? 0) / total,
    },
    compromised,
  }
}

function aggregateOf(query: RuleQuery | undefined): Aggregate {
  return query?.aggregate === 'cardinality' ? { cardinality: query.of } : 'count'
}
