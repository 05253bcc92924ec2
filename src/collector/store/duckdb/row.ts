import type { Span } from '../../../model/span.ts'
import type { AttributeValue, SpanRecord } from '../../../model/span-record.ts'
import { businessLogicActivity } from '../../../model/span-record.ts'
import type { AppendBatch, AppendRecord } from '../store.ts'
import type { TableKind } from './tables.ts'
import type { Column, ColumnType } from './schema.ts'
import { addressColumns, attributeColumns, fixedColumns, recordColumns } from './schema.ts'
import { readIp } from '../../../net/ip.ts'

export type Cell = string | number | boolean | readonly string[] | null

/**
 * A batch as columns, which cross a thread's boundary cheaply and go into the appender as they are.
 * `records[i]` belongs to `recordColumns[i]`; `seq` and `ingested` are left empty for the writer.
 */
export interface EncodedBatch {
  readonly kinds: readonly Exclude<TableKind, 'spans'>[]
  readonly records: readonly (readonly Cell[])[]
  readonly spans: {
    readonly ts: readonly number[]
    readonly traceIds: readonly string[]
    readonly spanIds: readonly string[]
    readonly bodies: readonly string[]
  }
}

const businessLogic = businessLogicActivity('')
const columnOf = new Map(attributeColumns.map((column, index) => [column.name, { type: column.type, index }]))
const restAt = recordColumns.length - 1
const kindsAt = restAt - 1
type FixedName = (typeof fixedColumns)[number]['name']
/** Positions of the fixed columns. */
export const at = Object.fromEntries(fixedColumns.map((column, index) => [column.name, index])) as Readonly<
  Record<FixedName, number>
>

export function encodeBatch(batch: AppendBatch): EncodedBatch {
  const records: Cell[][] = recordColumns.map(() => [])
  for (const record of batch.records) {
    const row = encodeRecord(record)
    for (let column = 0; column < row.length; column++) records[column]?.push(row[column] ?? null)
  }
  return {
    kinds: batch.records.map(kindOf),
    records,
    spans: {
      ts: batch.spans.map((span) => Math.round(span.startMs * 1000)),
      traceIds: batch.spans.map((span) => span.traceId),
      spanIds: batch.spans.map((span) => span.spanId),
      bodies: batch.spans.map(encodeSpan),
    },
  }
}

function kindOf({ record, keep }: AppendRecord): 'events' | 'requests' | 'compact' {
  if (keep === 'compact') return 'compact'
  const activity = record.attributes['appsec.security_activity']
  const activities = Array.isArray(activity) ? (activity as readonly string[]) : [activity]
  return activities.some((value) => typeof value === 'string' && value.toLowerCase().startsWith(businessLogic))
    ? 'events'
    : 'requests'
}

function encodeRecord({ record, trusted, weight = 1 }: AppendRecord): Cell[] {
  const row: Cell[] = [
    null,
    null,
    Math.round(record.timestampMs * 1000),
    trusted,
    weight,
    false,
    wellFormed(record.traceId),
    wellFormed(record.spanId),
    wellFormed(record.service),
    wellFormed(record.env),
    wellFormed(record.version),
    wellFormed(record.resource),
    wellFormed(record.operation),
    wellFormed(record.type),
    record.status,
    record.durationMs,
  ]
  for (let column = row.length; column < recordColumns.length; column++) row.push(null)
  const rest = Object.create(null) as Record<string, string | readonly string[]>
  const numbers: string[] = []
  const booleans: string[] = []
  const lists: string[] = []
  for (const [rawName, raw] of Object.entries(record.attributes)) {
    const name = wellFormed(rawName)
    const value = typeof raw === 'string' ? wellFormed(raw) : Array.isArray(raw) ? raw.map(wellFormed) : raw
    const column = columnOf.get(name)
    if (column && fits(value, column.type)) {
      row[fixedColumns.length + column.index] = value as Cell
      continue
    }
    if (column) row[at.odd] = true
    if (typeof value === 'number') numbers.push(name)
    else if (typeof value === 'boolean') booleans.push(name)
    else if (typeof value !== 'string') lists.push(name)
    rest[name] = typeof value === 'object' ? value : String(value)
  }
  for (const [index, { of }] of addressColumns.entries()) {
    row[fixedColumns.length + attributeColumns.length + index] = addressHex(record.attributes[of])
  }
  if (numbers.length + booleans.length + lists.length > 0) row[kindsAt] = JSON.stringify([numbers, booleans, lists])
  row[restAt] = JSON.stringify(rest)
  return row
}

const words = new Uint32Array(4)

/** The address, or addresses, as hexadecimal digits; null when there is none. */
function addressHex(value: AttributeValue | undefined): string | null {
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly string[]) : []
  const found = texts.flatMap((text) => (readIp(text, words) ? [hexOf(words)] : []))
  return found.length === 0 ? null : found.join(',')
}

/** Four 32-bit words as 32 hexadecimal digits. */
export function hexOf(address: ArrayLike<number>): string {
  return Array.from(address, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

function fits(value: AttributeValue, type: ColumnType): boolean {
  if (type === 'VARCHAR') return typeof value === 'string'
  if (type === 'BIGINT') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (type === 'BOOLEAN') return typeof value === 'boolean'
  return Array.isArray(value)
}

const loneSurrogate = /\p{Surrogate}/u
const everyLoneSurrogate = /\p{Surrogate}/gu

/** A lone surrogate would make the JSON unreadable for the engine. */
function wellFormed(text: string): string {
  return loneSurrogate.test(text) ? text.replaceAll(everyLoneSurrogate, '\ufffd') : text
}

/** A record from the values of `recordColumns`, as the driver gives them (integers as bigint). */
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

function encodeSpan(span: Span): string {
  const { metaStruct, ...plain } = span
  if (!metaStruct) return JSON.stringify(plain)
  const packed = Object.entries(metaStruct).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
  return JSON.stringify({ ...plain, metaStruct: packed })
}

export function decodeSpan(body: string): Span {
  const { metaStruct, ...plain } = JSON.parse(body) as Omit<Span, 'metaStruct'> & { metaStruct?: [string, string][] }
  if (!metaStruct) return plain
  const unpacked = Object.create(null) as Record<string, Uint8Array>
  for (const [name, text] of metaStruct) unpacked[name] = new Uint8Array(Buffer.from(text, 'base64'))
  return { ...plain, metaStruct: unpacked }
}
