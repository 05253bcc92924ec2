import { fail } from '../../../model/error.ts'
import type { WindowCounts, WindowRequest } from '../store.ts'
import { Binder, integer } from './binder.ts'
import type { CompiledQuery } from './compile-query.ts'
import { compileQuery } from './compile-query.ts'
import { oneOf } from './condition.ts'
import type { Database } from './database.ts'
import { LIVE_LATENESS_MS } from './lateness.ts'
import { slide } from './slide.ts'
import type { FacetColumn } from './source.ts'
import { Grouping, facetColumn, fromTables } from './source.ts'
import type { TableKind, Tables } from './tables.ts'

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
  const { groups, counted } = rows
  const sql = `WITH ${touchedRows(plan, rows, ends)}, ${slide({ groups, counted, windowSeconds: request.windowSeconds })}`
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
    suppress: request.suppress.map((filter) => compileQuery(filter)),
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
      const isNew = plan.isNew ?? 'TRUE'
      const columns = ['(ts + 999999) // 1000000 AS s', 'ts', 'trusted', `${isNew} AS is_new`, '0 AS k']
      columns.push(...grouping.select(scope))
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

/**
 * The records of the groups that have new ones, as far back as the first window that these touch; for a back-test all
 * records are.
 */
function touchedRows({ request: { windowSeconds } }: Plan, { union, fresh, groups }: Rows, ends: Seconds): string {
  const group = groups.join(', ')
  const last = integer(ends.to)
  if (fresh === undefined) {
    return `touched AS MATERIALIZED (SELECT *, ${integer(ends.from)} AS from_s, ${last} AS to_s FROM (${union}))`
  }
  return `fresh AS MATERIALIZED (SELECT ${group}, min(s) AS from_s, least(max(s) + ${windowSeconds - 1}, ${last}) AS to_s
      FROM (${fresh}) GROUP BY ${group}),
    touched AS MATERIALIZED (SELECT * FROM (${union}) JOIN fresh USING (${group})
      WHERE s > from_s - ${windowSeconds} AND s <= to_s)`
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
