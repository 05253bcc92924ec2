import { expect, test } from 'vitest'
import { settings } from '../../../src/tracer/settings.ts'
import { queryObfuscator, recordedUrl } from '../../../src/tracer/span/url.ts'

const obfuscate = queryObfuscator(settings.queryObfuscationRegex.default)

const cases = [
  { query: 'a=1&b=2', shown: '?a=1&b=2' },
  { query: 'token=abc&x=1', shown: '?<redacted>&x=1' },
  { query: 'x=1&password=hunter2&y=2', shown: '?x=1&<redacted>&y=2' },
  { query: 'PassWord=hunter2', shown: '?<redacted>' },
  { query: 'api_key=1&access-key-id=2', shown: '?<redacted>&<redacted>' },
  { query: 'user%5Bpassword%5D=1', shown: '?user%5Bpassword%5D=1' },
  { query: 'password%3Dhunter2', shown: '?<redacted>' },
  { query: 'h=Bearer%20abc.def', shown: '?h=<redacted>' },
  { query: 'j=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', shown: '?j=<redacted>' },
  { query: `g=ghp_${'a'.repeat(36)}`, shown: '?g=<redacted>' },
  { query: 'session_id=abc', shown: '?<redacted>' },
  { query: 'monkey=1', shown: '?monkey=1' },
]

test.each(cases)('$query is recorded as $shown', ({ query, shown }) => expect(obfuscate(query)).toBe(shown))

test('every case ran', () => expect(cases).toHaveLength(12))

test('an empty pattern hides nothing, and .* everything', () => {
  expect(queryObfuscator('')('token=abc')).toBe('?token=abc')
  expect(queryObfuscator('.*')('token=abc')).toBe('')
})

test('hostile queries cost a bounded number of steps', () => {
  // Each would take minutes with a pattern that looks at every start anew.
  const hostile = [
    'eyJ'.repeat(5_000),
    'token'.repeat(3_000),
    `pass${'%20'.repeat(5_000)}`,
    'a'.repeat(16_000),
    'Bearer '.repeat(2_000),
  ]
  for (const query of hostile) expect(obfuscate(query).length).toBeLessThanOrEqual(4_100)
})

test('the address is the one that arrived', () => {
  const plain = { headers: { host: 'shop.example' }, url: '/b?x=1', originalUrl: '/a/b?x=1' }
  expect(recordedUrl(plain, plain.headers, obfuscate)).toBe('http://shop.example/a/b?x=1')
  expect(recordedUrl({ ...plain, socket: { encrypted: true } }, plain.headers, obfuscate)).toBe(
    'https://shop.example/a/b?x=1',
  )
  const two = { headers: { ':scheme': 'https', ':authority': 'shop.example' }, url: '/a' }
  expect(recordedUrl(two, two.headers, obfuscate)).toBe('https://shop.example/a')
})
