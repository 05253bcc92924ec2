import type { AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import { randomUUID } from 'node:crypto'
import type { Cluster } from '../../model/cluster.ts'
import type { DetectionRule, RuleQuery } from '../../model/detection-rule.ts'
import { anyOf, anyValue, bareName, isClustered, isNarrow } from '../campaign.ts'
import { valuesAtOnce } from '../whole-results.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TimeRange, WindowCounts } from '../store/store.ts'
import { isOfOneSubject } from './compromised-users.ts'
import { readCourses, type Courses } from './course.ts'
import { attackingIps, targetedUsers, type EntityList } from './entities.ts'
import { compileRule, evaluate, type CompiledRule } from './evaluate.ts'
import { readFigures } from './figures.ts'
import { readFindings, standsOutBy } from './findings.ts'
import { SignalMemory } from './signal-memory.ts'
import { isSlow, replaySlowWindows, type StandsOut } from './slow-windows.ts'
import { keepStrangers } from './strangers.ts'
import { withoutSignalled } from './unless.ts'

/** Windows are counted a stretch of time after the other, each of about so many records, so that few are held at once. */
const recordsOfStretch = 40_000
const shortestStretchMs = 3_600_000
const longestStretchMs = 7 * 86_400_000
/** Of a course, beside what is learned from. */
const bucketsAtOnce = 2_000
/** What a campaign taught is left out from the next one of these on, for rules that learn. */
const learningStretchMs = 3_600_000
/** Signals whose figures and entities are read; a rule that raises more is too wide to be looked at one by one. */
const maxSignals = 500
const maxEntities = 10_000

/** A signal that a rule would have raised (spec/detection.md 1.2). Times are ISO 8601 UTC. */
export interface BackTestedSignal {
  readonly group: Readonly<Record<string, string>>
  readonly case: string
  readonly severity: SignalFacts['severity']
  readonly firstCrossedAt: string
  readonly firstSeen: string
  readonly lastSeen: string
  readonly counts: Readonly<Record<string, number>>
  readonly targetedUsers: number
  readonly attackingIps: number
  readonly compromisedUsers: number
  readonly users?: readonly TargetedUser[]
  readonly ips?: readonly AttackingIp[]
  readonly compromised?: readonly CompromisedUser[]
  readonly clusters?: readonly Cluster[]
}

/** What is said of each signal beside its figures. */
export interface BackTestDetail {
  readonly entities: boolean
  readonly clusters?: boolean
}

/** Finds what the attackers of a signal have in common, and none of `others` is usual traffic. */
export type FindClusters = (
  signal: SignalFacts,
  rule: DetectionRule,
  others: readonly SignalFacts[],
) => Promise<readonly Cluster[]>

/**
 * Replays what is stored in a range through a rule, learning from what is stored before; oldest crossing first. Who got in
 * to a campaign of many addresses is told by clusters too, as with a signal (compromised-users.ts). Of
 * `others`, those that the rule is silent for (`unless`) are replayed before it.
 */
export async function backTest(
  store: Store,
  rule: DetectionRule,
  {
    range,
    others = [],
    findClusters,
    ...detail
  }: BackTestDetail & {
    readonly range: TimeRange
    readonly others?: readonly DetectionRule[]
    readonly findClusters?: FindClusters | undefined
  },
): Promise<{ readonly signals: readonly BackTestedSignal[]; readonly total: number }> {
  const stored = await within(store, range)
  let found = await replay(store, rule, stored, new SignalMemory([]))
  const before = others.filter(({ id }) => rule.unless?.includes(id) === true && id !== rule.id)
  if (found.length > 0 && before.length > 0) {
    // Only for whom this rule would speak: the others may have much more to say.
    const memory = new SignalMemory([])
    for (const other of before) await replay(store, other, stored, memory, termsOf(other, found))
    found = await replay(store, rule, stored, memory, termsOf(rule, found))
  }
  const needed = detail.clusters === true || (detail.entities && !isOfOneSubject({ rule }))
  const clustered = found.length > 0 && needed && isClustered(rule)
  const campaigns = clustered ? [...found, ...(await campaignsOf(store, rule, others, stored))] : []
  const signals: BackTestedSignal[] = []
  for (const signal of found.slice(0, maxSignals)) {
    const clusters = clustered ? await findClusters?.(signal, rule, campaigns) : undefined
    signals.push(await describe(store, rule, { ...signal, clusters: clusters ?? [] }, detail))
  }
  return { signals, total: found.length }
}

/** The campaigns against whole services that the other rules tell of. */
async function campaignsOf(
  store: Store,
  rule: DetectionRule,
  others: readonly DetectionRule[],
  range: TimeRange,
): Promise<readonly SignalFacts[]> {
  const campaigns: SignalFacts[] = []
  for (const other of others) {
    if (other.id === rule.id || !other.enabled || !isClustered(other) || isNarrow(other)) continue
    campaigns.push(...(await replay(store, other, range, new SignalMemory([]))))
  }
  return campaigns
}

/** A query of what a rule counts for the groups of these signals, by the facet that both have; undefined: of all. */
function termsOf({ groupBy }: DetectionRule, signals: readonly SignalFacts[]): string | undefined {
  const by = groupBy.findLast((field) => signals[0] !== undefined && bareName(field) in signals[0].group)
  const values = by === undefined ? [] : [...new Set(signals.map(({ group }) => group[bareName(by)] ?? ''))]
  return by === undefined || values.length > valuesAtOnce ? undefined : anyValue(by, values)
}

/** The part of a range in which anything is stored. */
async function within(store: Store, { fromMs, toMs }: TimeRange): Promise<TimeRange> {
  const { oldestMs, newestMs } = await store.stats()
  if (oldestMs === null || newestMs === null) return { fromMs, toMs: fromMs }
  return { fromMs: Math.max(fromMs, Math.floor(oldestMs)), toMs: Math.min(toMs, Math.ceil(newestMs) + 1_001) }
}

async function replay(
  store: Store,
  rule: DetectionRule,
  range: TimeRange,
  memory: SignalMemory,
  terms?: string,
): Promise<readonly SignalFacts[]> {
  const compiled = compileRule({ ...rule, version: rule.version ?? 1 })
  // Windows of these groups only; what a method looks up stays whole.
  const narrow = (query: RuleQuery): RuleQuery => ({ ...query, filter: `(${query.filter}) ${terms}` })
  const queries = Object.fromEntries(Object.entries(rule.queries).map(([name, query]) => [name, narrow(query)]))
  const narrowed = terms === undefined ? compiled : { ...compiled, rule: { ...compiled.rule, queries } }
  const order = new Set<string>()
  const strangers = keepStrangers(store, rule)
  let courses: Courses = new Map()
  let coursesToMs = Number.NEGATIVE_INFINITY
  const learn = async (toMs: number): Promise<void> => {
    if (rule.anomaly === undefined || toMs <= coursesToMs) return
    const fromMs = toMs - Math.max(learningStretchMs, rule.windowSeconds * 1000)
    coursesToMs = Math.max(toMs, fromMs + rule.anomaly.bucketSeconds * 1000 * bucketsAtOnce)
    courses = await readCourses(store, rule, { fromMs, toMs: coursesToMs })
  }
  const readStandsOut = async (toMs: number): Promise<StandsOut> => {
    await learn(toMs)
    return standsOutBy(rule, { courses, memory })
  }
  for await (const { windows: all, toMs } of stretches(store, narrowed, range, readStandsOut)) {
    const windows = withoutSignalled(rule, all, memory)
    if (windows.length === 0) continue
    await learn(toMs)
    const findingOf = await readFindings(store, rule, windows, { courses, memory, strangers })
    const latest = memory.latest(rule.id)
    const updates = evaluate({ compiled, windows, latest, nowMs: toMs, newId: randomUUID, findingOf })
    for (const { signal } of updates) {
      const isKnown = order.has(signal.id)
      order.add(signal.id)
      memory.apply({ signals: [isKnown ? { update: signal.id, set: signal } : { open: signal }] })
    }
  }
  return [...order].flatMap((id) => memory.get(id) ?? [])
}

/** The windows of a rule, one stretch of time after the other; those of a slow rule are a stretch each. */
async function* stretches(
  store: Store,
  compiled: CompiledRule,
  { fromMs, toMs }: TimeRange,
  readStandsOut: (toMs: number) => Promise<StandsOut>,
): AsyncGenerator<{ readonly windows: readonly WindowCounts[]; readonly toMs: number }> {
  const { rule } = compiled
  if (isSlow(rule)) {
    yield* replaySlowWindows(store, compiled, { fromMs, toMs }, readStandsOut)
    return
  }
  const stepMs = await stretchMsOf(store, rule, { fromMs, toMs })
  for (let startMs = fromMs; startMs < toMs; startMs += stepMs) {
    const stretch = { fromMs: startMs, toMs: Math.min(toMs, startMs + stepMs) }
    const windows = await store.windows({
      queries: rule.queries,
      suppress: rule.suppress ?? [],
      groupBy: rule.groupBy,
      windowSeconds: rule.windowSeconds,
      touched: stretch,
    })
    if (rule.anomaly === undefined) yield { windows, toMs: stretch.toMs }
    else yield* inParts(windows, stretch)
  }
}

/** How long a stretch of about `recordsOfStretch` is: whole hours. */
async function stretchMsOf(store: Store, rule: DetectionRule, range: TimeRange): Promise<number> {
  const filters = [...new Set(Object.values(rule.queries).map(({ filter }) => filter))]
  const [row] = await store.top(anyOf(filters), range, { by: [], aggregates: ['count'], limit: 1 })
  const count = Math.max(1, row?.values[0] ?? 0)
  const idealMs = ((range.toMs - range.fromMs) * recordsOfStretch) / count
  const wholeHoursMs = Math.floor(idealMs / shortestStretchMs) * shortestStretchMs
  return Math.min(longestStretchMs, Math.max(shortestStretchMs, wholeHoursMs))
}

function* inParts(
  windows: readonly WindowCounts[],
  { fromMs, toMs }: TimeRange,
): Generator<{ readonly windows: readonly WindowCounts[]; readonly toMs: number }> {
  let next = 0
  for (let startMs = fromMs; startMs < toMs; startMs += learningStretchMs) {
    const endMs = Math.min(toMs, startMs + learningStretchMs)
    const first = next
    while ((windows[next]?.toMs ?? Infinity) < endMs) next++
    if (next > first) yield { windows: windows.slice(first, next), toMs: endMs }
  }
}

async function describe(
  store: Store,
  rule: DetectionRule,
  signal: SignalFacts,
  { entities, clusters = false }: BackTestDetail,
): Promise<BackTestedSignal> {
  const campaign = { rule, signal }
  const { figures, compromised } = await readFigures(store, rule, signal)
  return {
    group: signal.group,
    case: signal.case,
    severity: signal.severity,
    firstCrossedAt: signal.openedAt,
    firstSeen: signal.firstSeen,
    lastSeen: signal.lastSeen,
    counts: figures.counts,
    targetedUsers: figures.targetedUsers,
    attackingIps: figures.attackingIps,
    compromisedUsers: figures.compromisedUsers,
    ...(entities
      ? {
          users: await firstOf(await targetedUsers(store, campaign, compromised)),
          ips: await firstOf(await attackingIps(store, campaign)),
          compromised,
        }
      : {}),
    ...(clusters ? { clusters: signal.clusters ?? [] } : {}),
  }
}

async function firstOf<T>(list: EntityList<T>): Promise<readonly T[]> {
  try {
    return (await list.page(0, maxEntities)) ?? []
  } finally {
    await list.drop()
  }
}
