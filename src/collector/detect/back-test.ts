import type { AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import { randomUUID } from 'node:crypto'
import type { DetectionRule, RuleQuery } from '../../model/detection-rule.ts'
import { anyValue, bareName } from '../campaign.ts'
import { valuesAtOnce } from '../whole-results.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TimeRange, WindowCounts } from '../store/store.ts'
import { readCourses, type Courses } from './course.ts'
import { attackingIps, targetedUsers } from './entities.ts'
import { compileRule, evaluate, type CompiledRule } from './evaluate.ts'
import { readFigures } from './figures.ts'
import { readFindings } from './findings.ts'
import { SignalMemory } from './signal-memory.ts'
import { isSlow, replaySlowWindows } from './slow-windows.ts'
import { keepStrangers } from './strangers.ts'
import { withoutSignalled } from './unless.ts'

/** Windows are evaluated a stretch of time after the other, so that a long range holds few of them at once. */
const stretchMs = 6 * 3_600_000
/** What a campaign taught is left out from the next stretch on, hence shorter ones for rules that learn. */
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
}

/**
 * Replays what is stored in a range through a rule, learning from what is stored before; oldest crossing first. Of
 * `others`, those that the rule is silent for (`unless`) are replayed before it.
 */
export async function backTest(
  store: Store,
  rule: DetectionRule,
  {
    range,
    entities,
    others = [],
  }: { readonly range: TimeRange; readonly entities: boolean; readonly others?: readonly DetectionRule[] },
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
  const signals: BackTestedSignal[] = []
  for (const signal of found.slice(0, maxSignals)) signals.push(await describe(store, rule, signal, entities))
  return { signals, total: found.length }
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
  const learnEveryMs = (rule.anomaly?.bucketSeconds ?? 0) * 1000
  const strangers = keepStrangers(store, rule)
  let courses: Courses = new Map()
  let coursesAtMs = Number.NEGATIVE_INFINITY
  for await (const { windows: all, toMs } of stretches(store, narrowed, range)) {
    const windows = withoutSignalled(rule, all, memory)
    if (windows.length === 0) continue
    if (toMs - coursesAtMs >= learnEveryMs) {
      courses = await readCourses(store, rule, toMs)
      coursesAtMs = toMs
    }
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
): AsyncGenerator<{ readonly windows: readonly WindowCounts[]; readonly toMs: number }> {
  const { rule } = compiled
  if (isSlow(rule)) {
    yield* replaySlowWindows(store, compiled, { fromMs, toMs })
    return
  }
  const stepMs = rule.anomaly === undefined ? stretchMs : learningStretchMs
  for (let startMs = fromMs; startMs < toMs; startMs += stepMs) {
    const stretch = { fromMs: startMs, toMs: Math.min(toMs, startMs + stepMs) }
    const windows = await store.windows({
      queries: rule.queries,
      suppress: rule.suppress ?? [],
      groupBy: rule.groupBy,
      windowSeconds: rule.windowSeconds,
      touched: stretch,
    })
    yield { windows, toMs: stretch.toMs }
  }
}

async function describe(
  store: Store,
  rule: DetectionRule,
  signal: SignalFacts,
  entities: boolean,
): Promise<BackTestedSignal> {
  const campaign = { rule, signal }
  const all = { limit: maxEntities }
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
          users: (await targetedUsers(store, campaign, all)).items,
          ips: (await attackingIps(store, campaign, all)).items,
          compromised,
        }
      : {}),
  }
}
