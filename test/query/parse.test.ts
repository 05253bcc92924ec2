import { expect, test } from 'vitest'
import { withoutPositions } from '../support/queries.ts'
import { type Query, QueryError, maxQueryDepth, maxQueryLength, parse, print } from '../../src/query/query.ts'

const attribute = (name: string) => ({ kind: 'attribute', name })
const reserved = (name: string) => ({ kind: 'reserved', name })
const is = (text: string, ignoreCase = false) => ({ kind: 'is', text, ignoreCase })
const field = (field: object, test: object) => ({ kind: 'field', field, test })
const text = (...glob: unknown[]) => ({ kind: 'text', glob })
const many = { wildcard: '*' }
const one = { wildcard: '?' }
const a = text('a')
const b = text('b')
const c = text('c')

const trees: readonly (readonly [query: string, tree: object])[] = [
  ['', { kind: 'all' }],
  ['   ', { kind: 'all' }],
  ['*', { kind: 'all' }],
  ['a', a],
  ['a b', { kind: 'and', items: [a, b] }],
  ['a AND b', { kind: 'and', items: [a, b] }],
  ['a OR b', { kind: 'or', items: [a, b] }],
  ['a b OR c', { kind: 'or', items: [{ kind: 'and', items: [a, b] }, c] }],
  ['a (b OR c)', { kind: 'and', items: [a, { kind: 'or', items: [b, c] }] }],
  ['-a', { kind: 'not', item: a }],
  ['NOT a', { kind: 'not', item: a }],
  ['a -b', { kind: 'and', items: [a, { kind: 'not', item: b }] }],
  ['a NOT b', { kind: 'and', items: [a, { kind: 'not', item: b }] }],
  ['a AND NOT b', { kind: 'and', items: [a, { kind: 'not', item: b }] }],
  ['-(a OR b)', { kind: 'not', item: { kind: 'or', items: [a, b] } }],
  ['--a', { kind: 'not', item: { kind: 'not', item: a } }],
  ['NOT a OR b', { kind: 'or', items: [{ kind: 'not', item: a }, b] }],
  ['and or not', { kind: 'and', items: [text('and'), text('or'), text('not')] }],
  ['"AND"', text('AND')],
  ['a-b', text('a-b')],
  ['"log in"', text('log in')],
  ['log\\ in', text('log in')],
  ['log*', text('log', many)],
  ['"log*"', text('log*')],
  ['log\\*', text('log*')],
  ['l?g**n', text('l', one, 'g', many, 'n')],
  ['service:shop', field(reserved('service'), is('shop', true))],
  ['service:"my shop"', field(reserved('service'), is('my shop', true))],
  ['-env:prod', { kind: 'not', item: field(reserved('env'), is('prod', true)) }],
  ['@usr.id:Bob', field(attribute('usr.id'), is('Bob'))],
  ['@usr.id:""', field(attribute('usr.id'), is(''))],
  ['@appsec.blocked:true', field(attribute('appsec.blocked'), is('true', true))],
  ['@http.url:/login', field(attribute('http.url'), is('/login'))],
  ['@x:-5', field(attribute('x'), is('-5'))],
  ['@x:AND', field(attribute('x'), is('AND'))],
  ['@x:a\\:b', field(attribute('x'), is('a:b'))],
  ['@x:"a\\"b\\\\c"', field(attribute('x'), is('a"b\\c'))],
  ['@my\\ attr:x', field(attribute('my attr'), is('x'))],
  ['@__proto__:x', field(attribute('__proto__'), is('x'))],
  ['@x:*', field(attribute('x'), { kind: 'exists' })],
  ['@x:**', field(attribute('x'), { kind: 'exists' })],
  ['@x:"*"', field(attribute('x'), is('*'))],
  ['@x:a*b?', field(attribute('x'), { kind: 'like', glob: ['a', many, 'b', one] })],
  ['@x:\\*a*', field(attribute('x'), { kind: 'like', glob: ['*a', many] })],
  ['@x:>100', field(attribute('x'), { kind: 'compare', operator: '>', operand: { text: '100', value: 100 } })],
  ['@x:<=-1.5e3', field(attribute('x'), { kind: 'compare', operator: '<=', operand: { text: '-1.5e3', value: -1500 } })],
  ['@x:>20ms', field(attribute('x'), { kind: 'compare', operator: '>', operand: { text: '20ms', value: 2e7 } })],
  ['duration:>20ms', field(reserved('duration'), { kind: 'compare', operator: '>', operand: { text: '20ms', value: 20 } })],
  ['duration:>=1.5s', field(reserved('duration'), { kind: 'compare', operator: '>=', operand: { text: '1.5s', value: 1500 } })],
  ['duration:<250000', field(reserved('duration'), { kind: 'compare', operator: '<', operand: { text: '250000', value: 0.25 } })],
  ['duration:20ms', field(reserved('duration'), { kind: 'compare', operator: '=', operand: { text: '20ms', value: 20 } })],
  ['timestamp:>1700000000000', field(reserved('timestamp'), { kind: 'compare', operator: '>', operand: { text: '1700000000000', value: 1.7e12 } })],
  ['timestamp:<"2023-11-14T22:13:20Z"', field(reserved('timestamp'), { kind: 'compare', operator: '<', operand: { text: '2023-11-14T22:13:20Z', value: 1.7e12 } })],
  ['timestamp:<"2023-11-14T22:13:20"', field(reserved('timestamp'), { kind: 'compare', operator: '<', operand: { text: '2023-11-14T22:13:20', value: 1.7e12 } })],
  ['timestamp:<2023-11-14', field(reserved('timestamp'), { kind: 'compare', operator: '<', operand: { text: '2023-11-14', value: 1_699_920_000_000 } })],
  ['@x:[400 TO 499]', field(attribute('x'), { kind: 'range', low: { text: '400', value: 400, inclusive: true }, high: { text: '499', value: 499, inclusive: true } })],
  ['@x:{-1 TO *]', field(attribute('x'), { kind: 'range', low: { text: '-1', value: -1, inclusive: false } })],
  ['@x:[* TO 5}', field(attribute('x'), { kind: 'range', high: { text: '5', value: 5, inclusive: false } })],
  ['@x:[* TO *]', field(attribute('x'), { kind: 'range' })],
  ['duration:[1ms TO 1s]', field(reserved('duration'), { kind: 'range', low: { text: '1ms', value: 1, inclusive: true }, high: { text: '1s', value: 1000, inclusive: true } })],
  ['@x:(a OR b)', field(attribute('x'), { kind: 'any', tests: [is('a'), is('b')] })],
  ['@x:(a AND b)', field(attribute('x'), { kind: 'all', tests: [is('a'), is('b')] })],
  ['@x:(a b)', field(attribute('x'), { kind: 'all', tests: [is('a'), is('b')] })],
  ['@x:(a -b)', field(attribute('x'), { kind: 'all', tests: [is('a'), { kind: 'not', test: is('b') }] })],
  ['@x:(a)', field(attribute('x'), is('a'))],
  ['@x:((a OR b) NOT c*)', field(attribute('x'), { kind: 'all', tests: [{ kind: 'any', tests: [is('a'), is('b')] }, { kind: 'not', test: { kind: 'like', glob: ['c', many] } }] })],
  ['@x:(>=400 -404)', field(attribute('x'), { kind: 'all', tests: [{ kind: 'compare', operator: '>=', operand: { text: '400', value: 400 } }, { kind: 'not', test: is('404') }] })],
  ['@x:([1 TO 2] OR >9)', field(attribute('x'), { kind: 'any', tests: [{ kind: 'range', low: { text: '1', value: 1, inclusive: true }, high: { text: '2', value: 2, inclusive: true } }, { kind: 'compare', operator: '>', operand: { text: '9', value: 9 } }] })],
  ['@http.client_ip:10.1.2.3/8', field(attribute('http.client_ip'), { kind: 'network', text: '10.1.2.3/8', words: [0, 0, 0xffff, 0x0a000000], bits: 104 })],
  ['@http.client_ip:"2001:db8::/32"', field(attribute('http.client_ip'), { kind: 'network', text: '2001:db8::/32', words: [0x20010db8, 0, 0, 0], bits: 32 })],
  ['@http.client_ip:2001\\:db8\\:\\:1', field(attribute('http.client_ip'), { kind: 'network', text: '2001:db8::1', words: [0x20010db8, 0, 0, 1], bits: 128 })],
  ['@http.client_ip:10.*', field(attribute('http.client_ip'), { kind: 'like', glob: ['10.', many] })],
  ['@http.client_ip:nobody', field(attribute('http.client_ip'), is('nobody'))],
  ['@x:10.0.0.0/8', field(attribute('x'), is('10.0.0.0/8'))],
  ['trace_id:640cfd8d00000000aBcdef0123456789', field(reserved('trace_id'), { kind: 'id', text: '640cfd8d00000000aBcdef0123456789', equals: ['640cfd8d00000000abcdef0123456789'], endsWith: [] })],
  ['trace_id:255', field(reserved('trace_id'), { kind: 'id', text: '255', equals: [], endsWith: ['00000000000000ff'] })],
  ['trace_id:1234567890123456', field(reserved('trace_id'), { kind: 'id', text: '1234567890123456', equals: [], endsWith: ['1234567890123456', '000462d53c8abac0'] })],
  ['trace_id:18446744073709551616', field(reserved('trace_id'), { kind: 'id', text: '18446744073709551616', equals: ['00000000000000010000000000000000'], endsWith: [] })],
  ['span_id:255', field(reserved('span_id'), { kind: 'id', text: '255', equals: ['00000000000000ff'], endsWith: [] })],
  ['tags:"component:express"', field(attribute('component'), is('express'))],
  ['tags:"env:prod"', field(reserved('env'), is('prod', true))],
  ['tags:"odd key:a:b"', field(attribute('odd key'), is('a:b'))],
  ['tags:"x"', field(attribute('x'), { kind: 'exists' })],
] // prettier-ignore

