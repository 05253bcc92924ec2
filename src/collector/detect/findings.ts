import type { AnomalyOptions, DetectionRule } from '../../model/detection-rule.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { judgeByCourse, type AnomalyVerdict } from './anomaly.ts'
import type { Finding } from './condition.ts'
import type { Courses } from './course.ts'
import { findListed } from './dictionary.ts'
import { groupKey } from './group.ts'
import { findTravels } from './impossible-travel.ts'
import { findNewValues } from './new-value.ts'
import type { SignalMemory } from './signal-memory.ts'
import type { StandsOut } from './slow-windows.ts'
import type { Strangers } from './strangers.ts'

/** How many times the usual number of strangers there have to be. */
const strangerFactor = 1.5

interface Learned {
  readonly courses: Courses
  readonly memory: SignalMemory
  readonly strangers: Strangers
}

/** What the method of a rule says of windows beside their counts; the same live and in a back-test. */
export async function readFindings(
  store: Store,
  rule: DetectionRule,
  windows: readonly WindowCounts[],
  learned: Learned,
): Promise<(window: WindowCounts) => Finding> {
  const { anomaly, dictionary, newValue, travel } = rule
  if (anomaly !== undefined) return readAnomalies(rule, windows, learned)
  if (dictionary !== undefined) {
    const listed = await findListed(store, rule, dictionary, windows)
    return (window) => ({ listed: listed.get(window) ?? 0 })
  }
  if (newValue !== undefined) return findNewValues(store, rule, newValue, windows)
  if (travel !== undefined) {
    const travels = await findTravels(store, rule, travel, windows)
    return (window) => ({ travels: travels.get(window) ?? 0 })
  }
  return () => ({})
}

async function readAnomalies(
  rule: DetectionRule,
  windows: readonly WindowCounts[],
  { courses, memory, strangers }: Learned,
): Promise<(window: WindowCounts) => Finding> {
  const { anomaly } = rule
  if (anomaly === undefined) return () => ({})
  const judge = judgesOf(rule, anomaly, { courses, memory })
  const verdicts = new Map<WindowCounts, AnomalyVerdict>()
  for (const window of windows) {
    const { counts } = window
    verdicts.set(window, judge(window, counts[anomaly.query] ?? 0, counts[anomaly.successes ?? ''] ?? 0))
  }
  const { strangerShare } = anomaly
  const doubtful = windows.filter((window) => verdicts.get(window)?.doubtful)
  if (strangerShare !== undefined && doubtful.length > 0) {
    for (const [window, { now, usual }] of await strangers.count(anomaly.query, doubtful)) {
      const verdict = verdicts.get(window)
      if (verdict === undefined || usual === undefined) continue
      const isUnusual = now > strangerFactor * usual + anomaly.tolerance * Math.sqrt(usual) && now > anomaly.floor / 2
      const anomalous = isUnusual && now - usual >= strangerShare * verdict.excess
      verdicts.set(window, { ...verdict, anomalous })
    }
  }
  return (window) => verdicts.get(window) ?? {}
}

/** Judges windows of any group, each by the course of its own. */
function judgesOf(
  rule: DetectionRule,
  anomaly: AnomalyOptions,
  { courses, memory }: Pick<Learned, 'courses' | 'memory'>,
): (window: Pick<WindowCounts, 'group' | 'toMs'>, count: number, successes: number) => AnomalyVerdict {
  const judges = new Map<string, ReturnType<typeof judgeByCourse>>()
  return ({ group, toMs }, count, successes) => {
    const key = groupKey(group)
    const judge =
      judges.get(key) ??
      judgeByCourse(anomaly, rule.windowSeconds, courses.get(key) ?? [], memory.campaigns(rule.id, key))
    judges.set(key, judge)
    return judge({ toMs, count, successes })
  }
}

/** Tells long windows that cannot be anomalous, so that they need not be counted exactly. */
export function standsOutBy(rule: DetectionRule, learned: Pick<Learned, 'courses' | 'memory'>): StandsOut {
  const { anomaly } = rule
  if (anomaly === undefined) return () => true
  const judge = judgesOf(rule, anomaly, learned)
  return (window, most, least) => {
    const { anomalous, doubtful } = judge(window, most[anomaly.query] ?? 0, least[anomaly.successes ?? ''] ?? 0)
    return anomalous || (doubtful && anomaly.strangerShare !== undefined)
  }
}
