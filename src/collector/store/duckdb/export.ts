import type { AttributeValue, SpanRecord } from '../../../model/span-record.ts'
import { csvRow } from '../../csv.ts'
import type { TimeRange } from '../store.ts'
import { Binder, integer } from './binder.ts'
import { compileQuery } from './compile-query.ts'
import type { Database } from './database.ts'
import { columnsOfRecord, decodeRecord } from './decode.ts'
import { attributeColumns } from './schema.ts'
import { fromTables, matching } from './source.ts'
import type { Sources } from './tables.ts'

/** Records that are sorted at once, and at most a second more: few enough to stay far below the memory limit. */
const SLICE_RECORDS = 20_000
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
  tables: Sources,
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
  const seconds = statement('ts // 1000000 AS s', range)
  if (seconds.union === undefined) return
  const slices = await database.read(
    `SELECT min(s), max(s) FROM (SELECT s, (sum(n) OVER (ORDER BY s) - n) // ${SLICE_RECORDS} AS slice
       FROM (SELECT s, count(*) AS n FROM (${seconds.union}) GROUP BY s)) GROUP BY slice ORDER BY slice`,
    seconds.binder.parameters,
  )
  for (const [first, last] of slices) {
    const fromMs = Math.max(range.fromMs, Number(first) * 1000)
    const { union, binder } = statement(columnsOfRecord, {
      fromMs,
      toMs: Math.min(range.toMs, (Number(last) + 1) * 1000),
    })
    if (union === undefined) continue
    for await (const rows of database.stream(`SELECT * FROM (${union}) ORDER BY ts, seq`, binder.parameters)) {
      yield encoder.encode(rows.map((row) => line(decodeRecord(row))).join(''))
    }
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