test.each(trees)('%s', (query, tree) => {
  expect(withoutPositions(parse(query))).toEqual(tree)
  expect(withoutPositions(parse(print(parse(query))))).toEqual(tree)
  expect(print(parse(print(parse(query))))).toBe(print(parse(query)))
})

const printed: readonly (readonly [query: string, print: string])[] = [
  ['a  AND  b', 'a b'],
  ['NOT a', '-a'],
  ['a b OR c', '(a b) OR c'],
  ['@x:(a b)', '@x:(a AND b)'],
  ['"abc"', 'abc'],
  ['a\\ b', '"a b"'],
  ['@my\\ attr:x', '@my\\ attr:x'],
  ['@x:a\\ b*', '@x:a\\ b*'],
  ['@x:>\\-5', '@x:>-5'],
  ['-(-a)', '--a'],
  ['-*', '-*'],
  ['tags:"a:b"', '@a:b'],
]
test.each(printed)('%s is written as %s', (query, text) => expect(print(parse(query))).toBe(text))

interface Wrong {
  readonly query: string
  readonly marked: string
  readonly at?: number
  readonly code?: 'QUERY_UNKNOWN_FIELD'
  readonly suggestion?: string
  readonly expected?: RegExp
}
const wrong: readonly Wrong[] = [
  { query: 'servce:x', marked: 'servce', code: 'QUERY_UNKNOWN_FIELD', suggestion: 'service' },
  { query: 'a -envv:x', marked: 'envv', at: 3, code: 'QUERY_UNKNOWN_FIELD', suggestion: 'env' },
  {
    query: 'http.client_ip:1.2.3.4',
    marked: 'http.client_ip',
    code: 'QUERY_UNKNOWN_FIELD',
    suggestion: '@http.client_ip',
  },
  { query: 'Service:x', marked: 'Service', code: 'QUERY_UNKNOWN_FIELD', suggestion: 'service' },
  { query: '__proto__:x', marked: '__proto__', code: 'QUERY_UNKNOWN_FIELD', suggestion: '@__proto__' },
  { query: '@:x', marked: '@', code: 'QUERY_UNKNOWN_FIELD' },
  { query: '@http.client_ip:2001:db8::1', marked: '2001:db8::1', suggestion: '"2001:db8::1"', expected: /quotes/ },
  { query: '@http.client_ip:(2001:db8::1 OR 1.2.3.4)', marked: '2001:db8::1', suggestion: '"2001:db8::1"' },
  { query: '@http.client_ip:10.0.0.0/33', marked: '10.0.0.0/33', expected: /a network, such as/ },
  { query: '@http.client_ip:(1.2.3.4 OR "10.0.0/8")', marked: '"10.0.0/8"', expected: /a network, such as/ },
  { query: '@http.url:http://x', marked: 'http://x', suggestion: '"http://x"' },
  { query: '"a":b', marked: '"a":b', suggestion: '"a:b"' },
  { query: 'a (b', marked: '', at: 4, expected: /"\)"/ },
  { query: 'a)', marked: ')' },
  { query: '()', marked: ')', at: 1 },
  { query: '@x:()', marked: ')' },
  { query: 'a OR', marked: '', at: 4 },
  { query: 'OR a', marked: 'OR' },
  { query: 'a AND OR b', marked: 'OR' },
  { query: 'NOT', marked: '', at: 3 },
  { query: 'a - b', marked: '-', suggestion: '"-"' },
  { query: '-', marked: '-', suggestion: '"-"' },
  { query: 'service:', marked: '', at: 8, expected: /a value right after "service:"/ },
  { query: 'service: x', marked: '', at: 8 },
  { query: ':x', marked: ':' },
  { query: '"abc', marked: '"abc', suggestion: '"abc"', expected: /closing quote/ },
  { query: 'abc\\', marked: 'abc\\' },
  { query: '""', marked: '""' },
  { query: '@x:>abc', marked: 'abc', expected: /number/ },
  { query: '@x:> 5', marked: '', at: 4 },
  { query: '@x:>', marked: '', at: 4 },
  { query: '@x:>5*', marked: '5*' },
  { query: 'service:>5', marked: '5' },
  { query: 'duration:>5parsec', marked: '5parsec', expected: /20ms/ },
  { query: 'duration:1*', marked: '1*' },
  { query: 'timestamp:>yesterday', marked: 'yesterday', expected: /ISO 8601/ },
  { query: '@x:[1 TO]', marked: ']' },
  { query: '@x:[1 2]', marked: '2', expected: /TO/ },
  { query: '@x:[1 TO 2', marked: '', at: 10 },
  { query: '@x:[1 to 2]', marked: 'to' },
  { query: '>5', marked: '>' },
  { query: 'a"b"', marked: '"b"', expected: /space/ },
  { query: '@x:a(b)', marked: '(', expected: /space/ },
  { query: '@x:"a"b', marked: 'b', expected: /space/ },
  { query: '@x:(a @y:b)', marked: '@y:b', suggestion: '"@y:b"' },
  { query: '@a*:x', marked: '@a*', expected: /without wildcards/ },
  { query: 'trace_id:xyz', marked: 'xyz', expected: /hexadecimal/ },
  { query: 'span_id:18446744073709551616', marked: '18446744073709551616' },
  { query: 'tags:(a)', marked: '(' },
  { query: 'tags:a*', marked: 'a*' },
  { query: `${'('.repeat(maxQueryDepth + 1)}a`, marked: '(', at: maxQueryDepth, expected: /levels/ },
  { query: `${'-'.repeat(maxQueryDepth + 1)}a`, marked: '-', at: maxQueryDepth, expected: /levels/ },
  { query: 'a'.repeat(maxQueryLength + 1), marked: 'a', at: maxQueryLength, expected: /characters/ },
  { query: 'a '.repeat(20_001), marked: '', at: 40_002, expected: /words/ },
]
test.each(wrong)(
  '$query is wrong at "$marked"',
  ({ query, marked, at = query.indexOf(marked), code = 'QUERY_SYNTAX', suggestion, expected = /./ }) => {
    const error = failure(query)
    expect(query.slice(error.position, error.position + error.length)).toBe(marked)
    expect(error).toMatchObject({ code, position: at, length: marked.length, suggestion })
    expect(error.expected).toMatch(expected)
  },
)

