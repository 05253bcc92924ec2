import { fail } from '../../../model/error.ts'
import type { AttributeValue } from '../../../model/span-record.ts'
import type { Aggregate, RecordScope, Series, TimeRange, TopRow, Urgency } from '../store.ts'
import { Binder, integer } from './binder.ts'
import { compileQuery } from './compile-query.ts'
import type { Database, Lane } from './database.ts'
import { Grouping, distinct, facetColumn, fromTables, matching } from './source.ts'
import type { Sources } from './tables.ts'

/** Most points of a series, and most series of a chart. */
const MAX_BUCKETS = 10_000
const MAX_SERIES = 1_000
const DEFAULT_SERIES = 10
/** Most rows of one page of groups. */
const MAX_ROWS = 100_000
/** Of so many groups, distinct values are counted once it is known which they are; of more, of all. */
const MAX_FEW = 1_000

/** The matching records as rows of ts, g0 … and c0 …, and the aggregates over them. */
export function aggregation(
  tables: Sources,
  text: string,
  range: TimeRange,
  by: readonly string[],
  { aggregates, records = 'full' }: { readonly aggregates: readonly Aggregate[]; readonly records?: RecordScope },
  binder = new Binder(),
): { union: string | undefined; binder: Binder; groups: readonly string[]; values: readonly string[] } {
  if (aggregates.length === 0) throw fail('REQUEST_INVALID', 'aggregates', 'names none')
  const query = compileQuery(text, records)
  const sources = tables.overlapping(query.kinds, range)
  const grouping = new Grouping(by, sources, binder)
  const counted = aggregates.map((aggregate) =>
    aggregate === 'count' ? undefined : facetColumn(aggregate.cardinality, sources, binder),
  )
  const union = fromTables(sources, binder, (scope, table) => {
    const columns = ['ts', ...(records === 'all' ? ['weight'] : []), ...grouping.select(scope)]
    counted.forEach((column, index) => column && columns.push(`${column.sql(scope)} AS c${index}`))
    const where = `${matching(query, range, scope)}${grouping.where(scope)}`
    return `SELECT ${columns.join(', ')} FROM ${table}${grouping.from(scope)} WHERE ${where}`
  })
  const values = counted.map((column, index) =>
    column ? distinct(`c${index}`, column) : records === 'all' ? 'sum(weight)' : 'count(*)',
  )
  return { union, binder, groups: grouping.names, values }
}

function laneOf({ urgent }: Urgency): Lane {
  return urgent === true ? 'detection' : 'explorer'
}

/** Largest value of the first aggregate first; equal ones in the order of their names, so that pages do not overlap. */
export async function top(
  database: Database,
  tables: Sources,
  text: string,
  range: TimeRange,
  options: {
    readonly by: readonly string[]
    readonly aggregates: readonly Aggregate[]
    readonly limit: number
    readonly offset?: number
    readonly records?: RecordScope
  } & Urgency,
): Promise<readonly TopRow[]> {
  const { union, binder, groups, values } = aggregation(tables, text, range, options.by, options)
  if (union === undefined) return []
  const by = groups.join(', ')
  const grouped = groups.length > 0 ? `GROUP BY ${by}` : 'HAVING count(*) > 0'
  const order = `ORDER BY ${['v0 DESC', ...groups].join(', ')}`
  const limit = Math.min(options.limit, MAX_ROWS)
  const page = `LIMIT ${integer(limit)} OFFSET ${integer(options.offset ?? 0)}`
  const select = [...groups, 'min(ts)', 'max(ts)', ...values.map((value, index) => `${value} AS v${index}`)].join(', ')
  const isOfFew = groups.length > 0 && options.aggregates[0] === 'count' && values.length > 1 && limit <= MAX_FEW
  const rows = await database.read(
    isOfFew
      ? `WITH matches AS MATERIALIZED (${union}),
           largest AS (SELECT ${by}, ${values[0]} AS v0 FROM matches ${grouped} ${order} ${page})
         SELECT ${select} FROM (FROM matches SEMI JOIN largest USING (${by})) ${grouped} ${order}`
      : `SELECT ${select} FROM (${union}) ${grouped} ${order} ${page}`,
    binder.parameters,
    laneOf(options),
  )
  return rows.map((row) => ({
    group: groupOf(options.by, row),
    firstSeenMs: Number(row[groups.length]) / 1000,
    lastSeenMs: Number(row[groups.length + 1]) / 1000,
    values: row.slice(groups.length + 2).map(Number),
  }))
}

