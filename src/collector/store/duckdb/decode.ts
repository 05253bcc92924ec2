import type { Span } from '../../../model/span.ts'
import type { AttributeValue, SpanRecord } from '../../../model/span-record.ts'
import { at, kindsAt, restAt } from './encode.ts'
import type { Column } from './schema.ts'
import { addressColumns, attributeColumns, fixedColumns, quoted, recordColumns, traitsColumn } from './schema.ts'

/** What no record is made of; decompressing it for a record would be a sixth of what the record costs. */
const leftOut = new Set(
  ['ingested', 'trusted', 'weight', 'odd', 'activity', traitsColumn.name].concat(
    addressColumns.map(({ name }) => name),
  ),
)

/** The columns of a record in SQL, in the order of `recordColumns`. */
export const columnsOfRecord = recordColumns
  .map(({ name }) => (leftOut.has(name) ? `NULL AS ${quoted(name)}` : quoted(name)))
  .join(', ')

/** A record from the values of `columnsOfRecord`, as the driver gives them (integers as bigint). */
export function decodeRecord(row: readonly unknown[]): SpanRecord {
  const attributes = Object.create(null) as Record<string, AttributeValue>
  for (const [index, column] of attributeColumns.entries()) {
    const value = row[fixedColumns.length + index]
    if (value !== null && value !== undefined) attributes[column.name] = decodeValue(column, value)
  }
  decodeRest(String(row[restAt]), row[kindsAt] as string | null, attributes)
  const text = (column: number): string => row[column] as string
  return {
    timestampMs: Number(row[at.ts]) / 1000,
    traceId: text(at.trace_id),
    spanId: text(at.span_id),
    service: text(at.service),
    env: text(at.env),
    version: text(at.version),
    resource: text(at.resource),
    operation: text(at.operation),
    type: text(at.type),
    status: text(at.status) as SpanRecord['status'],
    durationMs: row[at.duration] as number,
    attributes,
  }
}

function decodeValue(column: Column, value: unknown): AttributeValue {
  return column.type === 'BIGINT' ? Number(value) : (value as AttributeValue)
}

function decodeRest(rest: string, kinds: string | null, into: Record<string, AttributeValue>): void {
  const values = JSON.parse(rest) as Record<string, string | readonly string[]>
  for (const name of Object.keys(values)) into[name] = values[name] as AttributeValue
  if (kinds === null) return
  const [numbers, booleans] = JSON.parse(kinds) as [string[], string[], string[]]
  for (const name of numbers) into[name] = Number(values[name])
  for (const name of booleans) into[name] = values[name] === 'true'
}

export function decodeSpan(body: string): Span {
  const { metaStruct, ...plain } = JSON.parse(body) as Omit<Span, 'metaStruct'> & { metaStruct?: [string, string][] }
  if (!metaStruct) return plain
  const unpacked = Object.create(null) as Record<string, Uint8Array>
  for (const [name, text] of metaStruct) unpacked[name] = new Uint8Array(Buffer.from(text, 'base64'))
  return { ...plain, metaStruct: unpacked }
}
