import type { Span } from '../../../model/span.ts'
import { Binder, integer } from './binder.ts'
import type { Database } from './database.ts'
import { columnsOfRecord, decodeRecord, decodeSpan } from './decode.ts'
import { recordColumns, spanColumn } from './schema.ts'
import { fromTables } from './source.ts'
import { decodeBeside } from './span-beside.ts'
import type { TableKind, Tables } from './tables.ts'

/** Most spans of a trace that are shown (spec/collector.md 5). */
const MAX_TRACE_SPANS = 1_000
const TRACE_HINT_MS = 3_600_000

/** The spans of a trace in the order of time: those stored whole, and those stored with their records. */
export async function readTrace(
  database: Database,
  tables: Tables,
  traceId: string,
  aroundMs: number | undefined,
): Promise<readonly Span[]> {
  const range =
    aroundMs === undefined
      ? { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
      : { fromMs: aroundMs - TRACE_HINT_MS, toMs: aroundMs + TRACE_HINT_MS }
  const near =
    aroundMs === undefined ? '' : `AND ts BETWEEN ${integer(range.fromMs * 1000)} AND ${integer(range.toMs * 1000)}`
  const read = async (kinds: readonly TableKind[], columns: string, where: string): Promise<unknown[][]> => {
    const binder = new Binder()
    const union = fromTables(
      tables.overlapping(kinds, range),
      binder,
      (_, table) => `SELECT ${columns} FROM ${table} WHERE trace_id = ${binder.text(traceId)} ${near} ${where}`,
    )
    if (union === undefined) return []
    return database.read(`SELECT * FROM (${union}) ORDER BY ts, span_id LIMIT ${MAX_TRACE_SPANS}`, binder.parameters)
  }
  const columns = `${columnsOfRecord}, ${spanColumn.name}`
  const whole = await read(['spans'], 'ts, span_id, body', '')
  const records = await read(['events', 'requests'], columns, "AND span <> ''")
  const found = [
    ...whole.map(([ts, , body]) => ({ ts: Number(ts), span: decodeSpan(String(body)) })),
    ...records.map((row) => {
      const record = decodeRecord(row)
      return {
        ts: Math.round(record.timestampMs * 1000),
        span: decodeBeside(String(row[recordColumns.length]), record),
      }
    }),
  ]
  return found
    .sort((one, other) => one.ts - other.ts || (one.span.spanId < other.span.spanId ? -1 : 1))
    .slice(0, MAX_TRACE_SPANS)
    .map(({ span }) => span)
}
