import type { TimeRange } from '../store.ts'
import type { Binder } from './binder.ts'
import { integer } from './binder.ts'
import type { CompiledQuery } from './compile-query.ts'
import type { Scope } from './facet.ts'
import { facetExpression } from './facet.ts'
import type { Source } from './tables.ts'
import { quoted } from './schema.ts'

/** Event time of the range, in SQL. */
export function inRange({ fromMs, toMs }: TimeRange): string {
  return `ts >= ${integer(Math.ceil(fromMs * 1000))} AND ts < ${integer(Math.ceil(toMs * 1000))}`
}

/**
 * One SELECT a table, or a stretch of it, joined by UNION ALL; undefined without any. What an expression is may depend on
 * the table, whose name `write` is given last. Several stretches in one WHERE would not keep DuckDB from reading the others.
 */
export function fromTables(
  sources: readonly Source[],
  binder: Binder,
  write: (scope: Scope, from: string, table: string) => string,
): string | undefined {
  const parts = sources.flatMap(({ name, odd, stretches }) => {
    const table = quoted(name)
    const scope = { binder, odd }
    if (!stretches) return [write(scope, table, table)]
    return stretches.map(({ first, last }) =>
      write(scope, `(FROM ${table} WHERE seq BETWEEN ${integer(first)} AND ${integer(last)})`, table),
    )
  })
  return parts.length === 0 ? undefined : parts.join('\nUNION ALL\n')
}

/** The condition for records of a query in a range. */
export function matching(query: CompiledQuery, range: TimeRange, scope: Scope): string {
  return `${inRange(range)} AND ${query.where(scope)}`
}

/** A facet as a column of several tables, in which it is either a text or a list of texts. */
export interface FacetColumn {
  readonly isList: boolean
  sql(scope: Scope): string
}

export function facetColumn(facet: string, tables: readonly Source[], binder: Binder): FacetColumn {
  const isList = [false, ...tables.map(({ odd }) => odd)].some((odd) => facetExpression(facet, { binder, odd }).isList)
  return {
    isList,
    sql: (scope) => {
      const value = facetExpression(facet, scope)
      return isList && !value.isList ? `CASE WHEN ${value.sql} IS NOT NULL THEN [${value.sql}] END` : value.sql
    },
  }
}

/** How many distinct values a column has, over a group. */
export function distinct(column: string, { isList }: FacetColumn): string {
  if (!isList) return `count(DISTINCT ${column})`
  return `coalesce(len(list_distinct(flatten(list(DISTINCT ${column}) FILTER (${column} IS NOT NULL)))), 0)`
}

/** The values of a column, one a row. */
export function valuesOf(column: string, { isList }: FacetColumn): string {
  return isList ? `unnest(${column})` : column
}

/** Most lists have one item; looking for equal ones costs five times the rest of a question. */
function distinctItems(list: string): string {
  return `CASE WHEN len(${list}) > 1 THEN list_distinct(${list}) ELSE ${list} END`
}

/** Groups by facets: what to select as g0, g1 …, and what a record must have; of a list, each distinct item is a group. */
export class Grouping {
  readonly names: readonly string[]
  readonly #columns: readonly FacetColumn[]

  constructor(by: readonly string[], tables: readonly Source[], binder: Binder) {
    this.#columns = by.map((facet) => facetColumn(facet, tables, binder))
    this.names = by.map((_, index) => `g${index}`)
  }

  select(scope: Scope): readonly string[] {
    return this.#columns.map((column, index) => `${this.#item(column, index, scope)} AS g${index}`)
  }

  /** The first list is taken apart by the SELECT itself, at a tenth of the cost; several there would not be combined. */
  #item(column: FacetColumn, index: number, scope: Scope): string {
    if (!column.isList) return column.sql(scope)
    return column === this.#firstList() ? `unnest(${distinctItems(column.sql(scope))})` : `u${index}.v`
  }

  #firstList(): FacetColumn | undefined {
    return this.#columns.find(({ isList }) => isList)
  }

  from(scope: Scope): string {
    return this.#columns
      .map((column, index) =>
        column.isList && column !== this.#firstList()
          ? `, LATERAL (SELECT unnest(${distinctItems(column.sql(scope))}) AS v) AS u${index}`
          : '',
      )
      .join('')
  }

  where(scope: Scope): string {
    const present = this.#columns
      .filter((column) => !column.isList)
      .map((column) => ` AND ${column.sql(scope)} IS NOT NULL`)
    return present.join('')
  }
}
