import * as fc from 'fast-check'
import { pack, Unpackr } from 'msgpackr'
import { expect, test } from 'vitest'
import type { FinishedSpan } from '../../../src/tracer/finished-span.ts'
import { datadogFormat } from '../../../src/tracer/export/datadog-format.ts'
import { decodeTraces } from '../../support/fake-agent.ts'
import { finished } from './span-fixture.ts'

const format = datadogFormat({ tracerVersion: '1.2.3', nodeVersion: 'v20.0.0' })

function roundTrip(...spans: FinishedSpan[]): ReturnType<typeof decodeTraces> {
  return decodeTraces(Buffer.from(format.body(spans.map((one) => format.encode(one)))))
}

test('a span arrives with all it had', () => {
  const [decoded] = roundTrip(finished({ metaStruct: { 'http.request.body': pack({ a: [1, 'x'] }) } }))
  expect(decoded).toMatchObject({
    service: 'shop',
    name: 'express.request',
    resource: 'POST /login',
    type: 'web',
    trace_id: 0xfedcba9876543210n,
    span_id: 0xf000000000000001n,
    parent_id: 0xffn,
    start: 1_700_000_000_123_500_000n,
    duration: 12_345_678,
    error: 0,
    meta: { 'usr.id': 'ümläut-7', '_dd.p.tid': '0123456789abcdef' },
    metrics: { _sampling_priority_v1: 2, '_dd.appsec.waf.duration': 12.5 },
  })
  const body = decoded?.meta_struct?.['http.request.body']
  expect(new Unpackr({ useRecords: false, mapsAsObjects: true }).unpack(body ?? Buffer.alloc(0))).toEqual({
    a: [1, 'x'],
  })
})

test('identifiers and the start are uint 64 on the wire, however small', () => {
  const bytes = Buffer.from(
    format.encode(finished({ spanId: '0000000000000001', traceId: '00000000000000000000000000000002' })),
  )
  const hex = bytes.toString('hex')
  expect(hex).toContain(`${Buffer.from('span_id').toString('hex')}cf0000000000000001`)
  expect(hex).toContain(`${Buffer.from('trace_id').toString('hex')}cf0000000000000002`)
  expect(hex).toContain(`${Buffer.from('start').toString('hex')}cf`)
})

test('a 64-bit trace id has no high half, a root span has parent 0', () => {
  const [decoded] = roundTrip(finished({ traceId: '0000000000000000fedcba9876543210', parentId: '' }))
  expect(decoded?.meta).not.toHaveProperty('_dd.p.tid')
  expect(decoded?.parent_id).toBe(0n)
})

test('a high half that is already a tag is not written twice', () => {
  const [decoded] = roundTrip(finished({ meta: { '_dd.p.tid': '0123456789abcdef' } }))
  expect(decoded?.meta).toEqual({ '_dd.p.tid': '0123456789abcdef' })
})

test('what is longer than an agent takes is cut, JSON of the WAF is not', () => {
  const long = 'x'.repeat(30_000)
  const [decoded] = roundTrip(
    finished({
      service: long,
      name: long,
      resource: long,
      meta: { a: long, [long]: 'v', '_dd.appsec.json': long },
    }),
  )
  expect(decoded?.service).toHaveLength(100)
  expect(decoded?.name).toHaveLength(100)
  expect(decoded?.resource).toHaveLength(5000)
  expect(decoded?.meta['a']).toBe(`${'x'.repeat(25_000)}...`)
  expect(decoded?.meta[`${'x'.repeat(200)}...`]).toBe('v')
  expect(decoded?.meta['_dd.appsec.json']).toBe(long)
})

test('every span is a trace of its own, and the count says how many', () => {
  const spans = Array.from({ length: 70_000 }, () => format.encode(finished({ meta: {}, metrics: {} })))
  const decoded = new Unpackr({ useRecords: false, mapsAsObjects: true }).unpack(
    Buffer.from(format.body(spans)),
  ) as unknown[]
  expect(decoded).toHaveLength(70_000)
  expect(decoded[69_999]).toHaveLength(1)
  expect(format.headers(3)).toMatchObject({ 'x-datadog-trace-count': '3', 'datadog-meta-tracer-version': '1.2.3' })
})

test('any tags come back as they were', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 }).map((value) => Buffer.from(value).toString())
  const key = text.filter((value) => value.length <= 200 && value !== '__proto__')
  const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  fc.assert(
    fc.property(
      fc.dictionary(key, text, { noNullPrototype: true }),
      fc.dictionary(key, number, { noNullPrototype: true }),
      (meta, metrics) => {
        const [decoded] = roundTrip(finished({ meta, metrics, traceId: '0000000000000000fedcba9876543210' }))
        expect(decoded?.meta).toEqual(meta)
        const plain = Object.entries(decoded?.metrics ?? {}).map(([name, value]) => [
          name,
          Number(value as number | bigint),
        ])
        expect(Object.fromEntries(plain)).toEqual(metrics)
      },
    ),
    { numRuns: 300 },
  )
})

test('tags that have the values of the spans before, or do not, come back as they were', () => {
  const value = fc.constantFrom('', 'a', 'b', 'ümläut', 'x'.repeat(100), 'ü'.repeat(300), 'y'.repeat(600))
  const meta = fc.dictionary(fc.constantFrom('http.route', 'component', 'usr.id'), value)
  const spans = fc.array(fc.record({ meta, resource: value }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(spans, (given) => {
      const decoded = roundTrip(
        ...given.map(({ meta, resource }) => finished({ meta, resource, traceId: '0'.repeat(32) })),
      )
      expect(decoded.map(({ meta }) => meta)).toEqual(given.map(({ meta }) => meta))
      expect(decoded.map(({ resource }) => resource)).toEqual(
        given.map(({ resource }) => resource || 'express.request'),
      )
    }),
  )
})

test('what waits is never written over, whatever was given back before it', () => {
  const fill = fc.record({ give: fc.nat(), text: fc.integer({ min: 1, max: 25_000 }) })
  fc.assert(
    fc.property(fc.array(fill, { maxLength: 60 }), (steps) => {
      const own = datadogFormat({ tracerVersion: '1.2.3', nodeVersion: 'v20.0.0' })
      const waiting: { readonly bytes: Uint8Array; readonly copy: Buffer }[] = []
      for (const [at, { give, text }] of steps.entries()) {
        const bytes = own.encode(finished({ resource: `span ${at}`, meta: { filler: String(at % 10).repeat(text) } }))
        waiting.push({ bytes, copy: Buffer.from(bytes) })
        const [gone] = give % 2 === 0 ? waiting.splice(give % waiting.length, 1) : []
        if (gone !== undefined) own.giveBack?.(gone.bytes)
        own.body(waiting.map((one) => one.bytes))
      }
      for (const { bytes, copy } of waiting) expect(copy.equals(bytes)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('memory that was given back is written to again', () => {
  const used = new Set<ArrayBufferLike>()
  for (let batch = 0; batch < 50; batch++) {
    const spans = Array.from({ length: 20 }, () => format.encode(finished({ meta: { filler: 'x'.repeat(20_000) } })))
    format.body(spans)
    for (const bytes of spans) {
      used.add(bytes.buffer)
      format.giveBack?.(bytes)
    }
  }
  expect(used.size).toBeLessThan(10)
})
