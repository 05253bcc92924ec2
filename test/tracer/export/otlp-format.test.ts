import { expect, test } from 'vitest'
import { otlpFormat } from '../../../src/tracer/export/otlp-format.ts'
import { finished } from './span-fixture.ts'

const format = otlpFormat(
  { service: 'shop', env: 'prod', version: '', tracerVersion: '1.2.3' },
  { path: '/v1/traces', headers: { 'x-api-key': 'k' } },
)

test('spans are one OTLP document, with tags as attributes', () => {
  const encoded = [
    finished({ error: 1, metaStruct: { body: Buffer.from('ab') } }),
    finished({ spanId: 'f000000000000002' }),
  ].map((one) => format.encode(one))
  const document = JSON.parse(Buffer.from(format.body(encoded)).toString()) as {
    resourceSpans: { resource: unknown; scopeSpans: { spans: Record<string, unknown>[] }[] }[]
  }
  expect(document.resourceSpans[0]?.resource).toEqual({
    attributes: [
      { key: 'service.name', value: { stringValue: 'shop' } },
      { key: 'deployment.environment.name', value: { stringValue: 'prod' } },
      { key: 'telemetry.sdk.name', value: { stringValue: 'portcullis' } },
      { key: 'telemetry.sdk.language', value: { stringValue: 'nodejs' } },
      { key: 'telemetry.sdk.version', value: { stringValue: '1.2.3' } },
    ],
  })
  const spans = document.resourceSpans[0]?.scopeSpans[0]?.spans
  expect(spans).toHaveLength(2)
  expect(spans?.[0]).toMatchObject({
    traceId: '0123456789abcdeffedcba9876543210',
    spanId: 'f000000000000001',
    parentSpanId: '00000000000000ff',
    name: 'POST /login',
    kind: 2,
    startTimeUnixNano: '1700000000123500000',
    endTimeUnixNano: '1700000000135845678',
    status: { code: 2 },
  })
  expect(spans?.[0]?.['attributes']).toEqual(
    expect.arrayContaining([
      { key: 'operation.name', value: { stringValue: 'express.request' } },
      { key: 'usr.id', value: { stringValue: 'ümläut-7' } },
      { key: '_sampling_priority_v1', value: { intValue: '2' } },
      { key: '_dd.appsec.waf.duration', value: { doubleValue: 12.5 } },
      { key: 'body', value: { bytesValue: 'YWI=' } },
    ]),
  )
  expect(format.headers(2)).toEqual({ 'x-api-key': 'k', 'content-type': 'application/json' })
})
