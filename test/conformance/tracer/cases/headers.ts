import { nested, type TracerCase } from './tracer-case.ts'

const alwaysRecorded = `
  accept user-agent x-amzn-trace-id cloudfront-viewer-ja3-fingerprint cf-ray
  x-cloud-trace-context x-appgw-trace-id x-sigsci-requestid x-sigsci-tags akamai-user-risk
`
  .trim()
  .split(/\s+/)
const recordedOnEvents = `
  x-forwarded-for x-real-ip true-client-ip x-client-ip forwarded-for x-cluster-client-ip
  fastly-client-ip cf-connecting-ip cf-connecting-ipv6 x-forwarded forwarded via content-encoding
  content-language accept-encoding accept-language
`
  .trim()
  .split(/\s+/)

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-many-${n}`, String(n)]))
}

export const headerCases: readonly TracerCase[] = [
  {
    says: '2.5: identifiers of proxies are recorded always, others only with an event',
    path: '/ok',
    headers: {
      'x-amzn-trace-id': 'Root=1',
      'cf-ray': 'r',
      'akamai-user-risk': 'u',
      'accept-language': 'de',
      'user-agent': 'ua',
      via: '1.1 x',
    },
    status: 200,
    meta: {
      'http.request.headers.x-amzn-trace-id': 'Root=1',
      'http.request.headers.cf-ray': 'r',
      'http.request.headers.akamai-user-risk': 'u',
      'http.request.headers.user-agent': 'ua',
      'http.request.headers.accept-language': undefined,
      'http.request.headers.via': undefined,
      'http.request.headers.host': undefined,
      'http.response.headers.content-type': /^application\/json/,
      'http.response.headers.content-length': /^\d+$/,
    },
  },
  {
    says: '2.5: with an event the headers of addresses and contents are recorded',
    path: '/ok?q=only-seen',
    headers: {
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.8',
      'accept-language': 'de',
      'content-language': 'fr',
      via: '1.1 x',
      'x-secret': 'no',
    },
    status: 200,
    meta: {
      'http.request.headers.x-forwarded-for': '203.0.113.7',
      'http.request.headers.x-real-ip': '203.0.113.8',
      'http.request.headers.accept-language': 'de',
      'http.request.headers.content-language': 'fr',
      'http.request.headers.via': '1.1 x',
      'http.request.headers.host': /^127\.0\.0\.1:/,
      'http.request.headers.x-secret': undefined,
      'http.client_ip': '203.0.113.7',
      'http.response.headers.content-length': /^\d+$/,
    },
  },
  {
    says: '2.5: a login event has them as well, and cookies never',
    path: '/v2-failure',
    headers: { 'x-forwarded-for': '203.0.113.7', cookie: 'a=b', authorization: 'Bearer x' },
    status: 200,
    meta: {
      'http.request.headers.x-forwarded-for': '203.0.113.7',
      'http.request.headers.cookie': undefined,
      'http.request.headers.authorization': undefined,
    },
  },
  {
    says: '2.5: extended collection has all headers, with secrets hidden',
    path: '/ok?q=collect-all',
    headers: { 'x-mine': 'v', authorization: 'Bearer x', cookie: 'a=b' },
    status: 200,
    meta: {
      'http.request.headers.x-mine': 'v',
      'http.request.headers.authorization': '<redacted>',
      'http.request.headers.cookie': '<redacted>',
    },
  },
  ...alwaysRecorded.map((header) => ({
    says: `2.5: ${header} is recorded on every request`,
    path: '/ok',
    headers: { [header]: 'value/1' },
    status: 200,
    meta: { [`http.request.headers.${header}`]: 'value/1', 'appsec.event': undefined },
  })),
  ...recordedOnEvents.flatMap((header) => [
    {
      says: `2.5: ${header} is recorded on an event`,
      path: '/ok?q=only-seen',
      headers: { [header]: 'value' },
      status: 200,
      meta: { [`http.request.headers.${header}`]: 'value' },
    },
    {
      says: `2.5: ${header} is not recorded without one`,
      path: '/ok',
      headers: { [header]: 'value' },
      status: 200,
      meta: { [`http.request.headers.${header}`]: undefined },
    },
  ]),
  ...['x-datadog-endpoint-scan', 'x-datadog-security-test'].map((header) => ({
    says: `2.5: ${header} is recorded with AppSec off as well`,
    path: '/ok',
    headers: { [header]: 'value' },
    environment: { DD_APPSEC_ENABLED: 'false' },
    status: 200,
    meta: { [`http.request.headers.${header}`]: 'value' },
  })),
  {
    says: '2.5: the length of a body is recorded on an event',
    path: '/ok?q=only-seen',
    method: 'POST',
    body: { a: 1 },
    status: 200,
    meta: { 'http.request.headers.content-length': '7', 'http.request.headers.content-type': 'application/json' },
  },
  {
    says: '2.5: the length of a body is not recorded without one',
    path: '/ok',
    method: 'POST',
    body: { a: 1 },
    status: 200,
    meta: {
      'http.request.headers.content-length': undefined,
      'http.request.headers.content-type': 'application/json',
    },
  },
  {
    says: '2.5: of a response, type and length always',
    path: '/languages',
    status: 200,
    meta: {
      'http.response.headers.content-type': 'text/html; charset=utf-8',
      'http.response.headers.content-length': '5',
      'http.response.headers.content-language': undefined,
      'http.response.headers.content-encoding': undefined,
    },
  },
  {
    says: '2.5: of a response, encoding and language on an event',
    path: '/languages?q=only-seen',
    status: 200,
    meta: {
      'http.response.headers.content-type': 'text/html; charset=utf-8',
      'http.response.headers.content-length': '5',
      'http.response.headers.content-language': 'de',
      'http.response.headers.content-encoding': 'identity',
      'http.response.headers.x-other': undefined,
      'http.response.headers.set-cookie': undefined,
    },
  },
  {
    says: '2.5: with AppSec off no headers are recorded',
    path: '/ok',
    headers: { accept: 'a/b', 'user-agent': 'ua' },
    environment: { DD_APPSEC_ENABLED: 'false' },
    status: 200,
    meta: {
      'http.request.headers.accept': undefined,
      'http.request.headers.user-agent': undefined,
      'http.response.headers.content-type': undefined,
      'http.useragent': 'ua',
    },
  },
  {
    says: '2.5: names of headers become tags of plain characters',
    path: '/ok?q=collect-all',
    headers: { 'X-Odd.Name!': 'v' },
    status: 200,
    meta: { 'http.request.headers.x-odd_name_': 'v' },
  },
  {
    says: '2.5: extended collection of a response hides its secrets',
    path: '/languages?q=collect-all',
    status: 200,
    meta: {
      'http.response.headers.x-other': '1',
      'http.response.headers.set-cookie': '<redacted>',
      'http.response.headers.content-language': 'de',
    },
  },
  ...['proxy-authorization', 'www-authenticate', 'proxy-authenticate', 'authentication-info'].map((header) => ({
    says: `2.5: extended collection hides ${header}`,
    path: '/ok?q=collect-all',
    headers: { [header]: 'secret' },
    status: 200,
    meta: { [`http.request.headers.${header}`]: '<redacted>' },
  })),
  {
    says: '2.5: extended collection ends at its bound, and counts the rest',
    path: '/ok?q=collect-few',
    headers: many(20),
    status: 200,
    meta: { 'http.request.headers.x-many-0': '0', 'http.request.headers.x-many-19': undefined },
    metrics: { '_dd.appsec.request.header_collection.discarded': 'some' },
  },
  {
    says: '2.5: a listed header without a value is not recorded, and takes no place of others',
    path: '/ok?q=collect-few',
    headers: { 'cf-ray': '' },
    status: 200,
    meta: { 'http.request.headers.cf-ray': undefined },
  },
  {
    says: '2.5: extended collection has the body',
    path: '/ok?q=collect-all',
    method: 'POST',
    body: { a: [1, true, null, 'x'], b: { c: 1.5 }, password: 'secret' },
    status: 200,
    structs: { 'http.request.body': { a: [1, true, null, 'x'], b: { c: 1.5 }, password: '<redacted>' } },
    meta: { '_dd.appsec.request_body_size.exceeded': undefined },
  },
  {
    says: '2.5: a body that is text',
    path: '/ok?q=collect-all',
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
    status: 200,
    structs: { 'http.request.body': 'hello' },
  },
  {
    says: '2.5: of a body texts of 4,096 characters, 256 entries and 20 levels, and a tag says that there was more',
    path: '/ok?q=collect-all',
    method: 'POST',
    body: { long: 'x'.repeat(4_097), wide: Array.from({ length: 257 }, () => 0), deep: nested(25) },
    status: 200,
    structs: {
      'http.request.body': {
        long: 'x'.repeat(4_096),
        wide: Array.from({ length: 256 }, () => 0),
        deep: nested(19, null),
      },
    },
    meta: { '_dd.appsec.request_body_size.exceeded': 'true' },
  },
  {
    says: '2.5: without the action the body is not recorded',
    path: '/ok?q=only-seen',
    method: 'POST',
    body: { a: 1 },
    status: 200,
    structs: {},
  },
]
