import { randomUUID } from 'node:crypto'
import type { Cluster } from '../../model/cluster.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import { campaignRange } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import { createDescriber, type DescribeParts } from './describe-cluster.ts'
import { readRoutes } from './measure.ts'
import { Baselines, searchSignal } from './search-signal.ts'

/**
 * The clusters of a campaign that is over, as a back-test asks for them: those of all of it at once, of which none is
 * kept. `others` are the signals among which it stands.
 */
export async function clustersOf(
  parts: DescribeParts,
  signal: SignalFacts,
  rule: DetectionRule,
  others: readonly SignalFacts[],
): Promise<readonly Cluster[]> {
  const { store } = parts
  const [found, routes] = await Promise.all([
    searchSignal(store, new Baselines(store, () => others), { rule, signal, known: [] }),
    readRoutes(store, signal.query, campaignRange(signal)),
  ])
  const describer = createDescriber(parts)
  const clusters: Cluster[] = []
  for (const one of found) {
    const identity = { id: randomUUID(), origin: 'found', traits: one.traits, wafRuleId: null, found: one } as const
    clusters.push(await describer.describe({ rule, signal, routes }, identity))
  }
  return clusters
}
