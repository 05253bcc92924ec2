import type { AttributeValue } from './span-record.ts'
import { requestHeaderPrefix } from './tags.ts'

/** What a request tells of the program that made it, as it is kept once for all requests that tell the same. */
export interface ClientTraits {
  /** Attributes and their values, without `@`. */
  readonly values: Readonly<Record<string, string>>
  /** Names of all headers of the client, sorted; null where the tracer does not record them. */
  readonly names: readonly string[] | null
}

/** Where our tracer puts the names of a login's headers, in arrival order (spec/tracer.md 1.6). */
export const headerNamesTag = '_dd.portcullis.header_names'

const described = [
  'http.useragent',
  'http.useragent_details.browser.family',
  'http.useragent_details.browser.version',
  'http.useragent_details.os.family',
  'http.useragent_details.os.version',
  'appsec.fingerprint.header.known_headers',
  'appsec.fingerprint.header.unknown_count',
  'appsec.fingerprint.header.unknown_hash',
  'appsec.fingerprint.header.order',
  'appsec.fingerprint.endpoint.query_hash',
  'appsec.fingerprint.endpoint.body_hash',
  'appsec.fingerprint.network.ip_count',
  'appsec.fingerprint.network.ip_headers',
] as const

/** Headers that say something of one request, of the user, or of the way through the network. */
const perRequest = new Set(
  [
    'user-agent content-length cookie authorization proxy-authorization referer connection',
    'x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-real-ip true-client-ip x-client-ip',
    'x-forwarded forwarded-for x-cluster-client-ip fastly-client-ip forwarded via',
    'traceparent tracestate x-amzn-trace-id x-cloud-trace-context x-appgw-trace-id x-sigsci-requestid x-request-id',
    'x-correlation-id cdn-loop',
  ].flatMap((line) => line.split(' ')),
)
const networkPrefixes = ['x-datadog', 'b3', 'x-b3-', 'cf-']

/** A longer value is not kept: no rule could compare it (spec/detection.md 1.6). */
const MAX_VALUE_LENGTH = 512
/** Names that our tracer records at most; a list this long may lack some, so that nothing is known to be absent. */
const MAX_NAMES = 50

/** What a record tells of its client: names and values, one after the other; the same for the same attributes in the same order. */
export function clientTraits(attributes: Readonly<Record<string, AttributeValue>>): readonly string[] {
  const traits: string[] = []
  for (const name of described) {
    const value = attributes[name]
    if (typeof value === 'string' && value.length <= MAX_VALUE_LENGTH) traits.push(name, value)
  }
  for (const name in attributes) {
    if (!name.startsWith(requestHeaderPrefix)) continue
    const value = attributes[name]
    if (typeof value !== 'string' || value.length > MAX_VALUE_LENGTH) continue
    if (isTraitHeader(name)) traits.push(name, value)
  }
  const listed = attributes[headerNamesTag]
  if (typeof listed === 'string') traits.push(headerNamesTag, listed)
  return traits
}

/** The traits of a record as text, equal for equal traits; undefined where it has none. */
export function encodeClientTraits(traits: readonly string[]): string | undefined {
  const values: string[] = []
  const headers = new Map<string, string>()
  let names: readonly string[] | null = null
  for (let index = 0; index + 1 < traits.length; index += 2) {
    const [name, value] = [traits[index] as string, traits[index + 1] as string]
    if (name === headerNamesTag) names = namesOf(value)
    else if (name.startsWith(requestHeaderPrefix)) headers.set(name, value)
    else values.push(name, value)
  }
  for (const name of [...headers.keys()].sort()) values.push(name, headers.get(name) as string)
  return values.length === 0 && names === null ? undefined : JSON.stringify([values, names])
}

function namesOf(listed: string): readonly string[] | null {
  const all = listed === '' ? [] : listed.split(',')
  // Every client has to send a host.
  return all.length >= MAX_NAMES ? null : [...new Set(all)].filter((name) => name !== 'host' && isOfClient(name)).sort()
}

export function decodeClientTraits(text: string): ClientTraits {
  const [pairs, names] = JSON.parse(text) as [string[], string[] | null]
  const values = Object.create(null) as Record<string, string>
  for (let index = 0; index + 1 < pairs.length; index += 2) values[pairs[index] ?? ''] = pairs[index + 1] ?? ''
  return { values, names }
}

/** Names of header tags that were judged before; there are few, unless somebody invents them. */
const judged = new Map<string, boolean>()
const MAX_JUDGED = 2_000
const MAX_JUDGED_LENGTH = 200

function isTraitHeader(tagName: string): boolean {
  let is = judged.get(tagName)
  if (is === undefined) {
    is = isOfClient(tagName.slice(requestHeaderPrefix.length))
    if (judged.size >= MAX_JUDGED) judged.clear()
    if (tagName.length <= MAX_JUDGED_LENGTH) judged.set(tagName, is)
  }
  return is
}

/** Whether a header, by its lower-case name, is a trait of the program that sends it. */
function isOfClient(header: string): boolean {
  return !perRequest.has(header) && !networkPrefixes.some((prefix) => header.startsWith(prefix))
}
