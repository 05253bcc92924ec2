import type { GroupListRequest, ListedGroup } from '../store.ts'
import { aggregation } from './aggregate.ts'
import { Binder, integer } from './binder.ts'
import type { Database, KeptRows } from './database.ts'
import type { Tables } from './tables.ts'

/** Most groups of one page. */
const MAX_PAGE = 100_000

/**
 * Lists of groups as they were when they were made. Finding the largest of half a million groups takes a second; a page
 * of what was found, some milliseconds, wherever it begins.
 */
export class KeptGroups {
  readonly #database: Database
  readonly #tables: Tables
  readonly #lists = new Map<number, { readonly rows: KeptRows | undefined; readonly request: GroupListRequest }>()
  #count = 0
  /** Rises with each `clear`: what was being made before it is not kept. */
  #cleared = 0

  constructor(database: Database, tables: Tables) {
    this.#database = database
    this.#tables = tables
  }

  async make(request: GroupListRequest): Promise<number> {
    const cleared = this.#cleared
    const { sql, binder } = statement(this.#tables, request)
    const rows = sql === undefined ? undefined : await this.#database.keep(sql, binder.parameters)
    const list = ++this.#count
    if (cleared === this.#cleared) this.#lists.set(list, { rows, request })
    else await rows?.drop()
    return list
  }

  async read(
    list: number,
    { from, limit }: { readonly from: number; readonly limit: number },
  ): Promise<readonly ListedGroup[] | null> {
    const kept = this.#lists.get(list)
    if (kept === undefined) return null
    if (kept.rows === undefined) return []
    const end = integer(from + Math.min(limit, MAX_PAGE))
    const found = await kept.rows.read(
      `SELECT * EXCLUDE (place) FROM kept WHERE place >= ${integer(from)} AND place < ${end} ORDER BY place`,
    )
    if (found === undefined) {
      this.#lists.delete(list)
      return null
    }
    const { counts = [] } = kept.request
    return found.map(([value, count, distinct, first, last, ...more]) => ({
      value: String(value),
      count: Number(count),
      distinct: Number(distinct),
      firstSeenMs: Number(first) / 1000,
      lastSeenMs: Number(last) / 1000,
      counts: more.slice(0, counts.length).map(Number),
      values: more.slice(counts.length).map((text) => (typeof text === 'string' ? text : null)),
    }))
  }

  async drop(list: number): Promise<void> {
    const kept = this.#lists.get(list)
    this.#lists.delete(list)
    await kept?.rows?.drop()
  }

  async clear(): Promise<void> {
    this.#cleared++
    for (const list of this.#lists.keys()) await this.drop(list)
  }
}

/** The groups with their places as rows of place, value, count, distinct, first, last, counts and values. */
function statement(
  tables: Tables,
  { query, range, by, distinct, counts = [], values = [] }: GroupListRequest,
): { readonly sql: string | undefined; readonly binder: Binder } {
  const binder = new Binder()
  const aggregates = ['count', { cardinality: distinct }] as const
  const groups = aggregation(tables, query, range, [by], { aggregates }, binder)
  if (groups.union === undefined) return { sql: undefined, binder }
  const [count, distinctCount] = groups.values
  const parts = [
    `base AS MATERIALIZED (
       SELECT g0, ${count} AS n, ${distinctCount} AS d, min(ts) AS low, max(ts) AS high
       FROM (${groups.union}) GROUP BY g0)`,
  ]
  const columns: string[] = []
  const joins: string[] = []
  counts.forEach((other, index) => {
    const { union } = aggregation(tables, other, range, [by], { aggregates: ['count'] }, binder)
    columns.push(union === undefined ? '0' : `coalesce(count${index}.n, 0)`)
    if (union === undefined) return
    parts.push(`count${index} AS (SELECT g0, count(*) AS n FROM (${union}) SEMI JOIN base USING (g0) GROUP BY g0)`)
    joins.push(`LEFT JOIN count${index} USING (g0)`)
  })
  values.forEach(({ of, query: other }, index) => {
    const { union } = aggregation(tables, other, range, [by, of], { aggregates: ['count'] }, binder)
    columns.push(union === undefined ? 'NULL' : `value${index}.v`)
    if (union === undefined) return
    parts.push(`value${index} AS (
       SELECT g0, arg_min(g1, (-n, g1)) AS v
       FROM (SELECT g0, g1, count(*) AS n FROM (${union}) SEMI JOIN base USING (g0) GROUP BY g0, g1) GROUP BY g0)`)
    joins.push(`LEFT JOIN value${index} USING (g0)`)
  })
  const select = ['g0', 'base.n', 'd', 'low', 'high', ...columns.map((column, index) => `${column} AS m${index}`)]
  const sql = `WITH ${parts.join(',\n')}
    SELECT row_number() OVER (ORDER BY base.n DESC, g0) - 1 AS place, ${select.join(', ')}
    FROM base ${joins.join(' ')} ORDER BY place`
  return { sql, binder }
}
