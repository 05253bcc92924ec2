import type { Cluster, ClusterAttribute } from '../../model/cluster.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import type { WafRoute } from '../../model/waf-rule.ts'
import { campaignRange } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { attributeOf, clusterQuery } from './attribute.ts'
import { clusterRule } from './cluster-rule.ts'
import type { FoundCluster } from './find-clusters.ts'
import type { ClusterFigures, Replay } from './measure.ts'
import { measureCluster, measureCollateral } from './measure.ts'
import { baselineEnd } from './onset.ts'
import type { Trait } from './trait.ts'
import { traitKey } from './trait.ts'
import { whyNotBlock } from './verdict.ts'

/** Days before the onset that a cluster's rule is replayed over. */
const collateralDays = 7
/** Replays that are remembered: a cluster stays the same from one recomputation to the next. */
const MAX_REPLAYS = 500

export interface DescribeParts {
  readonly store: Store
  readonly replay: Replay
}

/** What is said of a cluster beside its figures. */
export interface ClusterIdentity {
  readonly id: string
  readonly origin: Cluster['origin']
  readonly traits: readonly Trait[]
  readonly wafRuleId: string | null
  /** As the search found it; undefined for one picked by hand, or found before. */
  readonly found: Pick<FoundCluster, 'described' | 'attackShare' | 'precision'> | undefined
}

/** Makes whole clusters of what was found: figures from the store, collateral by replay. */
export function createDescriber({ store, replay }: DescribeParts): {
  describe(
    campaign: { readonly rule: DetectionRule; readonly signal: SignalFacts; readonly routes: readonly WafRoute[] },
    identity: ClusterIdentity,
  ): Promise<Cluster>
} {
  const replays = new Map<string, ReturnType<typeof measureCollateral>>()

  const collateralOf = (
    traits: readonly Trait[],
    where: Parameters<typeof measureCollateral>[2],
  ): ReturnType<typeof measureCollateral> => {
    const key = JSON.stringify([traits.map(traitKey), where])
    const kept = replays.get(key)
    if (kept !== undefined) return kept
    const measuring = measureCollateral(replay, traits, where)
    measuring.catch(() => replays.delete(key))
    replays.set(key, measuring)
    for (const oldest of replays.keys()) {
      if (replays.size <= MAX_REPLAYS) break
      replays.delete(oldest)
    }
    return measuring
  }

  return {
    async describe({ signal, routes }, { id, origin, traits, found, wafRuleId }) {
      const range = campaignRange(signal)
      const query = clusterQuery(traits, signal.query)
      const onsetMs = baselineEnd(signal)
      const { service, env } = signal.group
      const [figures, collateral, all] = await Promise.all([
        measureCluster(store, { query, campaign: signal.query, range, onsetMs }),
        collateralOf(traits, {
          days: collateralDays,
          endMs: onsetMs,
          routes,
          services: service === undefined ? [] : [service],
          envs: env === undefined ? [] : [env],
        }),
        store.top(signal.query, range, { by: [], aggregates: ['count'], limit: 1 }),
      ])
      const attackShare = found?.attackShare ?? figures.requests / Math.max(1, all[0]?.values[0] ?? 1)
      const precision = found?.precision ?? plainPrecision(figures)
      const made = clusterRule(traits)
      const reason = whyNotBlock(
        { requests: figures.requests, precision, knownIpShare: figures.knownIpShare, collateral },
        'problem' in made ? made.problem : null,
      )
      const { investigation, firstSeenMs, lastSeenMs, requests, successes, users, ips, ...shares } = figures
      return {
        id,
        origin,
        attributes: traits.map(attributeOf),
        described: [...describedBy(found), ...investigation],
        query,
        attackShare: rounded(attackShare),
        precision: rounded(precision),
        requests,
        successes,
        users,
        ips,
        knownIpShare: rounded(shares.knownIpShare),
        threatIntelShare: rounded(shares.threatIntelShare),
        shape: rounded(shares.shape),
        collateral: { ...collateral, share: rounded(collateral.share, 6) },
        blockable: reason === null,
        reason,
        firstSeen: new Date(firstSeenMs).toISOString(),
        lastSeen: new Date(lastSeenMs).toISOString(),
        trend: shares.trend,
        wafRuleId,
      }
    },
  }
}

function describedBy(found: ClusterIdentity['found']): readonly (ClusterAttribute & { readonly share: number })[] {
  return (found?.described ?? []).map(({ trait, share }) => ({ ...attributeOf(trait), share: rounded(share) }))
}

/** Of requests that nobody searched: attackers hardly ever succeed, people mostly do. */
function plainPrecision({ requests, successes }: ClusterFigures): number {
  return requests === 0 ? 0 : Math.max(0, 1 - successes / requests)
}

function rounded(value: number, digits = 4): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
