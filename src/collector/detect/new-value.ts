import type { DetectionRule, NewValueOptions } from '../../model/detection-rule.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { groupKey } from './group.ts'
import { readGroupValues } from './group-values.ts'

const dayMs = 86_400_000

/** What the new-value method says of a window. */
export interface NewValueFinding {
  readonly fresh: number
  readonly known: number
}

/** How many values each window has that its group did not have before, and how many it had. */
export async function findNewValues(
  store: Store,
  rule: DetectionRule,
  options: NewValueOptions,
  windows: readonly WindowCounts[],
): Promise<(window: WindowCounts) => NewValueFinding> {
  const windowMs = rule.windowSeconds * 1000
  const ends = windows.map(({ toMs }) => toMs)
  const range = {
    fromMs: Math.min(...ends) - windowMs - options.forgetAfterDays * dayMs,
    toMs: Math.max(...ends) + 1,
  }
  const values = await readGroupValues(store, rule, windows, { name: options.query, of: options.of, range })
  return ({ group, toMs }) => {
    const rows = (values.get(groupKey(group)) ?? []).filter(({ firstSeenMs }) => firstSeenMs <= toMs)
    const fromMs = toMs - windowMs
    const known = rows.filter(({ firstSeenMs }) => firstSeenMs <= fromMs)
    const sinceMs = rows.reduce((earliest, { firstSeenMs }) => Math.min(earliest, firstSeenMs), toMs)
    const isLearned = options.learningDays === 0 ? known.length > 0 : sinceMs <= fromMs - options.learningDays * dayMs
    return { fresh: isLearned ? rows.length - known.length : 0, known: known.length }
  }
}
