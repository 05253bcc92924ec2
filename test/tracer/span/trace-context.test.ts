import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { extractParent, outgoingHeaders } from '../../../src/tracer/span/trace-context.ts'

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length })
const id = (length: number) => hex(length).filter((text) => !/^0+$/.test(text))

const t = '0af7651916cd43dd8448eb211c80319c'
const s = 'b7ad6b7169203331'

test('what one service sends, the next continues, in either format', () => {
  fc.assert(
    fc.property(
      id(32).filter((text) => !/^0+$/.test(text.slice(16))),
      id(16),
      fc.constantFrom(1, 2),
      (traceId, spanId, priority) => {
        const sent = outgoingHeaders({ traceId, spanId, priority, decisionMaker: '-0' })
        const { traceparent, tracestate, ...datadog } = sent
        const w3c = { traceparent: traceparent ?? '', tracestate: tracestate ?? '' }
        const expected = { traceId, parentId: spanId }
        expect(extractParent(sent)).toMatchObject(expected)
        expect(extractParent(w3c)).toEqual(expected)
        expect(extractParent(datadog)).toEqual(expected)
      },
    ),
  )
})

test('where a trace began travels in either format', () => {
  const from = { traceId: t, spanId: s, priority: 1, decisionMaker: '-0', origin: 'synthetics=web' }
  const { traceparent = '', tracestate = '', ...datadog } = outgoingHeaders(from)
  expect(extractParent({ traceparent, tracestate })).toMatchObject({ origin: from.origin })
  expect(extractParent(datadog)).toMatchObject({ origin: from.origin })
})

test('no header text makes it throw, and what it gives is always well-formed', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), hex(40), fc.constant(undefined))
  const headers = fc.record({
    traceparent: text,
    tracestate: text,
    'x-datadog-trace-id': text,
    'x-datadog-parent-id': text,
    'x-datadog-origin': text,
    'x-datadog-tags': text,
  })
  fc.assert(
    fc.property(headers, (given) => {
      const parent = extractParent(given)
      if (parent === undefined) return
      expect(parent.traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(parent.parentId).toMatch(/^[0-9a-f]{16}$/)
    }),
  )
})

const cases = [
  { says: 'version 00 as it is', headers: { traceparent: `00-${t}-${s}-01` }, parent: { traceId: t, parentId: s } },
  {
    says: 'a later version with more behind it',
    headers: { traceparent: `cc-${t}-${s}-01-more` },
    parent: { traceId: t, parentId: s },
  },
  { says: 'not version 00 with more behind it', headers: { traceparent: `00-${t}-${s}-01-more` }, parent: undefined },
  { says: 'not version ff', headers: { traceparent: `ff-${t}-${s}-01` }, parent: undefined },
  { says: 'not a trace of zeros', headers: { traceparent: `00-${'0'.repeat(32)}-${s}-01` }, parent: undefined },
  { says: 'not a parent of zeros', headers: { traceparent: `00-${t}-${'0'.repeat(16)}-01` }, parent: undefined },
  { says: 'not upper case', headers: { traceparent: `00-${t.toUpperCase()}-${s}-01` }, parent: undefined },
  {
    says: 'other vendors’ state, without ours',
    headers: { traceparent: `00-${t}-${s}-01`, tracestate: 'dd=s:2, vendor=1 ,other=2' },
    parent: { traceId: t, parentId: s, tracestate: 'vendor=1,other=2' },
  },
  {
    says: 'where a trace began, as the Datadog member says it',
    headers: { traceparent: `00-${t}-${s}-01`, tracestate: 'vendor=1,dd=s:2;o:synthetics~web;p:b7ad6b7169203331' },
    parent: { traceId: t, parentId: s, origin: 'synthetics=web', tracestate: 'vendor=1' },
  },
  {
    says: 'no origin that cannot be one',
    headers: { traceparent: `00-${t}-${s}-01`, tracestate: `dd=o:${'x'.repeat(80)}` },
    parent: { traceId: t, parentId: s },
  },
  {
    says: 'the upper half of a Datadog trace',
    headers: {
      'x-datadog-trace-id': '255',
      'x-datadog-parent-id': '1',
      'x-datadog-tags': '_dd.p.dm=-0,_dd.p.tid=6b0239ef00000000',
    },
    parent: { traceId: '6b0239ef0000000000000000000000ff', parentId: '0000000000000001' },
  },
  {
    says: 'not a Datadog trace beyond 64 bits',
    headers: { 'x-datadog-trace-id': '18446744073709551616', 'x-datadog-parent-id': '1' },
    parent: undefined,
  },
  { says: 'not a Datadog trace without a parent', headers: { 'x-datadog-trace-id': '5' }, parent: undefined },
  {
    says: 'the W3C parent where both name one trace',
    headers: {
      traceparent: `00-${t}-${s}-01`,
      'x-datadog-trace-id': BigInt(`0x${t.slice(16)}`).toString(),
      'x-datadog-parent-id': '7',
      'x-datadog-origin': 'rum',
    },
    parent: { traceId: t, parentId: s, origin: 'rum' },
  },
  {
    says: 'the Datadog parent where they name two',
    headers: { traceparent: `00-${t}-${s}-01`, 'x-datadog-trace-id': '5', 'x-datadog-parent-id': '7' },
    parent: { traceId: `${'0'.repeat(31)}5`, parentId: '0000000000000007' },
  },
]

test.each(cases)('it continues $says', ({ headers, parent }) => {
  expect(extractParent(headers)).toEqual(parent)
})

test('every case ran', () => expect(cases).toHaveLength(15))
