import type { DetectionRule } from '../../model/detection-rule.ts'
import { anyValue, suppressions } from '../campaign.ts'
import type { Store, TimeRange, TopRow, WindowCounts } from '../store/store.ts'
import { slices, topAll, valuesAtOnce } from '../whole-results.ts'
import { groupKey } from './group.ts'

/**
 * The values of a facet that the groups of these windows had in a range, each with when it was first and last seen, by
 * `groupKey`. `name` is the query of the rule whose records are looked at.
 */
export async function readGroupValues(
  store: Store,
  rule: DetectionRule,
  windows: readonly WindowCounts[],
  { name, of, range }: { readonly name: string; readonly of: string; readonly range: TimeRange },
): Promise<ReadonlyMap<string, readonly TopRow[]>> {
  const query = rule.queries[name]
  const last = rule.groupBy.at(-1)
  const found = new Map<string, TopRow[]>()
  if (query === undefined) return found
  const filter = [`(${query.filter})`, ...suppressions(rule)].join(' ')
  const wanted = new Set(windows.map(({ group }) => groupKey(group)))
  const values = [...new Set(windows.map(({ group }) => (last === undefined ? '' : (group[last] ?? ''))))]
  for (const some of slices(values, valuesAtOnce)) {
    const text = last === undefined ? filter : `${filter} ${anyValue(last, some)}`
    for (const row of await topAll(store, text, range, [...rule.groupBy, of], [])) {
      const key = groupKey(Object.fromEntries(rule.groupBy.map((field) => [field, row.group[field] ?? ''])))
      if (!wanted.has(key)) continue
      const rows = found.get(key) ?? []
      rows.push(row)
      found.set(key, rows)
    }
  }
  return found
}
