import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { headerOrderFingerprint } from '../../src/waf/header-order.ts'

function fingerprint(...names: string[]): string {
  const digits = createHash('sha256').update(names.join(',')).digest('hex').slice(0, 8)
  return `ord-${names.length}-${digits}`
}
function raw(...names: string[]): string[] {
  return names.flatMap((name) => [name, 'value'])
}

test('the names count in the order in which they came, lower-cased', () => {
  expect(headerOrderFingerprint(raw('Host', 'User-Agent', 'accept'))).toBe(fingerprint('host', 'user-agent', 'accept'))
  expect(headerOrderFingerprint(raw('accept', 'Host', 'User-Agent'))).toBe(fingerprint('accept', 'host', 'user-agent'))
})

test('a name that comes twice counts twice', () => {
  expect(headerOrderFingerprint(raw('a', 'b', 'a'))).toBe(fingerprint('a', 'b', 'a'))
})

const leftOut =
  'Cookie Referer Content-Length Content-Type Connection Keep-Alive TE Transfer-Encoding Upgrade X-Forwarded-For X-Real-IP CF-Connecting-IPv6 Forwarded Via X-Datadog-Trace-Id traceparent tracestate b3 x-b3-traceid X-Amzn-Trace-Id'.split(
    ' ',
  )
test.each(leftOut)('%s is left out', (name) => {
  expect(headerOrderFingerprint(raw('host', name, 'accept'))).toBe(fingerprint('host', 'accept'))
})
test('every left-out name was tried', () => expect(leftOut.length).toBe(20))

test('no headers at all have a fingerprint too', () => expect(headerOrderFingerprint([])).toBe('ord-0-e3b0c442'))
