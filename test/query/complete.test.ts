import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Observed, complete, completionContext, parse } from '../../src/query/query.ts'

const observed: Observed = {
  facets: [
    { facet: '@http.client_ip', type: 'string', count: 900 },
    { facet: '@http.status_code', type: 'number', count: 1000 },
    { facet: '@usr.id', type: 'string', count: 10 },
    { facet: '@odd "name"', type: 'string', count: 1 },
  ],
  values: [
    { value: '10.0.0.1', count: 5 },
    { value: '2001:db8::1', count: 4 },
    { value: 'Bob Smith', count: 3 },
    { value: 'a*b"c\\d', count: 2 },
    { value: 401, count: 1 },
    { value: true, count: 1 },
  ],
}

interface Case {
  /** `|` is the cursor. */
  readonly at: string
  /** One of the completions: label, text, and what is selected. */
  readonly gives?: readonly [label: string, text: string, selected: string]
  readonly lacks?: string
  readonly facet?: string
  readonly none?: true
}

const cases: readonly Case[] = [
  { at: '|', gives: ['service', 'service:*', '*'] },
  { at: '|', lacks: 'OR' },
  { at: 'ser|', gives: ['service', 'service:*', '*'] },
  { at: 'ser|', lacks: 'env' },
  { at: 'SERV|', gives: ['service', 'service:*', '*'] },
  { at: 'client|', gives: ['@http.client_ip', '@http.client_ip:*', '*'] },
  { at: '@usr|', gives: ['@usr.id', '@usr.id:*', '*'] },
  { at: '@odd|', gives: ['@odd "name"', '@odd\\ \\"name\\":*', '*'] },
  { at: 'ser|:shop', gives: ['service', 'service:shop', ''] },
  { at: 'se|r:shop', gives: ['service', 'service:shop', ''] },
  { at: '-ser|', gives: ['service', '-service:*', '*'] },
  { at: 'service:shop |', gives: ['env', 'service:shop env:*', '*'] },
  { at: 'service:shop |', gives: ['OR', 'service:shop OR *', '*'] },
  { at: 'service:shop O|', gives: ['OR', 'service:shop OR *', '*'] },
  { at: 'service:shop |', gives: ['NOT', 'service:shop NOT *', '*'] },
  { at: 'service:shop | env:prod', gives: ['@usr.id', 'service:shop @usr.id:* env:prod', '*'] },
  { at: '(service:shop |', gives: ['env', '(service:shop env:*)', '*'] },
  { at: '@usr.id:|', gives: ['Bob Smith', '@usr.id:"Bob Smith"', ''], facet: '@usr.id' },
  { at: '@usr.id:|', gives: ['*', '@usr.id:*', ''], facet: '@usr.id' },
  { at: '@usr.id:|', lacks: '>', facet: '@usr.id' },
  { at: '@usr.id:bob|', gives: ['Bob Smith', '@usr.id:"Bob Smith"', ''], facet: '@usr.id' },
  { at: '@usr.id:bob|', lacks: '10.0.0.1', facet: '@usr.id' },
  { at: '@usr.id:"bob s|', gives: ['Bob Smith', '@usr.id:"Bob Smith"', ''], facet: '@usr.id' },
  { at: '@usr.id:"bob| x" a', gives: ['Bob Smith', '@usr.id:"Bob Smith" a', ''], facet: '@usr.id' },
  { at: '@usr.id:|', gives: ['a*b"c\\d', '@usr.id:"a*b\\"c\\\\d"', ''], facet: '@usr.id' },
  { at: '@http.client_ip:2001|', gives: ['2001:db8::1', '@http.client_ip:"2001:db8::1"', ''], facet: '@http.client_ip' },
  { at: '@http.client_ip:(10.0.0.9 OR |', gives: ['10.0.0.1', '@http.client_ip:(10.0.0.9 OR 10.0.0.1)', ''], facet: '@http.client_ip' },
  { at: '@http.client_ip:(10.0.0.9 OR 10|) a', gives: ['10.0.0.1', '@http.client_ip:(10.0.0.9 OR 10.0.0.1) a', ''], facet: '@http.client_ip' },
  { at: '@http.client_ip:(a OR (b -|', gives: ['10.0.0.1', '@http.client_ip:(a OR (b -10.0.0.1))', ''], facet: '@http.client_ip' },
  { at: '@http.client_ip:(a OR b) |', gives: ['env', '@http.client_ip:(a OR b) env:*', '*'] },
  { at: '@http.status_code:|', gives: ['>=', '@http.status_code:>=0', '0'], facet: '@http.status_code' },
  { at: '@http.status_code:|', gives: ['[… TO …]', '@http.status_code:[0 TO *]', '0'], facet: '@http.status_code' },
  { at: '@http.status_code:|', gives: ['401', '@http.status_code:401', ''], facet: '@http.status_code' },
  { at: '@http.status_code:[1 TO 2] |', gives: ['env', '@http.status_code:[1 TO 2] env:*', '*'] },
  { at: 'duration:|', gives: ['>', 'duration:>1s', '1s'], facet: 'duration' },
  { at: 'duration:|', lacks: 'Bob Smith', facet: 'duration' },
  { at: 'trace_id:|', lacks: 'Bob Smith', facet: 'trace_id' },
  { at: '@http.status_code:>|', none: true },
  { at: '@http.status_code:>4|', none: true },
  { at: '@http.status_code:[4| TO 5]', none: true },
  { at: '@http.status_code:[4 TO |', none: true },
  { at: 'servce:x |', none: true },
  { at: 'servce:|', none: true },
] // prettier-ignore

test.each(cases)('at $at', ({ at, gives, lacks, facet, none }) => {
  const cursor = at.indexOf('|')
  const text = at.replace('|', '')
  const completions = complete(text, cursor, observed)
  const shown = completions.map(({ label, text, selection }) => [
    label,
    text,
    text.slice(selection.start, selection.end),
  ])
  if (gives !== undefined) expect(shown).toContainEqual([...gives])
  if (lacks !== undefined) expect(completions.map(({ label }) => label)).not.toContain(lacks)
  if (none === true) expect(completions).toEqual([])
  const context = completionContext(text, cursor)
  if (facet !== undefined) expect(context).toMatchObject({ expects: 'value', facet })
})

test('every case ran', () => expect(cases.length).toBe(43))

test('the best match comes first', () => {
  expect(complete('@http', 5, observed).map(({ label }) => label)).toEqual(['@http.status_code', '@http.client_ip'])
  expect(complete('id', 2, observed).map(({ label }) => label)).toEqual(['@usr.id', 'trace_id', 'span_id'])
})

const noise = fc
  .array(
    fc.constantFrom(
      'a',
      '@usr.id',
      ':',
      '"',
      '\\',
      '(',
      ')',
      '[',
      ']',
      '{',
      ' ',
      ' ',
      '-',
      'AND ',
      'OR ',
      'NOT ',
      ' TO ',
      '*',
      '>',
      '5',
      'service:',
      '@http.client_ip:',
      '@http.status_code:',
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''))

test('whatever was typed, a completion gives text that parses', () => {
  let given = 0
  fc.assert(
    fc.property(noise, fc.nat(60), (text, at) => {
      for (const { text: whole, selection } of complete(text, Math.min(at, text.length), observed)) {
        given++
        expect(() => parse(whole)).not.toThrow()
        expect(selection.end).toBeLessThanOrEqual(whole.length)
      }
    }),
    { numRuns: 1500 },
  )
  expect(given).toBeGreaterThan(500)
})
