import type { TraitCounts, TraitRequest } from '../store.ts'
import { Binder, integer } from './binder.ts'
import { compileQuery } from './compile-query.ts'
import type { Database } from './database.ts'
import { quoted, traitsColumn } from './schema.ts'
import { fromTables, inRange } from './source.ts'
import type { Tables } from './tables.ts'

/** Ids remembered of a day's table; beyond, some are written again, which reading does not mind. */
const MAX_KNOWN = 500_000

/** Which traits each table has, so that the writer writes each once. */
export class KnownTraits {
  readonly #byTable = new Map<string, Set<number>>()

  has(table: string, id: number): boolean {
    return this.#byTable.get(table)?.has(id) === true
  }

  add(table: string, ids: Iterable<number>): void {
    let known = this.#byTable.get(table)
    if (known === undefined || known.size > MAX_KNOWN) {
      known = new Set()
      this.#byTable.set(table, known)
    }
    for (const id of ids) known.add(id)
  }
}

export async function loadKnownTraits(database: Database, tables: Tables): Promise<KnownTraits> {
  const known = new KnownTraits()
  // Late records are late by minutes; traits of older days are hardly written any more.
  for (const { name } of tables
    .all()
    .filter(({ kind }) => kind === 'traits')
    .slice(-2)) {
    const rows = await database.read(`SELECT id FROM ${quoted(name)} LIMIT ${MAX_KNOWN}`)
    known.add(
      name,
      rows.map(([id]) => Number(id)),
    )
  }
  return known
}

/**
 * Requests by their traits. Where there are more than `limit` combinations, the most frequent half is told one by one,
 * and of the others every nth, which then stands for n: a client that varies its headers makes a combination a request.
 */
export async function traits(
  database: Database,
  tables: Tables,
  request: TraitRequest,
): Promise<readonly TraitCounts[]> {
  const { range, without = [] } = request
  const attempts = compileQuery(request.attempts)
  const successes = compileQuery(request.successes)
  const kinds = [...new Set([...attempts.kinds, ...successes.kinds])]
  const binder = new Binder()
  const traitsOf = quoted(traitsColumn.name)
  const within = [inRange(range), ...without.map((stretch) => `NOT (${inRange(stretch)})`)].join(' AND ')
  const union = fromTables(tables.overlapping(kinds, range), binder, (scope, table) => {
    const succeeded = `coalesce(${successes.where(scope)}, FALSE)`
    const matches = `(${succeeded} OR ${attempts.where(scope)})`
    return `SELECT ${traitsOf} AS id, ts, ${succeeded} AS ok FROM ${table} WHERE ${within} AND ${matches} AND ${traitsOf} IS NOT NULL`
  })
  const dictionaries = tables.overlapping(['traits'], range).map(({ name }) => `SELECT id, body FROM ${quoted(name)}`)
  if (union === undefined || dictionaries.length === 0) return []
  const partUs = Math.max(1, Math.ceil(((range.toMs - range.fromMs) * 1000) / request.parts))
  const outMs = without.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  const partsLeft = request.parts * (1 - outMs / (range.toMs - range.fromMs))
  const age = `(ts - ${integer(range.toMs * 1000)}) / ${integer(request.halfLifeMs * 1000)}::DOUBLE`
  const half = integer(Math.max(1, request.limit / 2))
  const rows = await database.read(
    `WITH parts AS (
       SELECT id, count(*) FILTER (NOT ok) AS failed, count(*) FILTER (ok) AS succeeded,
         coalesce(sum(pow(2, ${age})) FILTER (NOT ok), 0) AS recent_failed,
         coalesce(sum(pow(2, ${age})) FILTER (ok), 0) AS recent_succeeded
       FROM (${union}) GROUP BY id, (ts - ${integer(range.fromMs * 1000)}) // ${integer(partUs)}
     ), clients AS (
       SELECT id, sum(failed)::DOUBLE AS failed, sum(succeeded)::DOUBLE AS succeeded,
         sum(recent_failed) AS recent_failed, sum(recent_succeeded) AS recent_succeeded,
         list_reverse_sort(list(failed)) AS course
       FROM parts GROUP BY id
     ), ranked AS (
       SELECT *, row_number() OVER (ORDER BY failed + succeeded DESC, id) AS place, count(*) OVER () AS total,
         3 * coalesce(course[${integer(Math.floor(partsLeft / 2) + 1)}], 0) + 3 AS most
       FROM clients
     ), chosen AS (
       SELECT *, CASE WHEN total <= 2 * ${half} OR place <= ${half} THEN 1 ELSE (total - 1) // ${half} END AS weight
       FROM ranked
     )
     SELECT any_value(body), any_value(weight), any_value(failed), any_value(succeeded), any_value(recent_failed),
       any_value(recent_succeeded), any_value(list_sum(list_transform(course, lambda one: least(one, most))))
     FROM chosen JOIN (${dictionaries.join(' UNION ALL ')}) USING (id)
     WHERE id % weight = 0 GROUP BY id ORDER BY any_value(place)`,
    binder.parameters,
  )
  return rows.map(([body, ...numbers]) => {
    const [weight = 1, failures = 0, successful = 0, recentFailures = 0, recentSuccesses = 0, usualFailures = 0] =
      numbers.map(Number)
    return {
      traits: String(body),
      weight,
      failures,
      successes: successful,
      recentFailures,
      recentSuccesses,
      usualFailures,
    }
  })
}
