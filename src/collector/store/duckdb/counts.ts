import type { CountRequest, WindowCounts } from '../store.ts'
import { LIVE_LATENESS_MS } from './lateness.ts'
import { Binder, integer } from './binder.ts'
import { compileQuery } from './compile-query.ts'
import { oneOf } from './condition.ts'
import type { Database } from './database.ts'
import { Grouping, distinct, facetColumn, fromTables } from './source.ts'
import type { Tables } from './tables.ts'

/** Counts of a rule's queries over stretches of event time, by group; groups with the most records first. */
export async function counts(
  database: Database,
  tables: Tables,
  { queries, suppress, groupBy, range, stepMs, windows, live, limit, urgent }: CountRequest,
): Promise<readonly WindowCounts[]> {
  const names = Object.keys(queries)
  const compiled = Object.values(queries).map((query) => compileQuery(query.filter))
  const suppressed = suppress.map((filter) => compileQuery(filter))
  const kinds = [...new Set(compiled.flatMap((query) => query.kinds))]
  const sources = tables.overlapping(kinds, { fromMs: range.fromMs, toMs: range.toMs + 1 })
  const binder = new Binder()
  const grouping = new Grouping(groupBy, sources, binder)
  const counted = Object.values(queries).map((query) =>
    query.aggregate === 'count' ? undefined : facetColumn(query.of, sources, binder),
  )
  const inTime = `ts > ${integer(Math.ceil(range.fromMs * 1000))} AND ts <= ${integer(Math.ceil(range.toMs * 1000))}`
  // The end of the record's stretch: whole stretches lie between it and the end of the range.
  const end = integer(Math.ceil(range.toMs * 1000))
  const step = integer(Math.ceil((stepMs ?? 0) * 1000))
  const endOfStretch = stepMs === undefined ? end : `${end} - (${end} - ts) // ${step} * ${step}`
  const isLive = live ? ` AND ts >= (ingested - ${LIVE_LATENESS_MS}) * 1000` : ''
  const union = fromTables(sources, binder, (scope, table) => {
    const holds = compiled.map((query) => query.where(scope))
    const columns = ['ts', 'trusted', `${endOfStretch} AS stretch`, ...grouping.select(scope)]
    holds.forEach((condition, index) => {
      const column = counted[index]
      columns.push(`${condition} AS q${index}`)
      if (column) columns.push(`CASE WHEN ${condition} THEN ${column.sql(scope)} END AS c${index}`)
    })
    const kept = suppressed.map((query) => ` AND NOT coalesce(${query.where(scope)}, FALSE)`).join('')
    const where = `${inTime}${isLive} AND (${oneOf(holds)})${kept}${grouping.where(scope)}`
    return `SELECT ${columns.join(', ')} FROM ${table}${grouping.from(scope)} WHERE ${where}`
  })
  if (union === undefined || windows?.endsMs.length === 0) return []
  const groups = ['k', ...grouping.names]
  const values = counted.map((column, index) =>
    column ? distinct(`c${index}`, column) : `count(CASE WHEN q${index} THEN 1 END)`,
  )
  const order = ['count(*) DESC', ...groups].join(', ')
  const ends = windows?.endsMs.map((endMs) => integer(Math.ceil(endMs * 1000))).join(', ')
  const lengthUs = integer(Math.ceil((windows?.lengthMs ?? 0) * 1000))
  const records =
    ends === undefined
      ? `SELECT *, stretch AS k FROM (${union})`
      : `SELECT * FROM (${union}) JOIN (SELECT unnest([${ends}]) AS k) ON ts > k - ${lengthUs} AND ts <= k`
  const rows = await database.read(
    `SELECT ${[...groups, 'min(ts)', 'max(ts)', 'bool_and(trusted)', ...values].join(', ')} FROM (${records})
     GROUP BY ${groups.join(', ')}
     QUALIFY row_number() OVER (PARTITION BY k ORDER BY ${order}) <= ${integer(limit)}
     ORDER BY k, ${order}`,
    binder.parameters,
    urgent === true ? 'detection' : 'export',
  )
  return rows.map((row) => {
    const [first, last, trusted, ...found] = row.slice(groups.length)
    return {
      toMs: Number(row[0]) / 1000,
      group: Object.fromEntries(groupBy.map((facet, index) => [facet, String(row[1 + index])])),
      counts: Object.fromEntries(names.map((name, index) => [name, Number(found[index])])),
      firstSeenMs: Number(first) / 1000,
      lastSeenMs: Number(last) / 1000,
      trusted: trusted === true,
    }
  })
}
