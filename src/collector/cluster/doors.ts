import type { AnalysedValue, Cluster, ClusterAttribute, ClusterCourse } from '../../model/cluster.ts'
import { fail } from '../../model/error.ts'
import type { NewWafRule, WafReply, WafRoute, WafRuleMode, WafRuleObject } from '../../model/waf-rule.ts'
import { campaignRange } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { ruleOfCluster } from './answer-clusters.ts'
import { attributeOf, clusterQuery, traitOf } from './attribute.ts'
import { clusterRule } from './cluster-rule.ts'
import type { Isolation } from './explore.ts'
import { analyse, isolate } from './explore.ts'
import type { ClusterKeeper } from './keep-clusters.ts'
import type { Replay } from './measure.ts'
import { measureCluster, measureCollateral, readRoutes } from './measure.ts'
import { whyNotBlock } from './verdict.ts'

/** What attributes picked by hand select, and what a rule of them would do. */
interface Evaluation
  extends
    Pick<Cluster, 'attributes' | 'query' | 'requests' | 'successes' | 'users' | 'ips' | 'knownIpShare'>,
    Pick<Cluster, 'threatIntelShare' | 'shape' | 'collateral' | 'blockable' | 'reason'> {
  readonly share: number
  readonly rule: WafRuleObject | null
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly course: ClusterCourse
}

/** What the API asks about clusters. */
export interface ClusterDoors {
  readonly add: ClusterKeeper['add']
  /** `query` and the range say which requests the attributes are looked for in; the days are those before the range. */
  evaluate(asked: {
    readonly attributes: readonly ClusterAttribute[]
    readonly query: string
    readonly services: readonly string[]
    readonly envs: readonly string[]
    readonly days: number
    readonly range: TimeRange
  }): Promise<Evaluation>
  analyse(asked: Parameters<typeof analyse>[1]): Promise<readonly AnalysedValue[]>
  isolate(asked: Parameters<typeof isolate>[1]): Promise<Isolation>
  /** The rule of a cluster; of the attacked routes unless others are given. Rejects with REQUEST_INVALID where none can say it. */
  toRule(asked: {
    readonly id?: string
    readonly attributes: readonly ClusterAttribute[]
    readonly signal: SignalFacts | undefined
    readonly mode: WafRuleMode
    readonly endsAt: string | null
    readonly routes?: readonly WafRoute[]
    readonly response?: WafReply
  }): Promise<NewWafRule>
}

const courseParts = 120
const minIntervalMs = 10_000

export function createClusterDoors({
  store,
  replay,
  keeper,
}: {
  readonly store: Store
  readonly replay: Replay
  readonly keeper: Pick<ClusterKeeper, 'add'>
}): ClusterDoors {
  const traitsOf = (attributes: readonly ClusterAttribute[]): readonly ReturnType<typeof traitOf>[] =>
    attributes.map((attribute, index) => traitOf(attribute, `attributes[${index}]`))

  return {
    add: (signalId, attributes) => keeper.add(signalId, attributes),
    analyse: (asked) => analyse(store, asked),
    isolate: (asked) => isolate(store, asked),
    async evaluate({ attributes, query: scope, services, envs, days, range }) {
      const traits = traitsOf(attributes)
      const query = clusterQuery(traits, scope === '' ? '' : `(${scope})`)
      const intervalMs = Math.max(minIntervalMs, Math.ceil((range.toMs - range.fromMs) / courseParts / 1_000) * 1_000)
      const [figures, collateral, [all], [course]] = await Promise.all([
        measureCluster(store, { query, campaign: scope, range, onsetMs: range.fromMs }),
        measureCollateral(replay, traits, { days, endMs: range.fromMs, routes: [], services, envs }),
        store.top(scope, range, { by: [], aggregates: ['count'], limit: 1 }),
        store.timeseries(query, range, { intervalMs, aggregates: ['count'] }),
      ])
      const { requests, successes, users, ips, knownIpShare, threatIntelShare, shape, firstSeenMs, lastSeenMs } =
        figures
      const made = clusterRule(traits)
      const precision = requests === 0 ? 0 : 1 - successes / requests
      const problem = 'problem' in made ? made.problem : null
      const reason = whyNotBlock({ requests, precision, knownIpShare, collateral }, problem)
      const seen = (ms: number): string | null => (requests === 0 ? null : new Date(ms).toISOString())
      return {
        attributes: traits.map(attributeOf),
        query,
        requests,
        share: requests / Math.max(1, all?.values[0] ?? 0),
        successes,
        users,
        ips,
        knownIpShare,
        threatIntelShare,
        shape,
        collateral,
        blockable: reason === null,
        reason,
        rule: 'problem' in made ? null : made.rule,
        firstSeen: seen(firstSeenMs),
        lastSeen: seen(lastSeenMs),
        course: { intervalMs, points: course?.points ?? [] },
      }
    },
    async toRule({ id, attributes, signal, mode, endsAt, routes, response }) {
      const made = clusterRule(traitsOf(attributes))
      if ('problem' in made) throw fail('REQUEST_INVALID', 'attributes', made.problem)
      return ruleOfCluster(
        { ...(id === undefined ? {} : { id }), attributes },
        {
          signal,
          mode,
          endsAt,
          routes: routes ?? (signal === undefined ? [] : await readRoutes(store, signal.query, campaignRange(signal))),
          ...(response === undefined ? {} : { response }),
        },
      )
    },
  }
}
