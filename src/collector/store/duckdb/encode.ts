import type { Span } from '../../../model/span.ts'
import { clientTraits } from '../../../model/client-traits.ts'
import type { AttributeValue } from '../../../model/span-record.ts'
import { attribute, businessLogicActivity } from '../../../model/span-record.ts'
import { fold } from '../../../query/query.ts'
import type { AppendBatch, AppendRecord } from '../store.ts'
import { addressHex } from './address-hex.ts'
import type { OwnColumn } from './attribute-names.ts'
import { attributeName } from './attribute-names.ts'
import type { EncodedColumn, EncodedColumns } from './encoded-column.ts'
import { BytesBuilder, TextsBuilder, isFalse, isTrue } from './encoded-column.ts'
import { addressColumns, attributeColumns, fixedColumns, spanColumn, storedColumns, traitsColumn } from './schema.ts'
import type { TagCount } from './span-beside.ts'
import { encodeBeside } from './span-beside.ts'
import { TraitIds } from './trait-ids.ts'
import type { RecordKind } from './tables.ts'
import { wellFormed } from './well-formed.ts'

/**
 * A batch as columns, which cross a thread's boundary cheaply and go into the appender as they are.
 * `records[i]` belongs to `storedColumns[i]` and is null where every record lacks it; `seq` and `ingested` are the writer's.
 * `spans` are those that are stored whole, not with their record.
 */
export interface EncodedBatch {
  readonly kinds: readonly RecordKind[]
  readonly records: EncodedColumns
  /** The traits that the records refer to, by id. */
  readonly traits: ReadonlyMap<number, string>
  readonly spans: {
    readonly ts: Float64Array
    readonly traceIds: readonly string[]
    readonly spanIds: readonly string[]
    readonly bodies: EncodedColumn
  }
}

const businessLogic = businessLogicActivity('')
const addressesAt = fixedColumns.length + attributeColumns.length
export const restAt = columnAt('rest')
export const kindsAt = columnAt('kinds')
export const traitsAt = columnAt(traitsColumn.name)
export const spanAt = columnAt(spanColumn.name)
type FixedName = (typeof fixedColumns)[number]['name']
/** Positions of the fixed columns. */
export const at = Object.fromEntries(fixedColumns.map((column, index) => [column.name, index])) as Readonly<
  Record<FixedName, number>
>

const traitIds = new TraitIds()

function columnAt(name: string): number {
  return storedColumns.findIndex((column) => column.name === name)
}

export function encodeBatch({ records, spans }: AppendBatch): EncodedBatch {
  const columns = new ColumnSet(records.length)
  const traits = new Map<number, string>()
  const whole: Span[] = []
  let next = 0
  const kinds = records.map((record, row) => {
    const tags = encodeRecord(record, row, columns)
    const kind = kindOf(record)
    if (kind === 'compact') {
      columns.span.push('')
      return kind
    }
    const found = indexOfSpan(spans, record, next)
    const span = spans[found]
    const beside = span && encodeBeside(span, record.record, tags)
    columns.span.push(beside ?? '')
    for (; next < found; next++) whole.push(spans[next] as Span)
    if (beside !== undefined) next = found + 1
    const told = traitIds.of(clientTraits(record.record.attributes))
    if (told) {
      traits.set(told.id, told.body)
      columns.number(traitsAt, row, told.id)
    }
    return kind
  })
  for (; next < spans.length; next++) whole.push(spans[next] as Span)
  const bodies = new BytesBuilder()
  for (const span of whole) bodies.push(encodeSpan(span))
  return {
    kinds,
    records: columns.columns(),
    traits,
    spans: {
      ts: Float64Array.from(whole, (span) => Math.round(span.startMs * 1000)),
      traceIds: whole.map((span) => span.traceId),
      spanIds: whole.map((span) => span.spanId),
      bodies: bodies.column,
    },
  }
}

/** Where the span of a record is, from a place on, since they come in the same order; the end where it is not there. */
function indexOfSpan(spans: readonly Span[], { record }: AppendRecord, from: number): number {
  const isOf = ({ traceId, spanId }: Span): boolean => spanId === record.spanId && traceId === record.traceId
  let at = from
  while (at < spans.length && !isOf(spans[at] as Span)) at++
  return at
}

