import { anyValue } from './campaign.ts'
import { valuesAtOnce } from './whole-results.ts'
import type { Aggregate, Store, TimeRange, TopRow } from './store/store.ts'

export interface ComparedRow {
  readonly group: Readonly<Record<string, string>>
  readonly values: readonly number[]
  readonly baseline: readonly number[]
  /** The first value less what a baseline of the window's length has. */
  readonly excess: number
}

/** Groups that stand out in either of two ranges are looked up in the other one. */
const candidates = 1_000
/** Groups by several facets are found by the values of each, which also finds other pairs of these. */
const maxPairs = 100_000

/** The groups of a query in a window against a baseline, the largest excess first. */
export async function compareGroups(
  store: Store,
  options: {
    readonly query: string
    readonly window: TimeRange
    readonly baseline: TimeRange
    readonly by: readonly string[]
    readonly aggregates: readonly Aggregate[]
    readonly limit: number
  },
): Promise<readonly ComparedRow[]> {
  const { query, window, baseline, by, aggregates, limit } = options
  const rows = await store.top(query, window, { by, aggregates, limit: candidates })
  if (rows.length === 0) return []
  const before = new Map<string, TopRow>()
  for (let start = 0; start < rows.length; start += valuesAtOnce) {
    const some = rows.slice(start, start + valuesAtOnce)
    const terms = by.map((facet) => anyValue(facet, [...new Set(some.map(({ group }) => group[facet] ?? ''))]))
    const narrowed = [...(query.trim() === '' ? [] : [`(${query})`]), ...terms].join(' ')
    const known = await store.top(narrowed, baseline, {
      by,
      aggregates,
      limit: Math.min(some.length ** by.length, maxPairs),
    })
    for (const row of known) before.set(keyOf(row, by), row)
  }
  const scale = (window.toMs - window.fromMs) / (baseline.toMs - baseline.fromMs)
  return rows
    .map((row): ComparedRow => {
      const usual = before.get(keyOf(row, by))?.values ?? aggregates.map(() => 0)
      const excess = (row.values[0] ?? 0) - (usual[0] ?? 0) * scale
      return { group: row.group, values: row.values, baseline: usual, excess: Math.round(excess * 1_000) / 1_000 }
    })
    .sort((a, b) => b.excess - a.excess)
    .slice(0, limit)
}

function keyOf({ group }: TopRow, by: readonly string[]): string {
  return JSON.stringify(by.map((facet) => group[facet] ?? ''))
}
