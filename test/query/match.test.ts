import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SpanRecord } from '../../src/model/span-record.ts'
import { type Field, type Query, type Test, match, parse, print, wordPattern } from '../../src/query/query.ts'
import { createGlobMatcher, createWordMatcher, fold } from '../../src/query/glob.ts'
import { queriesOnRecords, records } from '../support/queries.ts'

const record: SpanRecord = {
  timestampMs: 1_700_000_000_000,
  traceId: '640cfd8d00000000123456789abcdef0',
  spanId: '00000000000000ff',
  service: 'Shop',
  env: 'prod',
  version: '',
  resource: 'POST /login',
  operation: 'web.request',
  type: 'web',
  status: 'ok',
  durationMs: 20.5,
  attributes: JSON.parse(`{
    "http.client_ip": "10.1.2.3", "network.client.ip": "2001:db8::7", "http.method": "POST", "http.status_code": "401",
    "http.route": "/login", "http.useragent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/126.0", "usr.id": "Bob",
    "appsec.events_data.usr.login": "Bob.Smith@Example.com", "appsec.blocked": true, "attempts": 7, "ratio": 0.5, "empty": "", "none": [],
    "appsec.security_activity": ["business_logic.users.login.failure", "attack_attempt.sql_injection"], "emails": ["A", "b"],
    "network.client.range": "10.1.2.0/24", "not.number": "12abc", "huge": "1e999", "spaced": " 5", "__proto__": "inert", "greek": "ΟΔΟΣ"
  }`) as SpanRecord['attributes'],
}

const holds = [
  '',
  '*',
  // Case: ignored on reserved fields and @appsec.*, kept on other attributes, ignored with wildcards.
  'service:shop', 'service:SHOP', 'env:PROD', 'resource_name:"post /LOGIN"', 'status:OK',
  '@usr.id:Bob', '-@usr.id:bob', '@usr.id:bo*', '@usr.id:B?b', '-@usr.id:?b',
  '@appsec.events_data.usr.login:bob.smith@example.com', '@appsec.security_activity:BUSINESS_LOGIC.users.login.failure',
  '@greek:οδο?',
  // Wildcards.
  '@appsec.security_activity:*login*', '@usr.id:*b*', '@http.useragent:*firefox/126*', '-@usr.id:"Bo*"', '-@usr.id:b', '@usr.id:???', '-@usr.id:????',
  // Lists.
  '@appsec.security_activity:(business_logic.users.login.failure AND attack_attempt.*)', '-@appsec.security_activity:(business_logic.users.login.failure AND x)',
  '@usr.id:(alice OR Bob)', '-@usr.id:(alice AND Bob)', '@usr.id:(-alice)', '@emails:(A b)', '-@emails:(A -b)', '@missing:(-a)', '@emails:(-a)', '-@emails:(-A)',
  '@http.client_ip:(1.2.3.4 OR 10.0.0.0/8)',
  // Existence.
  '@usr.id:*', '-@missing:*', '@empty:*', '@empty:""', '-@none:*', '-version:*', 'version:""', '-@usr:*', '-@constructor:*', '-@toString:*', '@__proto__:inert', 'duration:*', 'tags:"attempts"',
  // Numbers.
  '@http.status_code:>400', '@http.status_code:401', '@http.status_code:>=401', '-@http.status_code:<401', '@http.status_code:[400 TO 499]', '-@http.status_code:{401 TO 499]',
  '@http.status_code:{400 TO 402}', '@http.status_code:[400 TO *}', '@http.status_code:[* TO 401]', '-@http.status_code:[* TO 401}', '@attempts:7', '@attempts:>6.5', '@ratio:0.5', '@ratio:<1',
  '-@not.number:>1', '-@usr.id:[* TO *]', '@attempts:[* TO *]', '-@huge:>1', '-@spaced:>1', '-@appsec.blocked:>0', '@appsec.blocked:true', '@appsec.blocked:TRUE', '@http.status_code:(>=400 -404)',
  // Durations and times.
  'duration:>20ms', 'duration:<21ms', 'duration:20500us', 'duration:20500000', 'duration:>20000000', '-duration:>1s', 'duration:[20ms TO 0.1s]',
  'timestamp:1700000000000', 'timestamp:>"2023-11-14T22:13:19.999Z"', 'timestamp:<="2023-11-15T00:13:20+02:00"', '-timestamp:>"2023-11-14T22:13:20"',
  // Addresses.
  '@http.client_ip:10.1.2.3', '@http.client_ip:"::ffff:10.1.2.3"', '@http.client_ip:10.0.0.0/8', '@http.client_ip:10.99.0.0/8', '-@http.client_ip:10.1.2.4/31', '-@http.client_ip:11.0.0.0/8', '@http.client_ip:10.1.*',
  '@network.client.ip:"2001:DB8:0::7"', '@network.client.ip:"2001:db8::/32"', '@network.client.ip:2001\\:db8\\:\\:7', '-@network.client.ip:0.0.0.0/0', '@network.client.ip:"::/0"', '@network.client.range:10.1.2.0/24',
  // Ids.
  'trace_id:640cfd8d00000000123456789abcdef0', 'trace_id:640CFD8D00000000123456789ABCDEF0', 'trace_id:123456789abcdef0', 'trace_id:1311768467463790320', 'trace_id:640cfd*', 'span_id:255', 'span_id:00000000000000ff', '-span_id:254',
  // Free text: resource, route, user agent and login; whole words or a prefix.
  'login', 'LOGIN', 'post', '"POST /login"', '/login', 'firefox', 'Firefox/126.0', 'bob', 'example', 'bob.smith@example.com', 'fire*', '-fire', '-ox', '*ox', '*irefo*', '-Mozi*Firefox', 'l?gin', '-l?g', 'x86_64', '-x86', '"(X11"', 'Mozilla*X11 OR Mozilla*',
  // Not searched by free text.
  '-prod', '-401', '-10.1.2.3',
  // Joined.
  'service:shop -env:staging', 'service:other OR env:prod', 'NOT (service:other OR env:staging)', 'service:shop (env:staging OR @usr.id:Bob)', 'login firefox', '-(login chrome)',
] // prettier-ignore

