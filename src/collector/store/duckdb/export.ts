import type { AttributeValue, SpanRecord } from '../../../model/span-record.ts'
import { csvRow } from '../../csv.ts'
import type { TimeRange } from '../store.ts'
import { Binder, integer } from './binder.ts'
import { compileQuery } from './compile-query.ts'
import type { Database } from './database.ts'
import { decodeRecord } from './decode.ts'
import { attributeColumns, quoted, recordColumns } from './schema.ts'
import { fromTables, matching } from './source.ts'
import type { Tables } from './tables.ts'

/** Records that are sorted at once: few enough to stay far below the memory limit. */
const SLICE_RECORDS = 20_000
const SLICE_MS = 60_000
const reservedNames = [
  'timestamp',
  'trace_id',
  'span_id',
  'service',
  'env',
  'version',
  'status',
  'resource_name',
] as const
const moreNames = ['operation_name', 'type', 'duration_ms'] as const

/**
 * The records of a query in the order of time, as CSV or NDJSON, a part at a time. The result is what was stored when it
 * began; it is read in slices, so that a slow reader holds neither memory nor a transaction.
 */
export async function* exportRecords(
  database: Database,
  tables: Tables,
  text: string,
  range: TimeRange,
  options: { readonly format: 'csv' | 'ndjson'; readonly upToSequence: number },
): AsyncGenerator<Uint8Array> {
  const query = compileQuery(text)
  const encoder = new TextEncoder()
  const line = options.format === 'csv' ? csvLine : ndjsonLine
  if (options.format === 'csv') yield encoder.encode(csvHeader)
  const upTo = `seq <= ${integer(options.upToSequence)}`
  const statement = (columns: string, part: TimeRange): { union: string | undefined; binder: Binder } => {
    const binder = new Binder()
    const union = fromTables(
      tables.overlapping(query.kinds, part),
      binder,
      (scope, table) => `SELECT ${columns} FROM ${table} WHERE ${matching(query, part, scope)} AND ${upTo}`,
    )
    return { union, binder }
  }
  const histogram = statement(`ts // ${SLICE_MS * 1000} AS slice`, range)
  if (histogram.union === undefined) return
  const counts = await database.read(
    `SELECT slice, count(*) FROM (${histogram.union}) GROUP BY slice ORDER BY slice`,
    histogram.binder.parameters,
  )
  const columns = recordColumns.map((column) => quoted(column.name)).join(', ')
  for (const part of slices(counts, range)) {
    const { union, binder } = statement(columns, part)
    if (union === undefined) continue
    for await (const rows of database.stream(`SELECT * FROM (${union}) ORDER BY ts, seq`, binder.parameters)) {
      yield encoder.encode(rows.map((row) => line(decodeRecord(row))).join(''))
    }
  }
}

/** Stretches of time that hold about as many records each; minutes without any are skipped. */
function* slices(counts: readonly (readonly unknown[])[], range: TimeRange): Generator<TimeRange> {
  let first: number | undefined
  let records = 0
  for (const [index, [slice, count]] of counts.entries()) {
    const minute = Number(slice)
    first ??= minute
    records += Number(count)
    if (records < SLICE_RECORDS && index < counts.length - 1) continue
    const fromMs = Math.max(range.fromMs, first * SLICE_MS)
    yield { fromMs, toMs: Math.min(range.toMs, (minute + 1) * SLICE_MS) }
    first = undefined
    records = 0
  }
}

function ndjsonLine(record: SpanRecord): string {
  const { timestampMs, ...others } = record
  return `${JSON.stringify({ timestamp: new Date(timestampMs).toISOString(), ...others })}\n`
}

const csvHeader = csvRow([
  ...reservedNames,
  ...moreNames,
  ...attributeColumns.map((column) => `@${column.name}`),
  'other_attributes',
])

function csvLine(record: SpanRecord): string {
  const others = Object.create(null) as Record<string, unknown>
  for (const [name, value] of Object.entries(record.attributes)) if (!ownColumn.has(name)) others[name] = value
  return csvRow([
    new Date(record.timestampMs).toISOString(),
    record.traceId,
    record.spanId,
    record.service,
    record.env,
    record.version,
    record.status,
    record.resource,
    record.operation,
    record.type,
    String(record.durationMs),
    ...attributeColumns.map(({ name }) => cellText(record.attributes[name])),
    JSON.stringify(others),
  ])
}

const ownColumn = new Set(attributeColumns.map((column) => column.name))

function cellText(value: AttributeValue | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.join(' ') : String(value)
}
