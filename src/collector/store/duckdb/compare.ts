import { fail } from '../../../model/error.ts'
import type { Aggregate, ComparedGroup, RecordScope, TimeRange } from '../store.ts'
import { aggregation, groupOf } from './aggregate.ts'
import { Binder, integer } from './binder.ts'
import type { Database } from './database.ts'
import type { Sources } from './tables.ts'

/** The groups of a query in a window beside what they have in a baseline, the largest excess first. */
export async function compare(
  database: Database,
  tables: Sources,
  text: string,
  { window, baseline }: { readonly window: TimeRange; readonly baseline: TimeRange },
  options: {
    readonly by: readonly string[]
    readonly aggregates: readonly Aggregate[]
    readonly limit: number
    readonly records?: RecordScope
  },
): Promise<readonly ComparedGroup[]> {
  const { by } = options
  if (by.length === 0) throw fail('REQUEST_INVALID', 'by', 'names no facet')
  const scale = (window.toMs - window.fromMs) / (baseline.toMs - baseline.fromMs)
  if (!Number.isFinite(scale)) throw fail('REQUEST_INVALID', 'baseline', 'must begin before it ends')
  const binder = new Binder()
  const now = aggregation(tables, text, window, by, options, binder)
  const usual = aggregation(tables, text, baseline, by, options, binder)
  if (now.union === undefined) return []
  const groups = now.groups.join(', ')
  const named = (values: readonly string[], prefix: string): string =>
    values.map((value, index) => `${value} AS ${prefix}${index}`).join(', ')
  const before =
    usual.union === undefined
      ? `SELECT ${now.groups.map((name) => `'' AS ${name}`).join(', ')}, ${named(
          usual.values.map(() => '0'),
          'b',
        )} WHERE FALSE`
      : `SELECT ${groups}, ${named(usual.values, 'b')} FROM (${usual.union}) GROUP BY ${groups}`
  const excess = `v0 - coalesce(b0, 0) * ${scale.toExponential()}`
  const columns = [
    ...now.groups,
    ...now.values.map((_, index) => `v${index}`),
    ...now.values.map((_, index) => `coalesce(b${index}, 0)`),
  ]
  const rows = await database.read(
    `WITH now AS (SELECT ${groups}, ${named(now.values, 'v')} FROM (${now.union}) GROUP BY ${groups}),
       usual AS (${before})
     SELECT ${columns.join(', ')}, ${excess} AS excess FROM now LEFT JOIN usual USING (${groups})
     ORDER BY excess DESC, v0 DESC, ${groups} LIMIT ${integer(options.limit)}`,
    binder.parameters,
  )
  return rows.map((row) => {
    const values = row.slice(by.length, -1).map(Number)
    return {
      group: groupOf(by, row),
      values: values.slice(0, values.length / 2),
      baseline: values.slice(values.length / 2),
      excess: Math.round(Number(row.at(-1)) * 1_000) / 1_000,
    }
  })
}
