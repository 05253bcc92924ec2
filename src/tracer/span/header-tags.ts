import { requestHeaderPrefix, responseHeaderPrefix } from '../../model/tags.ts'
import type { LiveSpan } from './live-span.ts'

/** Headers as Node gives them: lower-case names. */
export type Headers = Readonly<Record<string, string | readonly string[] | number | undefined>>

/** Recorded whenever AppSec is on (spec/tracer.md 2.5). */
const always = [
  'content-type',
  'user-agent',
  'accept',
  'x-amzn-trace-id',
  'cloudfront-viewer-ja3-fingerprint',
  'cf-ray',
  'x-cloud-trace-context',
  'x-appgw-trace-id',
  'x-sigsci-requestid',
  'x-sigsci-tags',
  'akamai-user-risk',
]

/** Recorded with or without AppSec, so that scanners' own traffic can be told apart. */
const markers = ['x-datadog-endpoint-scan', 'x-datadog-security-test']

/** Recorded in addition on spans with a security event. */
const onEvent = [
  'x-forwarded-for',
  'x-real-ip',
  'true-client-ip',
  'x-client-ip',
  'forwarded-for',
  'x-cluster-client-ip',
  'fastly-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'x-forwarded',
  'forwarded',
  'via',
  'content-length',
  'content-encoding',
  'content-language',
  'host',
  'accept-encoding',
  'accept-language',
]

const responseAlways = ['content-type', 'content-length']
const responseOnEvent = ['content-length', 'content-encoding', 'content-language', 'content-type']

/** Never recorded in clear. */
const secret = new Set([
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'proxy-authentication-info',
  'cookie',
  'set-cookie',
])

/** Values that tell scripts from browsers and carry no secret: recorded on login events (spec/tracer.md 1.6). */
const harmlessNames = new Set([
  'user-agent',
  'origin',
  'content-type',
  'x-requested-with',
  'dnt',
  'upgrade-insecure-requests',
  'priority',
  'cache-control',
  'pragma',
  'te',
])
const harmlessPrefixes = ['accept', 'sec-']

/** Names of one request that are recorded on a login event. */
const MAX_LOGIN_HEADERS = 50
const MAX_NAME_LENGTH = 200

/** One header to record on every span, and the tag it goes to where the user named one. */
export interface HeaderTag {
  readonly header: string
  readonly tag: string | undefined
}

/** Reads `header` or `header:tag` items. */
export function headerTags(items: readonly string[]): readonly HeaderTag[] {
  return items.map((item) => {
    const colon = item.indexOf(':')
    const header = (colon < 0 ? item : item.slice(0, colon)).trim().toLowerCase()
    const name = colon < 0 ? '' : item.slice(colon + 1).trim()
    return { header, tag: name === '' ? undefined : name }
  })
}

/** The part of a tag that stands for a header: lower-case, at most 200 characters of `[a-z0-9_-:/]`. */
function tagName(header: string): string {
  return header
    .trim()
    .slice(0, MAX_NAME_LENGTH)
    .replace(/[^a-zA-Z0-9_\-:/]/g, '_')
    .toLowerCase()
}

/** What is recorded of the headers of a request: the markers; what AppSec wants of each; more where there is an event. */
export type Recorded = 'markers' | 'security' | 'event'

/** Records the headers of a request that are on a list. */
export function recordRequestHeaders(span: LiveSpan, headers: Headers, recorded: Recorded): void {
  const depth = depths[recorded]
  // Over the headers there are, of which there are fewer than of those on the lists.
  for (const header in headers) {
    const listed = requestTags.get(header)
    if (listed === undefined || listed.depth > depth) continue
    const value = headers[header]
    if (value !== undefined && value !== '') span.setTag(listed.tag, String(value))
  }
}

/** Records the headers of a response that are on a list. */
export function recordResponseHeaders(span: LiveSpan, header: (name: string) => unknown, event: boolean): void {
  for (const [name, tag] of event ? responseOnEventTags : responseAlwaysTags) recordOne(span, tag, name, header(name))
}

