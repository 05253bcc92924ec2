import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import type { Cluster, ClusterAttribute } from '../../model/cluster.ts'
import { sharedInWords } from '../../model/cluster.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import type { ManagedWafRule } from '../../model/waf-rule.ts'
import { campaignRange, isClustered, isNarrow } from '../campaign.ts'
import { signalsWithin } from '../signals-within.ts'
import type { Changes, SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { traitOf } from './attribute.ts'
import { createDescriber } from './describe-cluster.ts'
import type { ClusterIdentity } from './describe-cluster.ts'
import type { FoundCluster } from './find-clusters.ts'
import type { Replay } from './measure.ts'
import { readRoutes } from './measure.ts'
import { OpenSignals } from './open-signals.ts'
import { Baselines, searchSignal } from './search-signal.ts'
import type { Trait } from './trait.ts'
import { traitKey } from './trait.ts'

/** How often it is looked whether a signal is due. */
const lookEveryMs = 1_000
/** Signals that one pass looks at; then the store rests twice as long as that took. */
const signalsAtOnce = 5
const restFactor = 2
/** A signal is looked at again after this long at the earliest, or ten times what the last time cost. */
const againAfterMs = 10_000
/** One of many (addresses, accounts) is not looked at again before this. */
const narrowAgainAfterMs = 60_000
const costFactor = 10
/** A cluster that is not found any more stays as a fading one until nothing of it was seen for this long. */
const fadesWithinMs = 3_600_000
/** A version begins at the latest after this long, so that a slow change shows as well. */
const versionEveryMs = 300_000
const maxClusters = 16

export interface ClusterKeeperOptions {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
  /** Of the lead under which clusters are written; once another collector leads, nothing of them is (STATE_FENCED). */
  readonly epoch: number
  readonly replay: Replay
  /** The managed rule that was made of a cluster, if there is one. */
  readonly ruleOf: (clusterId: string) => ManagedWafRule | undefined
  /** Told of a signal's clusters whenever they were looked at: what automation goes by. */
  readonly onClusters: (signal: SignalFacts, rule: DetectionRule, clusters: readonly Cluster[]) => Promise<void>
  readonly onError: (error: unknown) => void
}

/** Clusters in motion: those of every open signal, kept current. */
export interface ClusterKeeper {
  start(): void
  /** Looks at the signals that are due; returns how many. */
  refresh(): Promise<number>
  /** Adds a cluster picked by hand to a signal. Rejects with NOT_FOUND, REQUEST_INVALID, STATE_FENCED. */
  add(signalId: string, attributes: readonly ClusterAttribute[]): Promise<Cluster>
  stop(): Promise<void>
}

export async function keepClusters(options: ClusterKeeperOptions): Promise<ClusterKeeper> {
  const { store, state, clock, epoch, ruleOf, onClusters, onError } = options
  const signals = new OpenSignals(await state.recentSignals(clock.nowMs()))
  const unsubscribe = state.subscribe((changes: Changes) => signals.apply(changes))
  const baselines = new Baselines(store, (service, range) => signalsWithin(state, service, range))
  const describer = createDescriber(options)
  const rules = new Map<string, DetectionRule>()
  const versions = new Map<string, { readonly key: string; readonly atMs: number }>()
  let last: Promise<unknown> = Promise.resolve()
  let cancel: (() => void) | undefined
  let stopped = false
  let restMs = lookEveryMs

  /** One at a time, so that clusters added by hand and found ones never overwrite each other. */
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = last.then(run)
    last = turn.catch(() => undefined)
    return turn
  }

  async function ruleFor({ rule: { id, version } }: SignalFacts): Promise<DetectionRule | undefined> {
    const key = `${id}@${version}`
    if (!rules.has(key)) {
      for (const one of await state.ruleVersions(id)) rules.set(`${id}@${one.rule.version}`, one.rule)
    }
    return rules.get(key)
  }

  async function look(signal: SignalFacts, rule: DetectionRule): Promise<void> {
    const before = signal.clusters ?? []
    const earlier = before.map((cluster) => ({ cluster, traits: traitsIn(cluster) }))
    const known = earlier.filter(({ cluster }) => cluster.origin === 'found').map(({ traits }) => traits)
    const [found, routes] = await Promise.all([
      searchSignal(store, baselines, { rule, signal, known }),
      readRoutes(store, signal.query, campaignRange(signal)),
    ])
    const clusters: Cluster[] = []
    for (const identity of identities(found, earlier)) {
      const rule_ = ruleOf(identity.id)
      const cluster = await describer.describe({ rule, signal, routes }, { ...identity, wafRuleId: rule_?.id ?? null })
      if (identity.found === undefined && identity.origin === 'found') {
        const isOver = Date.parse(signal.lastSeen) - Date.parse(cluster.lastSeen) > fadesWithinMs
        if (isOver && !isInForce(rule_, clock.nowMs())) continue
        clusters.push({ ...cluster, precision: precisionBefore(earlier, identity.id), trend: 'fading' })
      } else clusters.push(cluster)
      if (clusters.length === maxClusters) break
    }
    await commit(signal, clusters)
    await onClusters(signal, rule, clusters)
    const answered = clusters.map((cluster) => ({ ...cluster, wafRuleId: ruleOf(cluster.id)?.id ?? null }))
    await commit({ ...signal, clusters }, answered)
  }

  async function commit(signal: SignalFacts, clusters: readonly Cluster[]): Promise<void> {
    // Who leads no more has to learn it here, before rules are made of the clusters.
    if (JSON.stringify(clusters) === JSON.stringify(signal.clusters)) return state.commit({ epoch })
    // That it was looked for and nothing found is worth saying, but no version.
    if (clusters.length === 0 && signal.clusters === undefined) {
      return state.commit({ epoch, signals: [{ update: signal.id, set: { clusters } }] })
    }
    const nowMs = clock.nowMs()
    const key = JSON.stringify(
      clusters.map(({ id, attributes, blockable, wafRuleId }) => [id, attributes, blockable, wafRuleId]),
    )
    const version = versions.get(signal.id)
    const isVersion = version?.key !== key || nowMs - version.atMs >= versionEveryMs
    const at = new Date(nowMs).toISOString()
    const told = new Set((signal.clusters ?? []).map(({ id }) => id))
    await state.commit({
      epoch,
      signals: [{ update: signal.id, set: { clusters } }],
      ...(isVersion ? { clusters: [{ signalId: signal.id, at, clusters }] } : {}),
      timeline: clusters
        .filter(({ id }) => !told.has(id))
        .map((cluster) => ({
          signalId: signal.id,
          at,
          by: 'portcullis',
          kind: 'cluster_found' as const,
          text: sentence(cluster),
        })),
    })
    if (isVersion) versions.set(signal.id, { key, atMs: nowMs })
  }

  async function refreshOne(id: string): Promise<void> {
    const signal = signals.get(id)
    if (signal === undefined) return
    const startedMs = clock.nowMs()
    const rule = await ruleFor(signal)
    if (rule === undefined) return
    try {
      await look(signal, rule)
    } finally {
      const leastMs = isNarrow(rule) ? narrowAgainAfterMs : againAfterMs
      signals.looked(signal, clock.nowMs() + Math.max(leastMs, costFactor * (clock.nowMs() - startedMs)))
    }
  }

  async function refresh(): Promise<number> {
    const due = signals.due(clock.nowMs(), isClustered)
    for (const id of due.slice(0, signalsAtOnce)) {
      if (stopped) break
      await inTurn(() => refreshOne(id)).catch(onError)
    }
    return Math.min(due.length, signalsAtOnce)
  }

  function schedule(): void {
    if (stopped) return
    cancel = clock.after(restMs, () => {
      const startedMs = clock.nowMs()
      void refresh()
        .catch(onError)
        .finally(() => {
          restMs = Math.max(lookEveryMs, restFactor * (clock.nowMs() - startedMs))
          schedule()
        })
    })
  }

  return {
    start: schedule,
    refresh,
    add: (signalId, attributes) =>
      inTurn(async () => {
        const signal = await state.signal(signalId)
        if (signal === null) throw fail('NOT_FOUND', `signal ${signalId}`)
        const rule = await ruleFor(signal)
        if (rule === undefined) throw fail('NOT_FOUND', `the rule of signal ${signalId}`)
        const traits = attributes.map((attribute, index) => traitOf(attribute, `attributes[${index}]`))
        const clusters = signal.clusters ?? []
        const same = clusters.find((cluster) => keyOf(traitsIn(cluster)) === keyOf(traits))
        if (same !== undefined) return same
        if (clusters.length >= maxClusters) throw fail('CONFLICT', `a signal has ${maxClusters} clusters at most`)
        const routes = await readRoutes(store, signal.query, campaignRange(signal))
        const identity = { id: randomUUID(), origin: 'custom', traits, wafRuleId: null, found: undefined } as const
        const added = await describer.describe({ rule, signal, routes }, identity)
        await commit(signal, [...clusters, added])
        return added
      }),
    async stop() {
      stopped = true
      cancel?.()
      unsubscribe()
      await last
    },
  }
}

