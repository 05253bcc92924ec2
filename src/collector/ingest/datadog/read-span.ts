import { fail } from '../../../model/error.ts'
import type { Span } from '../../../model/span.ts'
import { tag } from '../../../model/tags.ts'
import { readMsgpack } from './read-msgpack.ts'
import { arrayOf, idOf, mapOf, numberOf, textOf, timeOf, type Path } from './read-values.ts'

const noParent = '0'.repeat(16)

/** The fields of a span as they came; `meta` and `metrics` are checked by the caller's table. */
interface Fields {
  readonly service: unknown
  readonly name: unknown
  readonly resource: unknown
  readonly traceId: unknown
  readonly spanId: unknown
  readonly parentId: unknown
  readonly start: unknown
  readonly duration: unknown
  readonly error: unknown
  readonly type: unknown
}

/** A span as a map (v0.3, v0.4, v0.7). Fields we do not know are left out. */
export function readSpan(value: unknown, path: Path): Span {
  const span = mapOf(value, path)
  const metaStruct = entriesOf(span['meta_struct'], `${path}.meta_struct`, 'bytes', bytesOf)
  const meta = entriesOf(span['meta'], `${path}.meta`, 'string', textOf)
  return {
    ...readFields(
      {
        service: span['service'],
        name: span['name'],
        resource: span['resource'],
        traceId: span['trace_id'],
        spanId: span['span_id'],
        parentId: span['parent_id'],
        start: span['start'],
        duration: span['duration'],
        error: span['error'],
        type: span['type'],
      },
      path,
    ),
    meta: withWafEvents(meta, metaStruct['appsec']),
    metrics: entriesOf(span['metrics'], `${path}.metrics`, 'number', numberOf),
    ...(Object.keys(metaStruct).length > 0 && { metaStruct }),
  }
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
export function readTuple(value: unknown, strings: readonly string[], path: Path): Span {
  const tuple = arrayOf(value, path)
  const text = (index: unknown, at: Path): string => {
    const found = typeof index === 'number' ? strings[index] : undefined
    if (found === undefined) throw fail('PAYLOAD_INVALID', 'not a position in the table of strings', at)
    return found
  }
  const [service, name, resource, traceId, spanId, parentId, start, duration, error, meta, metrics, type] = tuple
  const keyed = <T>(map: unknown, at: Path, read: (item: unknown, at: Path) => T): Record<string, T> =>
    Object.fromEntries(
      Object.entries(mapOf(map ?? {}, at)).map(([key, item]) => [
        text(Number(key), `${at}[${key}]`),
        read(item, `${at}[${key}]`),
      ]),
    )
  return {
    ...readFields(
      {
        service: text(service, `${path}[0]`),
        name: text(name, `${path}[1]`),
        resource: text(resource, `${path}[2]`),
        traceId,
        spanId,
        parentId,
        start,
        duration,
        error,
        type: text(type, `${path}[11]`),
      },
      path,
    ),
    meta: keyed(meta, `${path}[9]`, text),
    metrics: keyed(metrics, `${path}[10]`, (item, at) => numberOf(item, at)),
  }
}

function readFields(fields: Fields, path: Path): Omit<Span, 'meta' | 'metrics' | 'metaStruct'> {
  const parentId = idOf(fields.parentId ?? 0, `${path}.parent_id`)
  return {
    traceId: noParent + idOf(fields.traceId, `${path}.trace_id`),
    spanId: idOf(fields.spanId, `${path}.span_id`),
    ...(parentId === noParent ? {} : { parentId }),
    service: textOf(fields.service, `${path}.service`, 'unnamed-service'),
    name: textOf(fields.name, `${path}.name`),
    resource: textOf(fields.resource, `${path}.resource`),
    type: textOf(fields.type, `${path}.type`),
    startMs: timeOf(fields.start, `${path}.start`),
    durationMs: Math.max(0, numberOf(fields.duration, `${path}.duration`, 0) / 1e6),
    error: numberOf(fields.error, `${path}.error`, 0) === 0 ? 0 : 1,
  }
}

/**
 * The tags as they were read; a copy only where one has to be converted. Paths are built for messages only: this runs
 * for every tag of every span.
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
    read(item, `${path}[${JSON.stringify(key.slice(0, 100))}]`),
  ])
  return Object.fromEntries(entries)
}

function bytesOf(value: unknown, path: Path): Uint8Array {
  if (!(value instanceof Uint8Array)) throw fail('PAYLOAD_INVALID', 'not bytes', path)
  return value
}
