import { fail } from '../../../model/error.ts'
import type { NewRecords, TouchedSeconds, WindowCounts, WindowRequest } from '../store.ts'
import { Binder, integer } from './binder.ts'
import type { CompiledQuery } from './compile-query.ts'
import { compileQuery } from './compile-query.ts'
import { oneOf } from './condition.ts'
import type { Database } from './database.ts'
import { LIVE_LATENESS_MS } from './lateness.ts'
import { slide } from './slide.ts'
import type { Scope } from './facet.ts'
import type { FacetColumn } from './source.ts'
import { Grouping, facetColumn, fromTables } from './source.ts'
import type { TableKind, Tables } from './tables.ts'

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
  const ends = await endsOf(database, tables, request)
  if (!ends || ends.from > ends.to) return []
  const rows = rowsOf(plan, tables, { from: ends.from - request.windowSeconds + 1, to: ends.to })
  if (rows.union === undefined) return []
  return read(database, plan, rows, statement(plan, rows, ends))
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

/** The ends of the windows that are asked for: of new records, all windows that these lie in. */
async function endsOf(
  database: Database,
  tables: Tables,
  { touched: asked, ...request }: WindowRequest,
): Promise<TouchedSeconds | undefined> {
  if ('fromMs' in asked) return { from: Math.ceil(asked.fromMs / 1000), to: Math.ceil(asked.toMs / 1000) - 1 }
  const seconds = asked.seconds ?? (await touched(database, tables, [{ ...request, touched: asked }]))[0]
  return seconds && { from: seconds.from, to: seconds.to + request.windowSeconds - 1 }
}

/** When the records that are new to each request happened. First when any did, so that few tables are looked at closely. */
export async function touched(
  database: Database,
  tables: Tables,
  requests: readonly (WindowRequest & { readonly touched: NewRecords })[],
): Promise<readonly (TouchedSeconds | undefined)[]> {
  if (requests.length === 0) return []
  const plans = requests.map(planOf)
  const kinds = [...new Set(plans.flatMap((plan) => plan.kinds))]
  const after = integer(Math.min(...requests.map((request) => request.touched.afterSequence)))
  const binder = new Binder()
  const all = fromTables(
    tables.overlapping(kinds, rangeOf({ from: 1, to: LAST_SECOND })),
    binder,
    (_, table) => `SELECT ts FROM ${table} WHERE seq > ${after} AND ts >= (ingested - ${LIVE_LATENESS_MS}) * 1000`,
  )
  if (all === undefined) return requests.map(() => undefined)
  const [times] = await database.read(`SELECT min(ts), max(ts) FROM (${all})`, {}, 'detection')
  if (times === undefined || times[0] === null) return requests.map(() => undefined)
  const range = { fromMs: Number(times[0]) / 1000, toMs: Number(times[1]) / 1000 + 1 }
  const union = fromTables(tables.overlapping(kinds, range), binder, (scope, table) => {
    const isOf = plans.map(
      (plan, index) => `(${plan.live} AND ${plan.isNew ?? 'TRUE'}${counts(plan, scope)}) AS r${index}`,
    )
    return `SELECT (ts + 999999) // 1000000 AS s, ${isOf.join(', ')} FROM ${table} WHERE seq > ${after}`
  })
  const columns = plans.map((_, index) => `min(s) FILTER (r${index}), max(s) FILTER (r${index})`)
  const [row] = await database.read(`SELECT ${columns.join(', ')} FROM (${union})`, binder.parameters, 'detection')
  return plans.map((_, index) => {
    const [from, to] = [row?.[2 * index], row?.[2 * index + 1]]
    return from === null || from === undefined ? undefined : { from: Number(from), to: Number(to) }
  })
}

/** The condition for records that a request counts, to be added to others. */
function counts({ queries, suppress }: Plan, scope: Scope): string {
  const kept = suppress.map((query) => ` AND NOT coalesce(${query.where(scope)}, FALSE)`)
  return ` AND (${oneOf(queries.map((query) => query.where(scope)))})${kept.join('')}`
}

/** The largest time that a Date has, in seconds. */
const LAST_SECOND = 8.64e12

function rangeOf({ from, to }: TouchedSeconds): { fromMs: number; toMs: number } {
  return { fromMs: (from - 1) * 1000, toMs: to * 1000 + 1 }
}

function inSeconds({ from, to }: TouchedSeconds): string {
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
function rowsOf(plan: Plan, tables: Tables, seconds: TouchedSeconds): Rows {
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
      const where = `${inSeconds(seconds)} AND ${plan.live}${also}${counts(plan, scope)}${grouping.where(scope)}`
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
 * Of new records: those of the groups that have any, as far back as the first window that these touch; a group is a number
 * meanwhile, since comparing its texts costs half of the whole. For a back-test all records are looked at.
 */
function statement(
  { request: { windowSeconds } }: Plan,
  { union, fresh, groups, counted }: Rows,
  ends: TouchedSeconds,
): string {
  const by = groups.join(', ')
  const last = integer(ends.to)
  if (fresh === undefined) {
    const touched = `SELECT *, ${integer(ends.from)} AS from_s, ${last} AS to_s FROM (${union})`
    return `WITH touched AS MATERIALIZED (${touched}), ${slide({ groups, counted, windowSeconds })} ORDER BY t, ${by}`
  }
  return `WITH fresh AS MATERIALIZED (SELECT row_number() OVER () AS g, *
      FROM (SELECT ${by}, min(s) AS from_s, least(max(s) + ${windowSeconds - 1}, ${last}) AS to_s
        FROM (${fresh}) GROUP BY ${by})),
    touched AS MATERIALIZED (SELECT * EXCLUDE (${by}) FROM (${union}) JOIN fresh USING (${by})
      WHERE s > from_s - ${windowSeconds} AND s <= to_s),
    found AS (WITH ${slide({ groups: ['g'], counted, windowSeconds })})
    SELECT t, ${by}, found.* EXCLUDE (t, g) FROM found JOIN fresh USING (g) ORDER BY t, ${by}`
}

async function read(database: Database, plan: Plan, rows: Rows, sql: string): Promise<readonly WindowCounts[]> {
  const { groupBy, queries } = plan.request
  const names = Object.keys(queries)
  // A back-test is not to hold up what goes on.
  const lane = plan.isNew === undefined ? 'export' : 'detection'
  const found = await database.read(sql, rows.binder.parameters, lane)
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
