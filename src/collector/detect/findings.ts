import type { DetectionRule } from '../../model/detection-rule.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { findAnomaly } from './anomaly.ts'
import type { Finding } from './condition.ts'
import type { Courses } from './course.ts'
import { findListed } from './dictionary.ts'
import { groupKey } from './group.ts'
import type { SignalMemory } from './signal-memory.ts'

/** What the method of a rule says of windows beside their counts; the same live and in a back-test. */
export async function readFindings(
  store: Store,
  rule: DetectionRule,
  windows: readonly WindowCounts[],
  { courses, memory }: { readonly courses: Courses; readonly memory: SignalMemory },
): Promise<(window: WindowCounts) => Finding> {
  const { anomaly, dictionary } = rule
  if (dictionary !== undefined) {
    const listed = await findListed(store, rule, dictionary, windows)
    return (window) => ({ listed: listed.get(window) ?? 0 })
  }
  if (anomaly === undefined) return () => ({})
  return ({ group, toMs, counts }) => {
    const key = groupKey(group)
    const window = { toMs, count: counts[anomaly.query] ?? 0, successes: counts[anomaly.successes ?? ''] ?? 0 }
    const campaigns = memory.campaigns(rule.id, key)
    return findAnomaly(anomaly, rule.windowSeconds, window, courses.get(key) ?? [], campaigns)
  }
}
