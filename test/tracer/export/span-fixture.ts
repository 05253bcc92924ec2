import type { Span } from '../../../src/model/span.ts'
import type { FinishedSpan } from '../../../src/tracer/finished-span.ts'
import { TagList } from '../../../src/tracer/tag-list.ts'

/** A service-entry span with every part that travels. */
export function span(over: Partial<Span> = {}): Span {
  return {
    traceId: '0123456789abcdeffedcba9876543210',
    spanId: 'f000000000000001',
    parentId: '00000000000000ff',
    service: 'shop',
    name: 'express.request',
    resource: 'POST /login',
    type: 'web',
    startMs: 1_700_000_000_123.5,
    durationMs: 12.345678,
    error: 0,
    meta: { 'usr.id': 'ümläut-7' },
    metrics: { _sampling_priority_v1: 2, '_dd.appsec.waf.duration': 12.5 },
    ...over,
  }
}

/** The same span as the tracer hands it to its exporter. */
export function finished(over: Partial<Span> = {}): FinishedSpan {
  const { traceId, spanId, parentId, service, type: _type, meta, metrics, metaStruct, ...rest } = span(over)
  const [traceHigh, traceLow] = words(traceId.slice(16))
  const [idHigh, idLow] = words(spanId)
  const [parentHigh, parentLow] = words(parentId ?? '')
  return {
    ...rest,
    defaults: { service, meta: {}, metrics: {} },
    traceUpper: traceId.slice(0, 16),
    traceHigh,
    traceLow,
    idHigh,
    idLow,
    parentHigh,
    parentLow,
    tags: listOf(meta),
    numbers: listOf(metrics),
    metaStruct: metaStruct === undefined ? undefined : new Map(Object.entries(metaStruct)),
  }
}

function words(hex: string): [high: number, low: number] {
  const padded = hex.padStart(16, '0')
  return [Number.parseInt(padded.slice(0, 8), 16), Number.parseInt(padded.slice(8), 16)]
}

function listOf<T>(record: Readonly<Record<string, T>>): TagList<T> {
  const list = new TagList<T>()
  for (const [name, value] of Object.entries(record)) list.add(name, value)
  return list
}
