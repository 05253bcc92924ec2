import { randomUUID } from 'node:crypto'
import type { DetectionRule } from '../../model/detection-rule.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { readCourses } from './course.ts'
import { attackingIps, targetedUsers, type AttackingIp, type CompromisedUser, type TargetedUser } from './entities.ts'
import { compileRule, evaluate } from './evaluate.ts'
import { readFigures } from './figures.ts'
import { readFindings } from './findings.ts'
import { SignalMemory } from './signal-memory.ts'

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

/** Replays what is stored in a range through a rule, learning from what is stored before; oldest crossing first. */
export async function backTest(
  store: Store,
  rule: DetectionRule,
  { range, entities }: { readonly range: TimeRange; readonly entities: boolean },
): Promise<{ readonly signals: readonly BackTestedSignal[]; readonly total: number }> {
  const found = await replay(store, rule, await within(store, range))
  const signals: BackTestedSignal[] = []
  for (const signal of found.slice(0, maxSignals)) signals.push(await describe(store, rule, signal, entities))
  return { signals, total: found.length }
}

/** The part of a range in which anything is stored. */
async function within(store: Store, { fromMs, toMs }: TimeRange): Promise<TimeRange> {
  const { oldestMs, newestMs } = await store.stats()
  if (oldestMs === null || newestMs === null) return { fromMs, toMs: fromMs }
  return { fromMs: Math.max(fromMs, Math.floor(oldestMs)), toMs: Math.min(toMs, Math.ceil(newestMs) + 1_001) }
}

async function replay(store: Store, rule: DetectionRule, { fromMs, toMs }: TimeRange): Promise<readonly SignalFacts[]> {
  const compiled = compileRule({ ...rule, version: rule.version ?? 1 })
  const memory = new SignalMemory([])
  const order = new Set<string>()
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
    if (windows.length === 0) continue
    const courses = await readCourses(store, rule, stretch.toMs)
    const findingOf = await readFindings(store, rule, windows, { courses, memory })
    const updates = evaluate({
      compiled,
      windows,
      latest: memory.latest(rule.id),
      nowMs: stretch.toMs,
      newId: randomUUID,
      findingOf,
    })
    for (const { signal } of updates) {
      const isKnown = order.has(signal.id)
      order.add(signal.id)
      memory.apply({ signals: [isKnown ? { update: signal.id, set: signal } : { open: signal }] })
    }
  }
  return [...order].flatMap((id) => memory.get(id) ?? [])
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
