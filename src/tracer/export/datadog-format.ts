import { tag } from '../../model/tags.ts'
import { spanType, type FinishedSpan, type SpanDefaults } from '../finished-span.ts'
import type { TagList } from '../tag-list.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import type { WireFormat } from './wire-format.ts'

/** Lengths beyond which an agent cuts or refuses, in UTF-16 units; a longer tag ends in "..." as tracers have it. */
const MAX_NAME = 100
const MAX_RESOURCE = 5000
const MAX_KEY = 200
const MAX_VALUE = 25_000
const NO_UPPER = '0'.repeat(16)

/** What all spans of a tracer have in common, as bytes. */
interface EncodedDefaults {
  readonly of: SpanDefaults
  /** The fields of a span that are the same in all. */
  readonly fields: Uint8Array
  readonly meta: Uint8Array
  readonly metaSize: number
  readonly metrics: Uint8Array
  readonly metricsSize: number
}

/**
 * The trace intake of the Datadog Agent, `PUT /v0.4/traces`: msgpack, an array of traces, each an array of spans.
 * The low half of a trace id is `trace_id`, the high half the tag `_dd.p.tid`.
 */
export function datadogFormat(options: { readonly tracerVersion: string; readonly nodeVersion: string }): WireFormat {
  const writer = new MsgpackWriter()
  const fixed = {
    'content-type': 'application/msgpack',
    'datadog-meta-lang': 'nodejs',
    'datadog-meta-lang-version': options.nodeVersion,
    'datadog-meta-lang-interpreter': 'v8',
    'datadog-meta-tracer-version': options.tracerVersion,
  }
  let shared: EncodedDefaults | undefined

  return {
    method: 'PUT',
    path: '/v0.4/traces',
    headers: (spanCount) => ({ ...fixed, 'x-datadog-trace-count': String(spanCount) }),
    encode(span) {
      if (shared?.of !== span.defaults) shared = encodeDefaults(span.defaults)
      writer.arrayHeader(1)
      writeSpan(writer, span, shared)
      return writer.take()
    },
    body(spans) {
      writer.arrayHeader(spans.length)
      const head = writer.take()
      const body = Buffer.concat([head, ...coalesced(spans)])
      writer.giveBack(head)
      return body
    },
    giveBack: (encoded) => writer.giveBack(encoded),
  }
}

/** Pieces that lie side by side in one slab, as most do, as one: copying each costs microseconds. */
function coalesced(pieces: readonly Uint8Array[]): Uint8Array[] {
  const whole: Uint8Array[] = []
  for (let at = 0; at < pieces.length;) {
    const { buffer, byteOffset, byteLength } = pieces[at++] as Uint8Array
    let end = byteOffset + byteLength
    for (let next = pieces[at]; next?.buffer === buffer && next.byteOffset === end; next = pieces[++at]) {
      end += next.byteLength
    }
    whole.push(new Uint8Array(buffer, byteOffset, end - byteOffset))
  }
  return whole
}

function encodeDefaults(defaults: SpanDefaults): EncodedDefaults {
  const writer = new MsgpackWriter()
  writer.entry('type', spanType)
  writer.entry('service', cut(defaults.service, MAX_NAME) || 'unnamed-service')
  const fields = writer.take()
  const { meta, metrics } = defaults
  for (const name of Object.keys(meta)) text(writer, name, meta[name] as string)
  const metaBytes = writer.take()
  for (const name of Object.keys(metrics)) number(writer, name, metrics[name] as number)
  return {
    of: defaults,
    fields,
    meta: metaBytes,
    metaSize: Object.keys(meta).length,
    metrics: writer.take(),
    metricsSize: Object.keys(metrics).length,
  }
}

function writeSpan(writer: MsgpackWriter, span: FinishedSpan, shared: EncodedDefaults): void {
  const { metaStruct } = span
  writer.mapHeader(metaStruct === undefined ? 12 : 13)
  writer.raw(shared.fields)
  writer.key('trace_id')
  writer.words(span.traceHigh, span.traceLow)
  writer.key('span_id')
  writer.words(span.idHigh, span.idLow)
  writer.key('parent_id')
  writer.words(span.parentHigh, span.parentLow)
  writer.entry('name', cut(span.name, MAX_NAME) || 'unnamed_operation')
  writer.entry('resource', cut(span.resource || span.name, MAX_RESOURCE))
  writer.key('error')
  writer.number(span.error)
  writer.key('start')
  writer.nanoseconds(span.startMs)
  writer.key('duration')
  writer.number(Math.max(0, Math.round(span.durationMs * 1e6)))
  writer.key('meta')
  writeMeta(writer, span, shared)
  writer.key('metrics')
  writeMetrics(writer, span.numbers, shared)
  if (metaStruct !== undefined) writeStructs(writer, metaStruct)
}

function writeMeta(writer: MsgpackWriter, { tags, traceUpper }: FinishedSpan, shared: EncodedDefaults): void {
  const ownUpper = traceUpper !== NO_UPPER && !tags.has(tag.traceIdHigh)
  writer.mapHeader(shared.metaSize + tags.size + (ownUpper ? 1 : 0))
  writer.raw(shared.meta)
  if (ownUpper) writer.entry(tag.traceIdHigh, traceUpper)
  const { names, values } = tags
  for (let at = 0; at < names.length; at++) text(writer, names[at] as string, values[at] as string)
}

function writeMetrics(writer: MsgpackWriter, { names, values }: TagList<number>, shared: EncodedDefaults): void {
  let size = 0
  for (const value of values) if (Number.isFinite(value)) size++
  writer.mapHeader(shared.metricsSize + size)
  writer.raw(shared.metrics)
  for (let at = 0; at < names.length; at++) {
    const value = values[at] as number
    if (Number.isFinite(value)) number(writer, names[at] as string, value)
  }
}

function writeStructs(writer: MsgpackWriter, structs: ReadonlyMap<string, Uint8Array>): void {
  writer.key('meta_struct')
  writer.mapHeader(structs.size)
  for (const [name, bytes] of structs) {
    key(writer, name)
    writer.binary(bytes)
  }
}

function text(writer: MsgpackWriter, name: string, value: string): void {
  // Half of a JSON document is of no use; it is bounded where it is written.
  const bounded = name === tag.appsecJson ? value : marked(value, MAX_VALUE)
  if (name.length <= MAX_KEY) return writer.entry(name, bounded)
  writer.string(marked(name, MAX_KEY))
  writer.string(bounded)
}

function number(writer: MsgpackWriter, name: string, value: number): void {
  key(writer, name)
  writer.number(value)
}

/** What the app names at length is not worth remembering. */
function key(writer: MsgpackWriter, name: string): void {
  if (name.length > MAX_KEY) writer.string(marked(name, MAX_KEY))
  else writer.key(name)
}

function cut(value: string, length: number): string {
  return value.length > length ? value.slice(0, length) : value
}

function marked(value: string, length: number): string {
  return value.length > length ? `${value.slice(0, length)}...` : value
}
