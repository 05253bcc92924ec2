import type { AttributeValue } from '../../../model/span-record.ts'
import type { RecordScope, ScanPart, TimeRange } from '../store.ts'
import { Binder, integer } from './binder.ts'
import { compileQuery } from './compile-query.ts'
import type { Database } from './database.ts'
import { facetExpression } from './facet.ts'
import { quoted } from './schema.ts'
import { matching } from './source.ts'
import type { Sources } from './tables.ts'

/**
 * Some attributes of the records of a query, table by table in the order of time, within a table as they were appended: a
 * reader of millions needs no sorting, nor the columns that it does not ask for.
 */
export async function* scanRecords(
  database: Database,
  tables: Sources,
  text: string,
  range: TimeRange,
  {
    attributes,
    records,
    upToSequence,
  }: {
    readonly attributes: readonly string[]
    readonly records: RecordScope | undefined
    readonly upToSequence: number
  },
): AsyncGenerator<ScanPart> {
  const query = compileQuery(text, records)
  for (const { name: table, odd } of tables.overlapping(query.kinds, range)) {
    const binder = new Binder()
    const scope = { binder, odd }
    const columns = attributes.map((name, index) => `${facetExpression(`@${name}`, scope).sql} AS a${index}`)
    const statement = `SELECT ${['ts', 'trace_id', 'weight', ...columns].join(', ')} FROM ${quoted(table)}
      WHERE ${matching(query, range, scope)} AND seq <= ${integer(upToSequence)}`
    for await (const rows of database.stream(statement, binder.parameters)) {
      yield {
        timestampMs: rows.map(([ts]) => Number(ts) / 1000),
        traceIds: rows.map(([, traceId]) => String(traceId)),
        weights: rows.map(([, , weight]) => Number(weight)),
        values: attributes.map((_, index) => rows.map((row) => valueOf(row[3 + index]))),
      }
    }
  }
}

/** A list of one is what an attribute without a column of its own looks like. */
function valueOf(value: unknown): AttributeValue | null {
  if (value === null || value === undefined) return null
  if (!Array.isArray(value)) return value as AttributeValue
  return value.length === 1 ? (value[0] as string) : (value as string[])
}
