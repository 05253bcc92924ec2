import { fail } from '../../../model/error.ts'
import type { WindowCounts, WindowRequest } from '../store.ts'
import { Binder, integer } from './binder.ts'
import type { CompiledQuery } from './compile-query.ts'
import { compileQuery } from './compile-query.ts'
import { oneOf } from './condition.ts'
import type { Database } from './database.ts'
import { LIVE_LATENESS_MS } from './lateness.ts'
import type { FacetColumn } from './source.ts'
import { Grouping, distinct, facetColumn, fromTables } from './source.ts'
import type { TableKind, Tables } from './tables.ts'

/**
 * Up to this many ends of windows, each window is joined with its records; beyond, one pass slides over all of them. At
 * 60,000 records the join takes two thirds of the time of the pass at 30 windows, and the same at about 200.
 */
const MAX_SINGLE_WINDOWS = 60

/** Whole seconds of event time, both inclusive. A record belongs to the second that its time is rounded up to. */
interface Seconds {
  readonly from: number
  readonly to: number
}

interface Plan {
  readonly request: WindowRequest
  readonly queries: readonly CompiledQuery[]
  readonly suppress: readonly CompiledQuery[]
  readonly kinds: readonly TableKind[]
  /** What live windows leave out: rows appended later, and history. */
  readonly live: string
  /** What makes a live window worth another look; undefined for a back-test, which looks at all. */
  readonly isNew: string | undefined
}

/**
 * Counts of a rule's queries, by group, in the windows `(t − w, t]` that end at a second in which the group has a
 * record: w consecutive seconds each.
 */
export async function windows(
  database: Database,
  tables: Tables,
  request: WindowRequest,
): Promise<readonly WindowCounts[]> {
  const plan = planOf(request)
  const ends =
    'fromMs' in request.touched
      ? { from: Math.ceil(request.touched.fromMs / 1000), to: Math.ceil(request.touched.toMs / 1000) - 1 }
      : await touchedEnds(database, tables, plan)
  if (!ends || ends.from > ends.to) return []
  const rows = rowsOf(plan, tables, { from: ends.from - request.windowSeconds + 1, to: ends.to })
  if (rows.union === undefined) return []
  const single = plan.isNew !== undefined && ends.to - ends.from < MAX_SINGLE_WINDOWS
  const sql = single ? separate(plan, rows) : sliding(plan, rows, ends)
  return read(database, plan, rows, sql)
}

function planOf(request: WindowRequest): Plan {
  const { windowSeconds, touched } = request
  if (!Number.isSafeInteger(windowSeconds) || windowSeconds < 1) {
    throw fail('REQUEST_INVALID', 'windowSeconds', 'must be a whole number of seconds')
  }
  const queries = Object.values(request.queries).map((query) => compileQuery(query.filter))
  const isLive = 'afterSequence' in touched
  return {
    request,
    queries,
    suppress: request.suppress.map(compileQuery),
    kinds: [...new Set(queries.flatMap((query) => query.kinds))],
    live: isLive ? `seq <= ${integer(touched.upToSequence)} AND ts >= (ingested - ${LIVE_LATENESS_MS}) * 1000` : 'TRUE',
    isNew: isLive ? `seq > ${integer(touched.afterSequence)}` : undefined,
  }
}

/** The ends of windows that new records touch, over all groups; later ends come from late records. */
async function touchedEnds(database: Database, tables: Tables, plan: Plan): Promise<Seconds | undefined> {
  const { fresh, binder } = rowsOf(plan, tables, { from: 1, to: LAST_SECOND })
  if (fresh === undefined) return undefined
  const [row] = await database.read(`SELECT min(s), max(s) FROM (${fresh})`, binder.parameters, 'detection')
  if (row === undefined || row[0] === null) return undefined
  const [from, newest] = [Number(row[0]), Number(row[1])]
  const later = { from: newest, to: newest + plan.request.windowSeconds - 1 }
  const union = fromTables(
    tables.overlapping(plan.kinds, rangeOf(later)),
    new Binder(),
    (_, table) => `SELECT max(ts) AS ts FROM ${table} WHERE ${inSeconds(later)} AND ${plan.live}`,
  )
  const [last] = union === undefined ? [] : await database.read(`SELECT max(ts) FROM (${union})`, {}, 'detection')
  return { from, to: Math.max(newest, Math.ceil(Number(last?.[0] ?? 0) / 1e6)) }
}

/** The largest time that a Date has, in seconds. */
const LAST_SECOND = 8.64e12

function rangeOf({ from, to }: Seconds): { fromMs: number; toMs: number } {
  return { fromMs: (from - 1) * 1000, toMs: to * 1000 + 1 }
}

function inSeconds({ from, to }: Seconds): string {
  return `ts > ${integer((from - 1) * 1e6)} AND ts <= ${integer(to * 1e6)}`
}

interface Rows {
  readonly union: string | undefined
  /** The same, of new records only; undefined when every record is asked for. */
  readonly fresh: string | undefined
  readonly binder: Binder
  /** Columns of the group; `k` is a constant, so that there is always one. */
  readonly groups: readonly string[]
  readonly counted: readonly (FacetColumn | undefined)[]
}