interface Earlier {
  readonly cluster: Cluster
  readonly traits: readonly Trait[]
}

/** Found ones first, each with the id that it had before; then those picked by hand and those that fade. */
function* identities(found: readonly FoundCluster[], earlier: readonly Earlier[]): Generator<ClusterIdentity> {
  const byKey = new Map(earlier.map((one) => [keyOf(one.traits), one.cluster]))
  const seen = new Set<string>()
  for (const one of found) {
    const before = byKey.get(keyOf(one.traits))
    const id = before?.id ?? randomUUID()
    seen.add(id)
    yield { id, origin: before?.origin ?? 'found', traits: one.traits, wafRuleId: null, found: one }
  }
  for (const { cluster, traits } of earlier) {
    if (seen.has(cluster.id)) continue
    yield { id: cluster.id, origin: cluster.origin, traits, wafRuleId: null, found: undefined }
  }
}

function precisionBefore(earlier: readonly Earlier[], id: string): number {
  return earlier.find(({ cluster }) => cluster.id === id)?.cluster.precision ?? 0
}

function isInForce(rule: ManagedWafRule | undefined, nowMs: number): boolean {
  if (rule === undefined || (rule.mode !== 'blocking' && rule.mode !== 'monitoring')) return false
  return rule.endsAt === null || Date.parse(rule.endsAt) > nowMs
}

function traitsIn({ attributes }: Cluster): readonly Trait[] {
  return attributes.map((attribute, index) => traitOf(attribute, `attributes[${index}]`))
}

function keyOf(traits: readonly Trait[]): string {
  return traits.map(traitKey).sort().join('\n')
}

function sentence({ attributes, requests, attackShare, origin }: Cluster): string {
  const shared = sharedInWords(attributes)
  const percent = `${Math.round(attackShare * 100)} %`
  return origin === 'custom'
    ? `Cluster picked by hand: ${shared} (${requests} requests)`
    : `Attackers share ${shared} (${requests} requests, ${percent} of the attack)`
}