/** The large parts of a batch, which can be given to another thread instead of being copied. */
export function movableParts({ records, spans }: EncodedBatch): readonly ArrayBuffer[] {
  return [records[restAt], records[spanAt], spans.bodies].flatMap((column) =>
    column?.kind === 'bytes' ? [column.bytes.buffer as ArrayBuffer] : [],
  )
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

/** Columns that are made when the first record has a value for them; `rest` and `span` are pushed for each record. */
class ColumnSet {
  readonly rest = new BytesBuilder()
  readonly span = new BytesBuilder()
  readonly #rows: number
  readonly #texts: (TextsBuilder | undefined)[] = []
  readonly #others: (Extract<EncodedColumn, { values: unknown }> | undefined)[] = []

  constructor(rows: number) {
    this.#rows = rows
  }

  text(column: number, row: number, value: string): void {
    ;(this.#texts[column] ??= new TextsBuilder(this.#rows)).set(row, value)
  }

  number(column: number, row: number, value: number): void {
    const made = (this.#others[column] ??= { kind: 'numbers', values: new Float64Array(this.#rows).fill(Number.NaN) })
    if (made.kind === 'numbers') made.values[row] = value
  }

  flag(column: number, row: number, value: boolean): void {
    const made = (this.#others[column] ??= { kind: 'flags', values: new Uint8Array(this.#rows) })
    if (made.kind === 'flags') made.values[row] = value ? isTrue : isFalse
  }

  list(column: number, row: number, value: readonly string[]): void {
    const made = (this.#others[column] ??= {
      kind: 'lists',
      values: Array.from<null>({ length: this.#rows }).fill(null),
    })
    if (made.kind === 'lists') (made.values as (readonly string[])[])[row] = value
  }

  columns(): EncodedColumns {
    return storedColumns.map((_, column) => {
      if (column === restAt) return this.rest.column
      if (column === spanAt) return this.span.column
      return this.#texts[column]?.column ?? this.#others[column] ?? null
    })
  }
}

function encodeRecord({ record, trusted, weight = 1 }: AppendRecord, row: number, columns: ColumnSet): TagCount {
  columns.number(at.ts, row, Math.round(record.timestampMs * 1000))
  columns.flag(at.trusted, row, trusted)
  columns.number(at.weight, row, weight)
  columns.flag(at.odd, row, false)
  columns.text(at.trace_id, row, wellFormed(record.traceId))
  columns.text(at.span_id, row, wellFormed(record.spanId))
  columns.text(at.service, row, wellFormed(record.service))
  columns.text(at.env, row, wellFormed(record.env))
  columns.text(at.version, row, wellFormed(record.version))
  columns.text(at.resource, row, wellFormed(record.resource))
  columns.text(at.operation, row, wellFormed(record.operation))
  columns.text(at.type, row, wellFormed(record.type))
  columns.text(at.status, row, record.status)
  columns.number(at.duration, row, record.durationMs)
  const [activity, ...more] = activitiesOf(record.attributes[attribute.activity])
  if (activity !== undefined && more.length === 0) columns.text(at.activity, row, fold(wellFormed(activity)))
  addressColumns.forEach(({ of }, index) => {
    const hex = addressHex(record.attributes[of])
    if (hex !== null) columns.text(addressesAt + index, row, hex)
  })
  return encodeAttributes(record.attributes, row, columns)
}

function encodeAttributes(
  attributes: Readonly<Record<string, AttributeValue>>,
  row: number,
  columns: ColumnSet,
): TagCount {
  let [texts, counted] = [0, 0]
  const rest: string[] = []
  const numbers: string[] = []
  const booleans: string[] = []
  const lists: string[] = []
  for (const rawName in attributes) {
    const raw = attributes[rawName] as AttributeValue
    const value = typeof raw === 'string' ? wellFormed(raw) : typeof raw === 'object' ? raw.map(wellFormed) : raw
    const { text: name, column, member, isTag } = attributeName(rawName)
    if (isTag && typeof value === 'string') texts++
    else if (isTag && typeof value === 'number') counted++
    // A name that is stored otherwise is not that of the tag.
    if (name !== rawName) texts = Number.NaN
    if (column !== undefined) {
      if (setOwn(columns, column, row, value)) continue
      columns.flag(at.odd, row, true)
    }
    if (typeof value === 'number') numbers.push(name)
    else if (typeof value === 'boolean') booleans.push(name)
    else if (typeof value === 'object') lists.push(name)
    rest.push(member + JSON.stringify(typeof value === 'object' ? value : String(value)))
  }
  if (numbers.length + booleans.length + lists.length > 0) {
    columns.text(kindsAt, row, JSON.stringify([numbers, booleans, lists]))
  }
  columns.rest.push(`{${rest.join(',')}}`)
  return { texts, numbers: counted }
}

/** Puts a value into its column; false where it is not of the column's type. */
function setOwn(columns: ColumnSet, { type, at: column }: OwnColumn, row: number, value: AttributeValue): boolean {
  if (typeof value === 'string' && type === 'VARCHAR') columns.text(column, row, value)
  else if (typeof value === 'number' && type === 'BIGINT' && isPlainInteger(value)) columns.number(column, row, value)
  else if (typeof value === 'boolean' && type === 'BOOLEAN') columns.flag(column, row, value)
  else if (typeof value === 'object' && type === 'VARCHAR[]') columns.list(column, row, value)
  else return false
  return true
}

function isPlainInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

function encodeSpan(span: Span): string {
  const { metaStruct, ...plain } = span
  if (!metaStruct) return JSON.stringify(plain)
  const packed = Object.entries(metaStruct).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
  return JSON.stringify({ ...plain, metaStruct: packed })
}