/** Records that one of the queries holds for: s, ts, trusted, the group, q0 … (holds) and c0 … (what is counted). */
function rowsOf(plan: Plan, tables: Tables, seconds: Seconds): Rows {
  const binder = new Binder()
  const sources = tables.overlapping(plan.kinds, rangeOf(seconds))
  const grouping = new Grouping(plan.request.groupBy, sources, binder)
  const counted = Object.values(plan.request.queries).map((query) =>
    query.aggregate === 'count' ? undefined : facetColumn(query.of, sources, binder),
  )
  const select = (also: string): string | undefined =>
    fromTables(sources, binder, (scope, table) => {
      const holds = plan.queries.map((query) => query.where(scope))
      const columns = ['(ts + 999999) // 1000000 AS s', 'ts', 'trusted', '0 AS k', ...grouping.select(scope)]
      holds.forEach((condition, index) => {
        const column = counted[index]
        columns.push(`${condition} AS q${index}`)
        if (column) columns.push(`CASE WHEN ${condition} THEN ${column.sql(scope)} END AS c${index}`)
      })
      const kept = plan.suppress.map((query) => ` AND NOT coalesce(${query.where(scope)}, FALSE)`).join('')
      const where = `${inSeconds(seconds)} AND ${plan.live}${also} AND (${oneOf(holds)})${kept}${grouping.where(scope)}`
      return `SELECT ${columns.join(', ')} FROM ${table}${grouping.from(scope)} WHERE ${where}`
    })
  return {
    union: select(''),
    fresh: plan.isNew === undefined ? undefined : select(` AND ${plan.isNew}`),
    binder,
    groups: ['k', ...grouping.names],
    counted,
  }
}

function aggregates({ counted }: Rows, over = ''): readonly string[] {
  return [
    ...counted.map((column, index) =>
      column
        ? `${distinct(`c${index}`, column, over)} AS v${index}`
        : `count(CASE WHEN q${index} THEN 1 END) ${over} AS v${index}`,
    ),
    `min(ts) ${over} AS first_ts`,
    `max(ts) ${over} AS last_ts`,
    `bool_and(trusted) ${over} AS all_trusted`,
  ]
}

/** New records' groups and seconds, and the records of these groups. For a back-test all are new. */
function touchedRows({ union, fresh, groups }: Rows): string {
  const group = groups.join(', ')
  if (fresh === undefined) return `touched AS MATERIALIZED (${union})`
  return `fresh AS MATERIALIZED (SELECT DISTINCT ${group}, s FROM (${fresh})),
    touched AS MATERIALIZED (SELECT * FROM (${union}) SEMI JOIN (SELECT DISTINCT ${group} FROM fresh) USING (${group}))`
}

/** Few windows: joins each with the records inside it. */
function separate(plan: Plan, rows: Rows): string {
  const { groups } = rows
  const group = groups.join(', ')
  const last = plan.request.windowSeconds - 1
  return `WITH ${touchedRows(rows)},
    ends AS (SELECT DISTINCT ${groups.map((name) => `touched.${name}`).join(', ')}, touched.s AS t
      FROM touched JOIN fresh USING (${group}) WHERE touched.s BETWEEN fresh.s AND fresh.s + ${last})
    SELECT t, ${group}, ${aggregates(rows).join(', ')}
    FROM ends JOIN touched USING (${group}) WHERE s BETWEEN t - ${last} AND t
    GROUP BY t, ${group} ORDER BY t, ${group}`
}

/** Many windows: one pass over each group's records in the order of time. */
function sliding(plan: Plan, rows: Rows, ends: Seconds): string {
  const group = rows.groups.join(', ')
  const last = plan.request.windowSeconds - 1
  const same = rows.groups.map((name) => `slid.${name} = fresh.${name}`).join(' AND ')
  const asked =
    rows.fresh === undefined ? '' : `SEMI JOIN fresh ON ${same} AND slid.s BETWEEN fresh.s AND fresh.s + ${last}`
  return `WITH ${touchedRows(rows)},
    slid AS (SELECT s, ${group}, ${aggregates(rows, 'OVER w').join(', ')}, row_number() OVER (PARTITION BY ${group}, s) AS n
      FROM touched
      WINDOW w AS (PARTITION BY ${group} ORDER BY s RANGE BETWEEN ${last} PRECEDING AND CURRENT ROW))
    SELECT * EXCLUDE (n) FROM slid ${asked} WHERE n = 1 AND s BETWEEN ${integer(ends.from)} AND ${integer(ends.to)}
    ORDER BY s, ${group}`
}

async function read(database: Database, plan: Plan, rows: Rows, sql: string): Promise<readonly WindowCounts[]> {
  const { groupBy, queries } = plan.request
  const names = Object.keys(queries)
  const found = await database.read(sql, rows.binder.parameters, 'detection')
  return found.map((row) => {
    const values = row.slice(1 + rows.groups.length)
    const [first, last, trusted] = values.slice(names.length)
    return {
      toMs: Number(row[0]) * 1000,
      group: Object.fromEntries(groupBy.map((facet, index) => [facet, String(row[2 + index])])),
      counts: Object.fromEntries(names.map((name, index) => [name, Number(values[index])])),
      firstSeenMs: Number(first) / 1000,
      lastSeenMs: Number(last) / 1000,
      trusted: trusted === true,
    }
  })
}
