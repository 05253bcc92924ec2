import * as fc from 'fast-check'
import { pack, Packr, unpack } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { decodeTraces } from '../../../src/collector/ingest/datadog/decode-traces.ts'
import { readMsgpack } from '../../../src/collector/ingest/datadog/read-msgpack.ts'
import { PortcullisError } from '../../../src/model/error.ts'

const packr = new Packr({ useRecords: false, mapsAsObjects: false })
const startNs = 1_790_000_000_123_000_000n
const span = {
  service: 'shop',
  name: 'web.request',
  resource: 'POST /login',
  trace_id: 0xfedcba9876543210n,
  span_id: 1n,
  parent_id: 0n,
  start: startNs,
  duration: 5_000_000n,
  error: 0,
  meta: { 'http.method': 'POST', '_dd.p.tid': '0123456789abcdef' },
  metrics: { _sampling_priority_v1: 2 },
  type: 'web',
}
const expected = {
  traceId: '0123456789abcdeffedcba9876543210',
  spanId: '0000000000000001',
  service: 'shop',
  name: 'web.request',
  resource: 'POST /login',
  type: 'web',
  startMs: 1_790_000_000_123,
  durationMs: 5,
  error: 0,
  meta: { 'http.method': 'POST', '_dd.p.tid': '0123456789abcdef' },
  metrics: { _sampling_priority_v1: 2 },
}

const strings = [
  '',
  'shop',
  'web.request',
  'POST /login',
  'web',
  'http.method',
  'POST',
  '_dd.p.tid',
  '0123456789abcdef',
  '_sampling_priority_v1',
]
const tuple = [
  1,
  2,
  3,
  span.trace_id,
  1n,
  0n,
  startNs,
  5_000_000n,
  0,
  new Map([
    [5, 6],
    [7, 8],
  ]),
  new Map([[9, 2]]),
  4,
]
const json = JSON.stringify([
  [{ ...span, trace_id: String(span.trace_id), span_id: 1, parent_id: 0, start: Number(startNs), duration: 5e6 }],
])

const formats = [
  { says: 'v0.3', format: 'v0.3', body: pack([[span]]), type: 'application/msgpack' },
  { says: 'v0.4', format: 'v0.4', body: pack([[span]]), type: 'application/msgpack' },
  {
    says: 'v0.5 with its table of strings',
    format: 'v0.5',
    body: packr.pack([strings, [[tuple]]]),
    type: 'application/msgpack',
  },
  {
    says: 'v0.7 with chunks',
    format: 'v0.7',
    body: pack({ chunks: [{ priority: 2, spans: [{ ...span, metrics: {} }] }] }),
    type: 'application/msgpack',
  },
  { says: 'v0.4 as JSON', format: 'v0.4', body: Buffer.from(json), type: 'application/json' },
] as const

test.each(formats)('$says gives the span', ({ format, body, type }) => {
  expect(decodeTraces(format, body, type)).toEqual([[expected]])
})

test('what a v0.7 payload says for all goes on each span', () => {
  const body = pack({
    env: 'prod',
    app_version: '7',
    chunks: [{ origin: 'synthetics', tags: { team: 'a' }, spans: [span] }],
  })
  const [[found] = []] = decodeTraces('v0.7', body, 'application/msgpack')
  expect(found?.meta).toMatchObject({
    env: 'prod',
    version: '7',
    '_dd.origin': 'synthetics',
    team: 'a',
    'http.method': 'POST',
  })
})

const bad = [
  { says: 'a span that is none', body: pack([['span']]), where: 'traces[0][0]' },
  { says: 'a trace that is none', body: pack([7]), where: 'traces[0]' },
  { says: 'a tag that is no text', body: pack([[{ ...span, meta: { a: 7 } }]]), where: 'traces[0][0].meta["a"]' },
  {
    says: 'a metric that is no number',
    body: pack([[span, { ...span, metrics: { m: 'x' } }]]),
    where: 'traces[0][1].metrics["m"]',
  },
  { says: 'no trace id', body: pack([[{ ...span, trace_id: null }]]), where: 'traces[0][0].trace_id' },
  { says: 'a start before any clock', body: pack([[{ ...span, start: 5n }]]), where: 'traces[0][0].start' },
  { says: 'a length beyond the body', body: Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 0x90), where: 'byte 5' },
  { says: 'an extension', body: Uint8Array.of(0x91, 0xd4, 0x78, 0x00), where: 'byte 2' },
  { says: 'bytes after the end', body: Uint8Array.of(0x90, 0x90), where: 'byte 1' },
  { says: 'nesting without end', body: new Uint8Array(100_000).fill(0x91), where: 'byte 33' },
]

describe('a payload is refused, with the place, for', () => {
  test.each(bad)('$says', ({ body, where }) => {
    const attempt = (): unknown => decodeTraces('v0.4', body, 'application/msgpack')
    expect(attempt).toThrow(PortcullisError)
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_INVALID',
        message: expect.stringMatching(new RegExp(`at ${where.replaceAll(/[[\]."]/g, String.raw`\$&`)}$`)),
      }),
    )
  })
  test('every case ran', () => expect(bad).toHaveLength(10))
})

test('a key that names a prototype is a key like any other', () => {
  const body = packr.pack([
    [
      new Map<string, unknown>([
        ...Object.entries(span),
        [
          'meta',
          new Map([
            ['__proto__', 'x'],
            ['constructor', 'y'],
          ]),
        ],
      ]),
    ],
  ])
  const [[found] = []] = decodeTraces('v0.4', body, 'application/msgpack')
  expect(Object.entries(found?.meta ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

const anything = fc.anything({
  withBigInt: false,
  withDate: false,
  withMap: false,
  withSet: false,
  withTypedArray: false,
  withSparseArray: false,
  key: fc.string(),
  values: [fc.boolean(), fc.integer(), fc.double({ noNaN: true }), fc.string({ unit: 'binary' }), fc.constant(null)],
})

test('msgpack of anything reads as the reference library reads it', () => {
  fc.assert(
    fc.property(anything, (value) => {
      const body = pack(value)
      const plain = (item: unknown): unknown => JSON.parse(JSON.stringify(item))
      const named = JSON.stringify(value)?.includes('__proto__')
      if (!named) expect(plain(readMsgpack(body))).toEqual(plain(unpack(body)))
    }),
    { numRuns: 500 },
  )
})

test('random and broken bytes are refused with a code, whatever they are', () => {
  const cut = fc.tuple(fc.nat(400), fc.nat(255)).map(([at, byte]) => {
    const body = new Uint8Array(pack([[span]]))
    body[at % body.length] = byte
    return body.subarray(0, body.length - (at % 3))
  })
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), cut),
      fc.constantFrom('v0.4', 'v0.5', 'v0.7'),
      (body, format) => {
        try {
          decodeTraces(format, body, 'application/msgpack')
        } catch (error) {
          expect(error).toBeInstanceOf(PortcullisError)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
