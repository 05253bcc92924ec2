import type { Clock } from '../../model/clock.ts'
import type { Cluster } from '../../model/cluster.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import { PortcullisError } from '../../model/error.ts'
import type { SignalUpdate, TimelineEntry } from '../../model/signal.ts'
import type { ManagedWafRule, NewWafRule, WafReply, WafRoute, WafRuleMode } from '../../model/waf-rule.ts'
import { defaultCollateral } from '../../model/waf-rule.ts'
import { campaignRange } from '../campaign.ts'
import type { WafRules } from '../respond/waf-rules.ts'
import type { SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { traitOf } from './attribute.ts'
import { clusterRule } from './cluster-rule.ts'
import { readRoutes } from './measure.ts'

/** A cluster must be this much of the attack, and of this size, before automation makes a rule of it. */
const leastAttackShare = 0.1
const leastRequests = 100
/** A rule is renewed while requests of its cluster, stopped or not, came within this time. */
const activeWithinMs = 300_000
const author = 'automation'

export interface AnswerParts {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
  readonly wafRules: Pick<WafRules, 'list' | 'versions' | 'add' | 'change'>
  /** As they are set at the moment. */
  readonly switches: () => { readonly automation: boolean; readonly blocking: boolean }
  /** Act on events that came without an ingest key, too. */
  readonly trustUnkeyed: boolean
  /** Why automation may not block what touches so many more users this hour; undefined where it may. */
  readonly whyOverCeiling: (users: number) => Promise<string | undefined>
}

/** What automation does about clusters: a WAF rule for a while, renewed while the campaign lasts. */
export interface ClusterAnswers {
  /** Notes whose events can be trusted: automation acts on no others. */
  note(updates: readonly SignalUpdate[]): void
  answer(signal: SignalFacts, rule: DetectionRule, clusters: readonly Cluster[]): Promise<void>
}

export function createClusterAnswers(parts: AnswerParts): ClusterAnswers {
  const { state, clock, wafRules, switches, trustUnkeyed, whyOverCeiling } = parts
  const trusted = new Map<string, boolean>()
  const refused = new Set<string>()

  async function refuse(signal: SignalFacts, cluster: Cluster, why: string): Promise<void> {
    const key = JSON.stringify([cluster.id, why])
    if (refused.has(key)) return
    if (refused.size > 10_000) refused.clear()
    refused.add(key)
    const text = `the cluster ${cluster.id} is not blocked: ${why}`
    const at = new Date(clock.nowMs()).toISOString()
    const entry: TimelineEntry = { signalId: signal.id, at, by: author, kind: 'response_refused', text }
    await state.commit({ timeline: [entry] })
  }

  return {
    note(updates) {
      for (const { signal, what, trusted: isTrusted } of updates) {
        if (what === 'closed') trusted.delete(signal.id)
        else trusted.set(signal.id, isTrusted && trusted.get(signal.id) !== false)
      }
    },
    async answer(signal, rule, clusters) {
      const forSeconds = secondsToBlock(signal, rule)
      const { automation, blocking } = switches()
      if (!automation || !blocking || forSeconds === undefined || signal.state === 'archived') return
      const untilMs = clock.nowMs() + forSeconds * 1_000
      for (const cluster of clusters) {
        const made = wafRules.list().find(({ origin }) => origin.clusterId === cluster.id)
        if (made !== undefined) {
          if (await isToRenew(parts, made, cluster, forSeconds)) {
            await wafRules.change(made.id, { endsAt: new Date(untilMs).toISOString() }, author)
          }
          continue
        }
        if (cluster.origin !== 'found' || cluster.trend === 'fading') continue
        if (cluster.attackShare < leastAttackShare || cluster.requests < leastRequests) continue
        const isTrusted = trustUnkeyed || trusted.get(signal.id)
        // After a restart nothing is known before the next events.
        if (isTrusted === undefined || (await wasDeleted(wafRules, cluster))) continue
        if (!isTrusted) {
          await refuse(signal, cluster, 'some of its events came without an ingest key')
        } else if (cluster.reason !== null) await refuse(signal, cluster, cluster.reason)
        else {
          const routes = await readRoutes(parts.store, signal.query, campaignRange(signal))
          if (routes.length === 0) {
            await refuse(signal, cluster, 'its requests do not say which route they are for')
            continue
          }
          const { users } = cluster.collateral
          const over = await whyOverCeiling(users)
          if (over !== undefined) {
            await refuse(signal, cluster, over)
            continue
          }
          const until = new Date(untilMs).toISOString()
          try {
            await wafRules.add(
              ruleOfCluster(cluster, { signal, routes, mode: 'blocking', endsAt: until }),
              author,
              users,
            )
          } catch (error) {
            if (!(error instanceof PortcullisError)) throw error
            await refuse(signal, cluster, error.message)
          }
        }
      }
    },
  }
}

/** A rule that a person deleted does not come back by itself. */
async function wasDeleted(wafRules: AnswerParts['wafRules'], { id }: Cluster): Promise<boolean> {
  const versions = await wafRules.versions(ruleIdOf(id)).catch(() => [])
  return versions.some(({ deleted }) => deleted)
}

/** The id of the rule of a cluster. */
function ruleIdOf(clusterId: string): string {
  return `cluster-${clusterId}`
}

/** For how long the case that a signal is in blocks its clusters; undefined where it does not. */
function secondsToBlock(signal: SignalFacts, { cases }: DetectionRule): number | undefined {
  const responses = cases.find(({ name }) => name === signal.case)?.respond ?? []
  for (const response of responses) if ('block' in response && response.block === 'cluster') return response.forSeconds
  return undefined
}

/** Whether a rule that automation made ends soon though its cluster goes on. What a person changed stays as it is. */
async function isToRenew(
  { store, clock }: AnswerParts,
  rule: ManagedWafRule,
  { query, trend }: Cluster,
  forSeconds: number,
): Promise<boolean> {
  if (rule.origin.by !== author || rule.mode !== 'blocking' || rule.endsAt === null) return false
  const nowMs = clock.nowMs()
  if (Date.parse(rule.endsAt) - nowMs > (forSeconds * 1_000) / 2) return false
  const recent = { fromMs: nowMs - activeWithinMs, toMs: nowMs + 60_000 }
  const stopped = `@appsec.blocked:true @appsec.rules:${rule.id}*`
  const counts = [stopped, ...(trend === 'fading' ? [] : [query])].map((of) =>
    store.top(of, recent, { by: [], aggregates: ['count'], limit: 1 }),
  )
  return (await Promise.all(counts)).some(([row]) => (row?.values[0] ?? 0) > 0)
}

/** The managed WAF rule that says what a cluster is. Throws TypeError where no rule can say it; ask `clusterRule` first. */
export function ruleOfCluster(
  { id, attributes }: Pick<Cluster, 'attributes'> & { readonly id?: string },
  how: {
    readonly signal: Pick<SignalFacts, 'id' | 'title' | 'group'> | undefined
    readonly routes: readonly WafRoute[]
    readonly mode: WafRuleMode
    readonly endsAt: string | null
    readonly response?: WafReply
  },
): NewWafRule {
  const made = clusterRule(attributes.map((attribute, index) => traitOf(attribute, `attributes[${index}]`)))
  if ('problem' in made) throw new TypeError(made.problem)
  const { service, env } = how.signal?.group ?? {}
  return {
    name: `Cluster of ${how.signal?.title ?? 'a selection'}`.slice(0, 200),
    mode: how.mode,
    services: service === undefined ? [] : [service],
    envs: env === undefined ? [] : [env],
    routes: how.routes,
    response: how.response ?? 'block',
    endsAt: how.endsAt,
    collateral: defaultCollateral,
    rule: id === undefined ? made.rule : { ...made.rule, id: ruleIdOf(id) },
    signalId: how.signal?.id ?? null,
    clusterId: id ?? null,
  }
}