function failure(query: string): QueryError {
  try {
    parse(query)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`${query} was parsed`)
}

test('every case ran', () => {
  expect(trees.length).toBeGreaterThanOrEqual(75)
  expect(printed.length).toBe(12)
  expect(wrong.length).toBeGreaterThanOrEqual(50)
})

test('a list of ten thousand addresses is read', () => {
  const list = Array.from({ length: 10_000 }, (_, at) => `10.${at >> 8}.${at & 255}.1`).join(' OR ')
  const query = parse(`@http.client_ip:(${list})`)
  expect(query.kind === 'field' && query.test.kind === 'any' && query.test.tests.length).toBe(10_000)
})

test('nodes say where they stand', () => {
  const text = 'service:shop (a OR -@x:(b c*))'
  const stretches: string[] = []
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    const { at } = Array.isArray(node) ? {} : (node as { at?: { start: number; end: number } })
    if (at !== undefined) stretches.push(text.slice(at.start, at.end))
    Object.values(node).forEach(walk)
  }
  walk(parse(text) satisfies Query)
  expect(stretches).toEqual([
    text,
    'service:shop',
    'shop',
    'a OR -@x:(b c*)',
    'a',
    '-@x:(b c*)',
    '@x:(b c*)',
    'b c*',
    'b',
    'c*',
  ])
})
