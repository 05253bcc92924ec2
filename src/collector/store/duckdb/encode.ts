import type { Span } from '../../../model/span.ts'
import { encodeClientTraits } from '../../../model/client-traits.ts'
import type { AttributeValue } from '../../../model/span-record.ts'
import { attribute, businessLogicActivity } from '../../../model/span-record.ts'
import { fold } from '../../../query/query.ts'
import type { AppendBatch, AppendRecord } from '../store.ts'
import { addressHex } from './address-hex.ts'
import type { ColumnType } from './schema.ts'
import { addressColumns, attributeColumns, fixedColumns, recordColumns, traitsColumn } from './schema.ts'
import { TraitIds } from './trait-ids.ts'
import type { RecordKind } from './tables.ts'

export type Cell = string | number | boolean | readonly string[] | null

/**
 * A batch as columns, which cross a thread's boundary cheaply and go into the appender as they are.
 * `records[i]` belongs to `recordColumns[i]` and is null where every record lacks it; `seq` and `ingested` are the writer's.
 */
export interface EncodedBatch {
  readonly kinds: readonly RecordKind[]
  readonly records: readonly (readonly Cell[] | null)[]
  /** The traits that the records refer to, by id. */
  readonly traits: ReadonlyMap<number, string>
  readonly spans: {
    readonly ts: readonly number[]
    readonly traceIds: readonly string[]
    readonly spanIds: readonly string[]
    readonly bodies: readonly string[]
  }
}

const businessLogic = businessLogicActivity('')
const columnOf = new Map(
  attributeColumns.map((column, index) => [column.name, { type: column.type, at: fixedColumns.length + index }]),
)
const addressesAt = fixedColumns.length + attributeColumns.length
export const restAt = columnAt('rest')
export const kindsAt = columnAt('kinds')
export const traitsAt = columnAt(traitsColumn.name)
type FixedName = (typeof fixedColumns)[number]['name']
/** Positions of the fixed columns. */
export const at = Object.fromEntries(fixedColumns.map((column, index) => [column.name, index])) as Readonly<
  Record<FixedName, number>
>

const traitIds = new TraitIds()

function columnAt(name: string): number {
  return recordColumns.findIndex((column) => column.name === name)
}

export function encodeBatch({ records, spans }: AppendBatch): EncodedBatch {
  const columns = new ColumnSet(records.length)
  const traits = new Map<number, string>()
  const kinds = records.map((record, row) => {
    encodeRecord(record, row, columns)
    const kind = kindOf(record)
    const body = kind === 'compact' ? undefined : encodeClientTraits(record.record.attributes)
    if (body !== undefined) {
      const id = traitIds.of(body)
      traits.set(id, body)
      columns.set(traitsAt, row, id)
    }
    return kind
  })
  return {
    kinds,
    records: columns.columns,
    traits,
    spans: {
      ts: spans.map((span) => Math.round(span.startMs * 1000)),
      traceIds: spans.map((span) => span.traceId),
      spanIds: spans.map((span) => span.spanId),
      bodies: spans.map(encodeSpan),
    },
  }
}

function kindOf({ record, keep }: AppendRecord): RecordKind {
  if (keep === 'compact') return 'compact'
  const isEvent = activitiesOf(record.attributes[attribute.activity]).some((activity) =>
    activity.toLowerCase().startsWith(businessLogic),
  )
  return isEvent ? 'events' : 'requests'
}

function activitiesOf(value: AttributeValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' ? value : []
}

/** Columns that are made when the first record has a value for them. */
class ColumnSet {
  readonly columns: (Cell[] | null)[] = recordColumns.map(() => null)
  readonly #rows: number

  constructor(rows: number) {
    this.#rows = rows
  }

  set(column: number, row: number, value: Cell): void {
    let cells = this.columns[column]
    if (!cells) {
      cells = Array.from<Cell>({ length: this.#rows }).fill(null)
      this.columns[column] = cells
    }
    cells[row] = value
  }
}

function encodeRecord({ record, trusted, weight = 1 }: AppendRecord, row: number, columns: ColumnSet): void {
  columns.set(at.ts, row, Math.round(record.timestampMs * 1000))
  columns.set(at.trusted, row, trusted)
  columns.set(at.weight, row, weight)
  columns.set(at.odd, row, false)
  columns.set(at.trace_id, row, wellFormed(record.traceId))
  columns.set(at.span_id, row, wellFormed(record.spanId))
  columns.set(at.service, row, wellFormed(record.service))
  columns.set(at.env, row, wellFormed(record.env))
  columns.set(at.version, row, wellFormed(record.version))
  columns.set(at.resource, row, wellFormed(record.resource))
  columns.set(at.operation, row, wellFormed(record.operation))
  columns.set(at.type, row, wellFormed(record.type))
  columns.set(at.status, row, record.status)
  columns.set(at.duration, row, record.durationMs)
  const [activity, ...more] = activitiesOf(record.attributes[attribute.activity])
  if (activity !== undefined && more.length === 0) columns.set(at.activity, row, fold(wellFormed(activity)))
  addressColumns.forEach(({ of }, index) => {
    const hex = addressHex(record.attributes[of])
    if (hex !== null) columns.set(addressesAt + index, row, hex)
  })
  encodeAttributes(record.attributes, row, columns)
}

function encodeAttributes(attributes: Readonly<Record<string, AttributeValue>>, row: number, columns: ColumnSet): void {
  const rest: string[] = []
  const numbers: string[] = []
  const booleans: string[] = []
  const lists: string[] = []
  for (const rawName in attributes) {
    const raw = attributes[rawName] as AttributeValue
    const value = typeof raw === 'string' ? wellFormed(raw) : typeof raw === 'object' ? raw.map(wellFormed) : raw
    const column = columnOf.get(rawName)
    if (column !== undefined && fits(value, column.type)) {
      columns.set(column.at, row, value)
      continue
    }
    if (column !== undefined) columns.set(at.odd, row, true)
    const name = wellFormed(rawName)
    if (typeof value === 'number') numbers.push(name)
    else if (typeof value === 'boolean') booleans.push(name)
    else if (typeof value === 'object') lists.push(name)
    rest.push(`${JSON.stringify(name)}:${JSON.stringify(typeof value === 'object' ? value : String(value))}`)
  }
  if (numbers.length + booleans.length + lists.length > 0) {
    columns.set(kindsAt, row, JSON.stringify([numbers, booleans, lists]))
  }
  columns.set(restAt, row, `{${rest.join(',')}}`)
}

function fits(value: AttributeValue, type: ColumnType): boolean {
  if (type === 'VARCHAR') return typeof value === 'string'
  if (type === 'BIGINT') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (type === 'BOOLEAN') return typeof value === 'boolean'
  return typeof value === 'object'
}

const loneSurrogate = /\p{Surrogate}/gu

/** A lone surrogate would make the JSON unreadable for the engine. */
function wellFormed(text: string): string {
  return isWellFormed(text) ? text : text.replaceAll(loneSurrogate, '\ufffd')
}

/** In Node from 20 on, and in TypeScript's library from es2024 on. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

function encodeSpan(span: Span): string {
  const { metaStruct, ...plain } = span
  if (!metaStruct) return JSON.stringify(plain)
  const packed = Object.entries(metaStruct).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
  return JSON.stringify({ ...plain, metaStruct: packed })
}
