import { fail } from '../../../model/error.ts'
import type { Span } from '../../../model/span.ts'
import { tag } from '../../../model/tags.ts'
import { readMsgpack } from './read-msgpack.ts'
import { arrayOf, idOf, mapOf, numberOf, textOf, timeOf, type Path } from './read-values.ts'

const noParent = '0'.repeat(16)

/** A span that is still being made. */
export type SpanDraft = { -readonly [Field in keyof Span]: Span[Field] }

/** The fields of a span as they came, but for its tags. */
type Fields = Readonly<Record<(typeof fieldNames)[number], unknown>>
const fieldNames = [
  'service',
  'name',
  'resource',
  'trace_id',
  'span_id',
  'parent_id',
  'start',
  'duration',
  'error',
  'type',
] as const

/** A span as a map (v0.3, v0.4, v0.7). Fields we do not know are left out. */
export function readSpan(value: unknown, path: Path): SpanDraft {
  const span = mapOf(value, path)
  const metaStruct = entriesOf(span['meta_struct'], () => `${path()}.meta_struct`, 'bytes', bytesOf)
  const meta = entriesOf(span['meta'], () => `${path()}.meta`, 'string', textOf)
  const metrics = entriesOf(span['metrics'], () => `${path()}.metrics`, 'number', numberOf)
  const read = readFields(span, withWafEvents(meta, metaStruct['appsec']), metrics, path)
  if (Object.keys(metaStruct).length > 0) read.metaStruct = metaStruct
  return read
}

/** Where the agent takes structured tags, some tracers send WAF events in one; they mean the same as the JSON tag. */
function withWafEvents(
  meta: Readonly<Record<string, string>>,
  packed: Uint8Array | undefined,
): Readonly<Record<string, string>> {
  if (packed === undefined || meta[tag.appsecJson] !== undefined) return meta
  const json = JSON.stringify(readMsgpack(packed), (_key, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  )
  return { ...meta, [tag.appsecJson]: json }
}

/** A span as a tuple of v0.5: service, name, resource, ids, start, duration, error, meta, metrics, type. */
export function readTuple(value: unknown, strings: readonly string[], path: Path): SpanDraft {
  const tuple = arrayOf(value, path)
  const text = (index: unknown, at: Path): string => {
    const found = typeof index === 'number' ? strings[index] : undefined
    if (found === undefined) throw fail('PAYLOAD_INVALID', 'not a position in the table of strings', at())
    return found
  }
  const keyed = <T>(map: unknown, at: Path, read: (item: unknown, at: Path) => T): Record<string, T> =>
    Object.fromEntries(
      Object.entries(mapOf(map ?? {}, at)).map(([key, item]) => {
        const itemAt: Path = () => `${at()}[${key}]`
        return [text(Number(key), itemAt), read(item, itemAt)]
      }),
    )
  const [service, name, resource, traceId, spanId, parentId, start, duration, error, meta, metrics, type] = tuple
  return readFields(
    {
      service: text(service, () => `${path()}[0]`),
      name: text(name, () => `${path()}[1]`),
      resource: text(resource, () => `${path()}[2]`),
      trace_id: traceId,
      span_id: spanId,
      parent_id: parentId,
      start,
      duration,
      error,
      type: text(type, () => `${path()}[11]`),
    },
    keyed(meta, () => `${path()}[9]`, text),
    keyed(
      metrics,
      () => `${path()}[10]`,
      (item, at) => numberOf(item, at),
    ),
    path,
  )
}

function readFields(fields: Fields, meta: Span['meta'], metrics: Span['metrics'], path: Path): SpanDraft {
  const at =
    (field: (typeof fieldNames)[number]): Path =>
    () =>
      `${path()}.${field}`
  const parentId = idOf(fields.parent_id ?? 0, at('parent_id'))
  const span: SpanDraft = {
    traceId: noParent + idOf(fields.trace_id, at('trace_id')),
    spanId: idOf(fields.span_id, at('span_id')),
    service: textOf(fields.service, at('service'), 'unnamed-service'),
    name: textOf(fields.name, at('name')),
    resource: textOf(fields.resource, at('resource')),
    type: textOf(fields.type, at('type')),
    startMs: timeOf(fields.start, at('start')),
    durationMs: Math.max(0, numberOf(fields.duration, at('duration'), 0) / 1e6),
    error: numberOf(fields.error, at('error'), 0) === 0 ? 0 : 1,
    meta,
    metrics,
  }
  if (parentId !== noParent) span.parentId = parentId
  return span
}

/**
 * The tags as they were read; a copy only where one has to be converted. This runs for every tag of every
 * span.
 */
function entriesOf<T>(
  value: unknown,
  path: Path,
  kind: 'string' | 'number' | 'bytes',
  read: (item: unknown, path: Path) => T,
): Readonly<Record<string, T>> {
  if (value === undefined || value === null) return none
  const map = mapOf(value, path)
  for (const key in map) if (typeof map[key] !== kind) return convert(map, path, read)
  return map as Readonly<Record<string, T>>
}

const none: Readonly<Record<string, never>> = Object.freeze(Object.create(null))

function convert<T>(
  map: Readonly<Record<string, unknown>>,
  path: Path,
  read: (item: unknown, path: Path) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(map).map(([key, item]): [string, T] => [
    key,
    read(item, () => `${path()}[${JSON.stringify(key.slice(0, 100))}]`),
  ])
  return Object.fromEntries(entries)
}

function bytesOf(value: unknown, path: Path): Uint8Array {
  if (!(value instanceof Uint8Array)) throw fail('PAYLOAD_INVALID', 'not bytes', path())
  return value
}