/** Buckets begin at whole multiples of the interval; of the groups, those largest over the whole range are shown. */
export async function timeseries(
  database: Database,
  tables: Sources,
  text: string,
  range: TimeRange,
  options: {
    readonly intervalMs: number
    readonly aggregates: readonly Aggregate[]
    readonly by?: readonly string[]
    readonly limit?: number
    readonly records?: RecordScope
  } & Urgency,
): Promise<readonly Series[]> {
  const { intervalMs, by = [] } = options
  const firstMs = Math.floor(range.fromMs / intervalMs) * intervalMs
  const buckets = Math.ceil((range.toMs - firstMs) / intervalMs)
  if (!(intervalMs >= 1) || !(buckets <= MAX_BUCKETS)) {
    throw fail('REQUEST_INVALID', 'interval', `makes more than ${MAX_BUCKETS} points; take a longer one`)
  }
  const { union, binder, groups, values } = aggregation(tables, text, range, by, options)
  const series = new Map<string, Series & { readonly points: (readonly [number, number])[] }>()
  const emptyPoints = (): (readonly [number, number])[] =>
    Array.from({ length: Math.max(0, buckets) }, (_, index) => [firstMs + index * intervalMs, 0] as const)
  if (by.length === 0) series.set('[]', { group: {}, points: emptyPoints() })
  if (union === undefined) return [...series.values()]
  const limit = integer(Math.min(options.limit ?? DEFAULT_SERIES, MAX_SERIES))
  const bucket = `(ts - ${integer(firstMs * 1000)}) // ${integer(intervalMs * 1000)}`
  const rows = await database.read(
    groups.length === 0
      ? `SELECT ${bucket} AS bucket, ${values[0]} AS v0 FROM (${union}) GROUP BY bucket`
      : `${largestSeries({ union, groups, bucket, value: values[0] ?? '', adds: options.aggregates[0] === 'count', limit })}
         ORDER BY ${['total DESC', ...groups, 'bucket'].join(', ')}`,
    binder.parameters,
    laneOf(options),
  )
  for (const row of rows) {
    const group = groupOf(by, row)
    const key = JSON.stringify(Object.values(group))
    let found = series.get(key)
    if (!found) {
      found = { group, points: emptyPoints() }
      series.set(key, found)
    }
    const index = Number(row[groups.length])
    found.points[index] = [firstMs + index * intervalMs, Number(row[groups.length + 1])]
  }
  return [...series.values()]
}

/**
 * The points of the largest groups: g0 …, bucket, v0, total. Counts are added up from the points, so that the records are
 * read once; distinct values do not add up.
 */
function largestSeries({
  union,
  groups,
  bucket,
  value,
  adds,
  limit,
}: {
  readonly union: string
  readonly groups: readonly string[]
  readonly bucket: string
  readonly value: string
  readonly adds: boolean
  readonly limit: string
}): string {
  const by = groups.join(', ')
  const points = (from: string): string => `SELECT ${by}, ${bucket} AS bucket, ${value} AS v0 FROM ${from} GROUP BY ALL`
  const most = `ORDER BY total DESC, ${by} LIMIT ${limit}`
  return adds
    ? `WITH points AS MATERIALIZED (${points(`(${union})`)}),
         largest AS (SELECT ${by}, sum(v0) AS total FROM points GROUP BY ${by} ${most})
       SELECT ${by}, bucket, v0, total FROM points JOIN largest USING (${by})`
    : `WITH matches AS (${union}),
         largest AS (SELECT ${by}, ${value} AS total FROM matches GROUP BY ${by} ${most}),
         points AS (${points(`(FROM matches SEMI JOIN largest USING (${by}))`)})
       SELECT ${by}, bucket, v0, total FROM points JOIN largest USING (${by})`
}

export async function facetValues(
  database: Database,
  tables: Sources,
  facet: string,
  text: string,
  range: TimeRange,
  limit: number,
): Promise<readonly { readonly value: AttributeValue; readonly count: number }[]> {
  const { union, binder } = aggregation(tables, text, range, [facet], { aggregates: ['count'] })
  if (union === undefined) return []
  const rows = await database.read(
    `SELECT g0, count(*) AS n FROM (${union}) GROUP BY g0 ORDER BY n DESC, g0 LIMIT ${integer(Math.min(limit, MAX_ROWS))}`,
    binder.parameters,
  )
  return rows.map(([value, count]) => ({ value: String(value), count: Number(count) }))
}

export function groupOf(by: readonly string[], row: readonly unknown[]): Readonly<Record<string, string>> {
  const group = Object.create(null) as Record<string, string>
  by.forEach((facet, index) => {
    group[facet] = String(row[index])
  })
  return group
}
