import { headerOrderFingerprint } from '../../../src/waf/header-order.ts'
import type { SpanRecord } from '../../../src/model/span-record.ts'
import { aFailure, aSuccess } from '../../conformance/store/fixtures.ts'

/** A program that logs in: its headers in order. */
export type Client = readonly (readonly [name: string, value: string])[]

export const browser = (version: number, language = 'en-US'): Client => [
  ['host', 'shop.example'],
  ['user-agent', `Mozilla/5.0 (Windows NT 10.0) Chrome/${version}.0.0.0 Safari/537.36`],
  ['accept', '*/*'],
  ['accept-language', language],
  ['sec-fetch-site', 'same-origin'],
]
export const app: Client = [
  ['host', 'shop.example'],
  ['x-app-version', '7.4.1'],
  ['x-app-platform', 'android'],
  ['accept', 'application/json'],
  ['accept-language', 'de-DE'],
  ['user-agent', 'ShopApp/7.4.1 okhttp/4.12.0'],
]

/** What the record of a login carries of its client, as our tracer ships it. */
export function clientAttributes(client: Client): Readonly<Record<string, string>> {
  const recorded = client.filter(([name]) => /^(?:accept|sec-|user-agent|host)/.test(name))
  // The app sends more in its query and body than the page does.
  const isApp = client.some(([name]) => name === 'x-app-version')
  const keys = isApp ? { query: '0c1d2e3f', body: '1a2b3c4d' } : { query: 'ab12cd34', body: '5e6f7a8b' }
  const order = headerOrderFingerprint(client.flat())
  return {
    'http.method': 'POST',
    'http.route': '/login',
    'http.url': 'http://shop.example/login',
    'http.useragent': client.find(([name]) => name === 'user-agent')?.[1] ?? '',
    '_dd.portcullis.header_names': client.map(([name]) => name).join(','),
    '_dd.appsec.fp.http.order': order,
    '_dd.appsec.fp.http.endpoint': `http-post-7e93fba0-${keys.query}-${keys.body}`,
    'appsec.fingerprint.endpoint.body_hash': keys.body,
    'appsec.fingerprint.endpoint.query_hash': keys.query,
    'appsec.fingerprint.header.order': order,
    ...Object.fromEntries(recorded.map(([name, value]) => [`http.request.headers.${name}`, value])),
  }
}

let count = 0

export function attempt(
  client: Client,
  outcome: 'failure' | 'success',
  timestampMs: number,
  changes: { readonly ip?: string; readonly login?: string } = {},
): SpanRecord {
  const number = ++count
  const { ip = `198.18.${(number >> 8) & 255}.${number & 255}`, login = `user${number}` } = changes
  const make = outcome === 'failure' ? aFailure : aSuccess
  return make(login, ip, { timestampMs, attributes: { ...clientAttributes(client) } })
}

/** A day of ordinary logins up to `toMs`: three browsers and the app, one login in ten fails. */
export function ordinaryDay(toMs: number, logins: number): readonly SpanRecord[] {
  const clients = [browser(141), browser(140), browser(141, 'de-DE'), app]
  return Array.from({ length: logins }, (_, index) => {
    const client = clients[index % clients.length] ?? app
    const outcome = Math.floor(index / clients.length) % 10 === 0 ? 'failure' : 'success'
    return attempt(client, outcome, toMs - ((index + 1) * 86_400_000) / logins, { ip: `10.${index % 200}.0.1` })
  })
}
