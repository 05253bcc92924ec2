import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import {
  decodeOtlp,
  encodeOtlpReply,
  encodeOtlpRefusal,
  jsonType,
  protobufType,
} from '../../../src/collector/ingest/otlp/otlp.ts'
import { ProtobufReader } from '../../../src/collector/ingest/otlp/protobuf-reader.ts'
import { type JsonRequest, type JsonSpan, type JsonValue, bytes, writeProtobuf } from './protobuf-writer.ts'

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const span: JsonSpan = {
  traceId: '65f0000000000001123456789abcdef0',
  spanId: '00f067aa0ba902b7',
  parentSpanId: '',
  name: 'POST /login',
  kind: 2,
  startTimeUnixNano: '1700000000123000000',
  endTimeUnixNano: '1700000000125500000',
  attributes: [
    text('client.address', '203.0.113.9'),
    text('user_agent.original', 'curl/8'),
    text('http.request.method', 'POST'),
    text('url.path', '/login'),
    text('http.route', '/login'),
    { key: 'http.response.status_code', value: { intValue: '401' } },
    {
      key: 'http.request.header.Accept-Language',
      value: { arrayValue: { values: [{ stringValue: 'en' }, { stringValue: 'de' }] } },
    },
    text('enduser.id', 'u1'),
    text('user.name', 'ann@example.com'),
    text('appsec.events.users.login.failure.track', 'true'),
    { key: 'flag', value: { boolValue: true } },
    { key: 'negative', value: { intValue: '-7' } },
    { key: 'ratio', value: { doubleValue: 0.25 } },
    { key: 'raw', value: { bytesValue: Buffer.from([1, 2, 250]).toString('base64') } },
    { key: 'map', value: { kvlistValue: { values: [text('__proto__', 'x')] } } },
    text('__proto__', 'inert'),
  ],
  status: { code: 2 },
}
const request = (spans: readonly JsonSpan[]): JsonRequest => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          text('service.name', 'shop'),
          text('deployment.environment.name', 'prod'),
          text('service.version', '1.2'),
        ],
      },
      scopeSpans: [{ spans }],
    },
  ],
})
const encodings = [
  { type: protobufType, encode: writeProtobuf },
  { type: jsonType, encode: (value: JsonRequest) => Buffer.from(JSON.stringify(value)) },
] as const

describe.each(encodings)('$type', ({ type, encode }) => {
  test('semantic conventions become our tags', () => {
    const { spans, rejected } = decodeOtlp(encode(request([span])), type)
    expect(rejected).toBe(0)
    const [first] = spans
    expect(first).toMatchObject({
      traceId: span.traceId,
      spanId: span.spanId,
      service: 'shop',
      name: 'http.server.request',
      resource: 'POST /login',
      type: 'web',
      durationMs: 2.5,
      error: 1,
      metrics: { 'http.status_code': 401, negative: -7, ratio: 0.25 },
    })
    expect(first).not.toHaveProperty('parentId')
    expect(first?.startMs).toBeCloseTo(1_700_000_000_123, 3)
    expect(Object.entries(first?.meta ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['__proto__', 'inert'],
      ['appsec.events.users.login.failure.track', 'true'],
      ['env', 'prod'],
      ['flag', 'true'],
      ['http.client_ip', '203.0.113.9'],
      ['http.method', 'POST'],
      ['http.request.headers.accept-language', 'en, de'],
      ['http.route', '/login'],
      ['http.url', '/login'],
      ['http.useragent', 'curl/8'],
      ['map', '{"__proto__":"x"}'],
      ['span.kind', 'server'],
      ['usr.id', 'u1'],
      ['usr.login', 'ann@example.com'],
      ['version', '1.2'],
    ])
    expect(Object.entries(first?.metaStruct ?? {}).map(([name, raw]) => [name, [...raw]])).toEqual([
      ['raw', [1, 2, 250]],
    ])
  })

  test('a span that makes no sense is left out and counted, the others are taken', () => {
    const unusable = [
      { ...span, traceId: '00'.repeat(16) },
      { ...span, spanId: '' },
      { ...span, startTimeUnixNano: '0' },
    ]
    const { spans, rejected, reason } = decodeOtlp(encode(request([span, ...unusable])), type)
    expect(spans).toHaveLength(1)
    expect(rejected).toBe(3)
    expect(reason).toMatch(/trace id/)
  })

  test('values that are nested too deeply are refused', () => {
    let value: JsonValue = { stringValue: 'x' }
    for (let level = 0; level < 100; level++) value = { arrayValue: { values: [value] } }
    expect(() => decodeOtlp(encode(request([{ ...span, attributes: [{ key: 'a', value }] }])), type)).toThrow(
      /nested deeper/,
    )
  })
})

