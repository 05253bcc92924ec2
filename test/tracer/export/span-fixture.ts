import type { Span } from '../../../src/model/span.ts'

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
