import { tag } from '../../model/tags.ts'
import type { Span } from '../../model/span.ts'
import { nanoseconds } from './nanoseconds.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import type { WireFormat } from './wire-format.ts'

/** Lengths beyond which an agent cuts or refuses, in UTF-16 units; a longer tag ends in "..." as tracers have it. */
const MAX_NAME = 100
const MAX_RESOURCE = 5000
const MAX_KEY = 200
const MAX_VALUE = 25_000
const ZERO_ID = '0000000000000000'

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
  return {
    method: 'PUT',
    path: '/v0.4/traces',
    headers: (spanCount) => ({ ...fixed, 'x-datadog-trace-count': String(spanCount) }),
    encode(span) {
      writer.arrayHeader(1)
      writeSpan(writer, span)
      return writer.take()
    },
    body(spans) {
      writer.arrayHeader(spans.length)
      return Buffer.concat([writer.take(), ...spans])
    },
  }
}

function writeSpan(writer: MsgpackWriter, span: Span): void {
  const metaStruct = span.metaStruct === undefined ? [] : Object.entries(span.metaStruct)
  writer.mapHeader(metaStruct.length > 0 ? 13 : 12)
  field(writer, 'type', cut(span.type, MAX_NAME))
  writer.string('trace_id')
  writer.hex64(span.traceId.slice(-16))
  writer.string('span_id')
  writer.hex64(span.spanId)
  writer.string('parent_id')
  writer.hex64(span.parentId ?? ZERO_ID)
  field(writer, 'name', cut(span.name, MAX_NAME) || 'unnamed_operation')
  field(writer, 'resource', cut(span.resource || span.name, MAX_RESOURCE))
  field(writer, 'service', cut(span.service, MAX_NAME) || 'unnamed-service')
  writer.string('error')
  writer.number(span.error)
  writer.string('start')
  writer.uint64(nanoseconds(span.startMs))
  writer.string('duration')
  writer.number(Math.max(0, Math.round(span.durationMs * 1e6)))
  writer.string('meta')
  writeMeta(writer, span)
  writer.string('metrics')
  writeMetrics(writer, span.metrics)
  if (metaStruct.length === 0) return
  writer.string('meta_struct')
  writer.mapHeader(metaStruct.length)
  for (const [key, bytes] of metaStruct) {
    writer.string(marked(key, MAX_KEY))
    writer.binary(bytes)
  }
}

function writeMeta(writer: MsgpackWriter, span: Span): void {
  const { meta } = span
  const high = span.traceId.length === 32 ? span.traceId.slice(0, 16) : ZERO_ID
  const ownHigh = high !== ZERO_ID && !Object.hasOwn(meta, tag.traceIdHigh)
  const start = writer.mapStart()
  let size = ownHigh ? 1 : 0
  if (ownHigh) field(writer, tag.traceIdHigh, high)
  // Not over entries: a list of pairs for each span costs as much as writing them.
  for (const key in meta) {
    const value = meta[key]
    if (value === undefined || !Object.hasOwn(meta, key)) continue
    size++
    // Half of a JSON document is of no use; it is bounded where it is written.
    field(writer, marked(key, MAX_KEY), key === tag.appsecJson ? value : marked(value, MAX_VALUE))
  }
  writer.mapEnd(start, size)
}

function writeMetrics(writer: MsgpackWriter, metrics: Span['metrics']): void {
  const start = writer.mapStart()
  let size = 0
  for (const key in metrics) {
    const value = metrics[key]
    if (!Number.isFinite(value) || value === undefined || !Object.hasOwn(metrics, key)) continue
    size++
    writer.string(marked(key, MAX_KEY))
    writer.number(value)
  }
  writer.mapEnd(start, size)
}

function field(writer: MsgpackWriter, key: string, value: string): void {
  writer.string(key)
  writer.string(value)
}

function cut(text: string, length: number): string {
  return text.length > length ? text.slice(0, length) : text
}

function marked(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text
}