/** Records what the user asked for. */
export function recordConfigured(
  span: LiveSpan,
  configured: readonly HeaderTag[],
  request: Headers,
  response: (name: string) => unknown,
): void {
  for (const { header, tag } of configured) {
    recordOne(span, tag ?? requestHeaderPrefix + tagName(header), header, request[header])
    if (tag === undefined || request[header] === undefined) {
      recordOne(span, tag ?? responseHeaderPrefix + tagName(header), header, response(header))
    }
  }
}

/** Records all other headers up to a bound, which those count to that AppSec records anyway. */
export function recordExtended(
  span: LiveSpan,
  sides: { readonly request: Headers; readonly response: Headers },
  limit: number,
): void {
  const kinds = [
    { side: 'request', prefix: requestHeaderPrefix, headers: sides.request, listed: [...always, ...onEvent] },
    { side: 'response', prefix: responseHeaderPrefix, headers: sides.response, listed: responseOnEvent },
  ] as const
  for (const { side, prefix, headers, listed } of kinds) {
    const names = Object.keys(headers).filter((name) => !name.startsWith(':'))
    let left = limit - names.filter((name) => listed.includes(name) && headers[name] !== '').length
    for (const name of names) {
      if (listed.includes(name) || left <= 0) continue
      span.setTag(prefix + tagName(name), secret.has(name) ? '<redacted>' : String(headers[name]))
      left--
    }
    if (names.length > limit) span.setMetric(`_dd.appsec.${side}.header_collection.discarded`, names.length - limit)
  }
}

/**
 * Records what a login request's headers looked like: the names of all in arrival order (at most 50), the values of a
 * harmless set, and the length of every other one. `rawHeaders` alternates names and values, as Node gives it.
 */
export function recordLoginHeaders(
  span: LiveSpan,
  rawHeaders: readonly string[],
  configured: readonly HeaderTag[],
): void {
  const names: string[] = []
  const lengths: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length && names.length < MAX_LOGIN_HEADERS; index += 2) {
    const header = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    if (header.startsWith(':')) continue
    const name = tagName(header)
    names.push(name)
    const named = configured.some((item) => item.header === header)
    if (harmlessNames.has(header) || harmlessPrefixes.some((prefix) => header.startsWith(prefix))) {
      if (!span.tags.has(requestHeaderPrefix + name)) span.setTag(requestHeaderPrefix + name, value)
    } else if (!named) {
      lengths.push(`${name}=${value.length}`)
    }
  }
  span.setTag('_dd.portcullis.header_names', names.join(','))
  span.setTag('_dd.portcullis.header_lengths', lengths.join(','))
}

/** The tags of headers. As keys of an object, since V8 looks up a text that was put together anew each time it is a key. */
function withTags(headers: readonly string[], prefix: string): readonly (readonly [string, string])[] {
  const tags = Object.keys(Object.fromEntries(headers.map((header) => [prefix + header, header])))
  return headers.map((header, at) => [header, tags[at] as string] as const)
}

const depths: Readonly<Record<Recorded, number>> = { markers: 0, security: 1, event: 2 }
const requestTags: ReadonlyMap<string, { readonly tag: string; readonly depth: number }> = new Map(
  [markers, always, onEvent].flatMap((headers, depth) =>
    withTags(headers, requestHeaderPrefix).map(([header, tag]) => [header, { tag, depth }] as const),
  ),
)
const responseAlwaysTags = withTags(responseAlways, responseHeaderPrefix)
const responseOnEventTags = withTags(responseOnEvent, responseHeaderPrefix)

function recordOne(span: LiveSpan, name: string, header: string, value: unknown): void {
  if (typeof value !== 'string' && typeof value !== 'number' && !Array.isArray(value)) return
  if (value === '') return
  span.setTag(name, secret.has(header) ? '<redacted>' : String(value))
}
