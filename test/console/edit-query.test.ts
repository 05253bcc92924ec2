import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesOf } from '../../src/console/pages/traces/waf-events.tsx'
import { namesFacet, withExcluded, withOnly, withoutFacet } from '../../src/console/pages/traces/edit-query.ts'
import { readEntries } from '../../src/console/actions/read-entries.ts'
import { createMatcher, parse } from '../../src/query.ts'

test('Only takes the place of what was said of the field, Exclude adds to it', () => {
  expect(withOnly('', 'service', 'shop')).toBe('service:shop')
  expect(withOnly('service:a env:prod', 'service', 'shop')).toBe('env:prod service:shop')
  expect(withExcluded('env:prod', '@http.client_ip', '203.0.113.9')).toBe('env:prod -@http.client_ip:203.0.113.9')
  expect(withoutFacet('env:prod -service:a service:b', 'service')).toBe('env:prod')
  expect([namesFacet('a -service:x', 'service'), namesFacet('a (service:x OR b)', 'service')]).toEqual([true, false])
  expect(withOnly('broken:(', 'service', 'x')).toBe('broken:(')
})

test('a value of any text is found again by the query that Only makes, and not by that of Exclude', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 30 }), (value) => {
      const record = recordWith(value)
      expect(createMatcher(parse(withOnly('', '@x.y', value)))(record)).toBe(true)
      expect(createMatcher(parse(withExcluded('', '@x.y', value)))(record)).toBe(false)
    }),
  )
})

test('pasted lines are addresses and networks, or are refused by their number', () => {
  expect(
    readEntries('ip_address,note\n203.0.113.9,bad\n"198.51.100.0/24";x\n\n2001:db8::1\n999.1.1.1\nhello', 'guess'),
  ).toEqual({
    entries: [
      { kind: 'ip', value: '203.0.113.9' },
      { kind: 'cidr', value: '198.51.100.0/24' },
      { kind: 'ip', value: '2001:db8::1' },
    ],
    refused: [
      { line: 6, text: '999.1.1.1' },
      { line: 7, text: 'hello' },
    ],
  })
  expect(readEntries('Ann, Bob\nann', 'login').entries.map(({ value }) => value)).toEqual(['Ann, Bob', 'ann'])
})

test('WAF events of any shape are read without harm', () => {
  const event = {
    triggers: [
      {
        rule: { id: 'r1', name: 'Rule' },
        rule_matches: [{ parameters: [{ address: 'a', key_path: ['k', 0], value: 'v', highlight: ['h'] }] }],
      },
    ],
  }
  expect(matchesOf(JSON.stringify(event))).toEqual([
    { rule: 'r1', name: 'Rule', address: 'a › k › 0', value: 'v', highlight: 'h' },
  ])
  fc.assert(fc.property(fc.json(), (json) => void matchesOf(json)))
  fc.assert(fc.property(fc.string(), (text) => void matchesOf(text)))
})

function recordWith(value: string): any {
  return {
    timestampMs: 0,
    durationMs: 0,
    traceId: '',
    spanId: '',
    service: 's',
    env: '',
    version: '',
    resource: '',
    operation: '',
    type: '',
    status: 'ok',
    attributes: { 'x.y': value },
  }
}