test('both encodings say the same', () => {
  const plain: fc.Arbitrary<JsonValue> = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.integer().map((number) => ({ intValue: String(number) })),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((n) => !Object.is(n, -0))
      .map((doubleValue) => ({ doubleValue })),
  )
  const values = fc.oneof(
    plain,
    fc.array(plain, { maxLength: 3 }).map((list) => ({ arrayValue: { values: list } })),
  )
  const attributes = fc.array(
    fc.record({ key: fc.constantFrom('a', 'b', 'client.address', 'url.path', '__proto__'), value: values }),
    { maxLength: 5 },
  )
  fc.assert(
    fc.property(attributes, fc.nat(5), (list, kind) => {
      const body = request([{ ...span, attributes: list, kind }])
      expect(decodeOtlp(writeProtobuf(body), protobufType)).toEqual(
        decodeOtlp(Buffer.from(JSON.stringify(body)), jsonType),
      )
    }),
    { numRuns: 300 },
  )
})

test('whatever is done to a protobuf body, it is read or refused, and nothing else happens', () => {
  const body = writeProtobuf(request([span, span]))
  let refused = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (edits) => {
      const edited = Buffer.from(body)
      for (const [at, byte] of edits) edited[at % edited.length] = byte
      try {
        decodeOtlp(edited, protobufType)
      } catch (error) {
        expect(error).toMatchObject({ code: 'PAYLOAD_INVALID' })
        refused++
      }
    }),
    { numRuns: 3000 },
  )
  expect(refused).toBeGreaterThan(500)
})

test('a type that is neither is refused', () => {
  expect(() => decodeOtlp(new Uint8Array(), 'text/plain')).toThrow(/text\/plain/)
  expect(() => decodeOtlp(Buffer.from('nonsense'), jsonType)).toThrow(/not JSON/)
  expect(() => decodeOtlp(bytes(1, Buffer.from([0xff])), protobufType)).toThrow(/byte/)
})

test('replies are in the encoding of the request, and tell of spans left out', () => {
  const part = { rejected: 300, reason: 'a span without a start' }
  expect(encodeOtlpReply(jsonType, { rejected: 0, reason: undefined }).body).toBe('{}')
  expect(JSON.parse(String(encodeOtlpReply(jsonType, part).body))).toEqual({
    partialSuccess: { rejectedSpans: '300', errorMessage: part.reason },
  })
  expect(encodeOtlpReply(protobufType, { rejected: 0, reason: undefined }).body).toHaveLength(0)
  const reader = new ProtobufReader(encodeOtlpReply(protobufType, part).body as Uint8Array)
  expect(reader.field()).toBe(1)
  const partial = reader.message()
  expect([partial.field(), partial.integer(), partial.field(), partial.text(100)]).toEqual([1, 300, 2, part.reason])
  const status = new ProtobufReader(encodeOtlpRefusal(protobufType, 'no').body as Uint8Array)
  expect(encodeOtlpRefusal('text/plain', 'no')).toMatchObject({ status: 400, contentType: jsonType })
  expect([status.field(), status.integer(), status.field(), status.text(100)]).toEqual([1, 3, 2, 'no'])
})
