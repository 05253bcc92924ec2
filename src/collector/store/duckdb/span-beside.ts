import type { Span } from '../../../model/span.ts'
import type { SpanRecord } from '../../../model/span-record.ts'
import { attributeName } from './attribute-names.ts'
import { isWellFormed } from './well-formed.ts'

/** Names and values, one after the other: most are few, and `__proto__` is a name like others. */
type Pairs<T> = readonly (string | T)[]
/** What is stored with a record of its span, as JSON. */
type Beside = readonly [
  startMs: number,
  parentId: string | null,
  meta: Pairs<string>,
  metrics: Pairs<number>,
  metaStruct?: Pairs<string>,
]

/** How many attributes of a record are texts and numbers that are tags of its span. */
export interface TagCount {
  readonly texts: number
  readonly numbers: number
}

/**
 * What a record does not tell of the span that it was made of; undefined where it tells something else, so that the span
 * has to be stored whole.
 */
export function encodeBeside(span: Span, record: SpanRecord, tags: TagCount): string | undefined {
  if (!isTold(span, record)) return undefined
  const { attributes } = record
  let [texts, numbers] = [0, 0]
  const meta: string[] = []
  for (const name in span.meta) {
    const value = span.meta[name] as string
    if (typeof attributes[name] === 'string' && attributeName(name).isTag) {
      texts++
      if (attributes[name] === value && isKept(value)) continue
    } else if ((name === 'env' || name === 'version') && value !== '' && record[name] === value && isKept(value))
      continue
    meta.push(name, value)
  }
  const metrics: (string | number)[] = []
  for (const name in span.metrics) {
    const value = span.metrics[name] as number
    if (typeof attributes[name] === 'number' && attributeName(name).isTag) {
      numbers++
      if (attributes[name] === value) continue
    }
    metrics.push(name, value)
  }
  if (texts !== tags.texts || numbers !== tags.numbers) return undefined
  const beside: Beside = [span.startMs, span.parentId ?? null, meta, metrics]
  return JSON.stringify(span.metaStruct ? [...beside, packed(span.metaStruct)] : beside)
}

/** Whether the fields of the record give those of the span back, and no environment or version that it has not. */
function isTold(span: Span, record: SpanRecord): boolean {
  return (
    span.durationMs === record.durationMs &&
    span.error === errorOf(record) &&
    span.name === record.operation &&
    span.service === record.service &&
    span.resource === record.resource &&
    span.type === record.type &&
    [record.operation, record.service, record.resource, record.type].every(isKept) &&
    (record.env === '' || span.meta['env'] !== undefined) &&
    (record.version === '' || span.meta['version'] !== undefined)
  )
}

function errorOf({ status }: SpanRecord): Span['error'] {
  return status === 'error' ? 1 : 0
}

/** Whether a column gives a text back: lone surrogates are replaced, and the driver loses a byte order mark in front. */
function isKept(text: string): boolean {
  return isWellFormed(text) && !text.startsWith('\ufeff')
}

function packed(metaStruct: Readonly<Record<string, Uint8Array>>): Pairs<string> {
  return Object.entries(metaStruct).flatMap(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
}

/** The span of a record, as `encodeBeside` was given it. */
export function decodeBeside(text: string, record: SpanRecord): Span {
  const [startMs, parentId, moreMeta, moreMetrics, moreStruct] = JSON.parse(text) as Beside
  const meta = Object.create(null) as Record<string, string>
  const metrics = Object.create(null) as Record<string, number>
  for (const [name, value] of Object.entries(record.attributes)) {
    if (!attributeName(name).isTag) continue
    if (typeof value === 'string') meta[name] = value
    else if (typeof value === 'number') metrics[name] = value
  }
  for (const name of ['env', 'version'] as const) if (record[name] !== '') meta[name] = record[name]
  for (const [name, value] of pairsOf(moreMeta)) meta[name] = value
  for (const [name, value] of pairsOf(moreMetrics)) metrics[name] = value
  const span: Span = {
    traceId: record.traceId,
    spanId: record.spanId,
    ...(parentId === null ? {} : { parentId }),
    service: record.service,
    name: record.operation,
    resource: record.resource,
    type: record.type,
    startMs,
    durationMs: record.durationMs,
    error: errorOf(record),
    meta,
    metrics,
  }
  if (!moreStruct) return span
  const metaStruct = Object.create(null) as Record<string, Uint8Array>
  for (const [name, value] of pairsOf(moreStruct)) metaStruct[name] = new Uint8Array(Buffer.from(value, 'base64'))
  return { ...span, metaStruct }
}

function* pairsOf<T>(pairs: Pairs<T>): Generator<readonly [string, T]> {
  for (let index = 0; index + 1 < pairs.length; index += 2) yield [pairs[index] as string, pairs[index + 1] as T]
}