test.each(holds)('%s', (text) => {
  expect(match(parse(text), record)).toBe(true)
  expect(match(parse(text === '' ? '-*' : `-(${text})`), record)).toBe(false)
})

test('every case ran', () => expect(holds.length).toBeGreaterThanOrEqual(130))

test('printing a query does not change what it holds for', () => {
  let held = 0
  fc.assert(
    fc.property(queriesOnRecords(), fc.array(records(), { minLength: 3, maxLength: 6 }), (query, list) => {
      for (const one of list) {
        const answer = match(query, one)
        if (answer) held++
        expect(match(parse(print(query)), one)).toBe(answer)
      }
    }),
    { numRuns: 500 },
  )
  expect(held).toBeGreaterThan(100)
})

/** What a value list means, said with conditions alone. */
function spread(field: Field, test: Test): Query {
  if (test.kind === 'not') return { kind: 'not', item: spread(field, test.test) }
  if (test.kind === 'any') return { kind: 'or', items: test.tests.map((part) => spread(field, part)) }
  if (test.kind === 'all') return { kind: 'and', items: test.tests.map((part) => spread(field, part)) }
  return { kind: 'field', field, test }
}

test('a value list means its conditions joined', () => {
  fc.assert(
    fc.property(queriesOnRecords(), records(), (query, one) => {
      if (query.kind !== 'field') return
      expect(match(query, one)).toBe(match(spread(query.field, query.test), one))
    }),
    { numRuns: 2000 },
  )
})

const wildcard = fc.constantFrom({ wildcard: '*' } as const, { wildcard: '?' } as const)
const shortText = fc.string({ unit: fc.constantFrom('a', 'A', 'b', ' ', '-', '_', 'é', '😀', '\n', '.'), maxLength: 8 })
const glob = fc
  .array(fc.oneof(shortText, wildcard), { minLength: 1, maxLength: 5 })
  .filter((parts) => parts.some((part) => part !== ''))

test('a shape matches what the same regular expression matches', () => {
  fc.assert(
    fc.property(glob, shortText, (parts, text) => {
      const source = parts
        .map((part) => (typeof part === 'string' ? escaped(fold(part)) : part.wildcard === '*' ? '.*' : '.'))
        .join('')
      expect(createGlobMatcher(parts)(text)).toBe(new RegExp(`^(?:${source})$`, 'su').test(fold(text)))
    }),
    { numRuns: 3000 },
  )
})

test('words are found where the pattern for SQL engines finds them', () => {
  fc.assert(
    fc.property(glob, shortText, (parts, text) => {
      const pattern = new RegExp(wordPattern(parts).replaceAll(String.raw`\x{`, String.raw`\u{`), 'u')
      expect(createWordMatcher(parts)(text)).toBe(pattern.test(fold(text)))
    }),
    { numRuns: 3000 },
  )
})

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)
}
