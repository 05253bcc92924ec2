import type { ClientTraits } from '../../model/client-traits.ts'
import { requestHeaderPrefix } from '../../model/tags.ts'
import { userAgentProducts, userAgentShape } from './user-agent.ts'

/** Attributes that clusters know by name; all without `@`. */
export const traitAttribute = {
  userAgent: 'http.useragent',
  order: 'appsec.fingerprint.header.order',
  knownHeaders: 'appsec.fingerprint.header.known_headers',
  unknownHash: 'appsec.fingerprint.header.unknown_hash',
  ipHeaders: 'appsec.fingerprint.network.ip_headers',
  queryKeys: 'appsec.fingerprint.endpoint.query_hash',
  bodyKeys: 'appsec.fingerprint.endpoint.body_hash',
} as const

/**
 * One thing that can be true of a request: a value; a header that is there (its value is not recorded) or is not; a user
 * agent of this shape (`#` for every version number), or with this product in it (`Chrome` for `Chrome/141.0`).
 */
export type Trait =
  | { readonly kind: 'value'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'present' | 'absent'; readonly attribute: string }
  | { readonly kind: 'shape' | 'product'; readonly attribute: typeof traitAttribute.userAgent; readonly value: string }

/** A text that is equal for equal traits. */
export function traitKey(trait: Trait): string {
  return `${trait.kind} ${trait.attribute}${'value' in trait ? ` ${trait.value}` : ''}`
}

/** Headers that every tracer records on a login event where the client sends them (spec/tracer.md 2.5). */
const alwaysRecorded: ReadonlySet<string> = new Set([
  'accept',
  'content-type',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-language',
])

/**
 * All traits of a client, given the headers that any client of the analysis sends. A header counts as missing only where
 * the tracer would have recorded it.
 */
export function traitsOf(client: ClientTraits, headers: readonly string[]): readonly Trait[] {
  const traits: Trait[] = []
  for (const attribute in client.values) {
    traits.push({ kind: 'value', attribute, value: client.values[attribute] ?? '' })
  }
  const userAgent = client.values[traitAttribute.userAgent]
  const absent = (attribute: string): void => void traits.push({ kind: 'absent', attribute })
  if (userAgent === undefined) absent(traitAttribute.userAgent)
  else {
    traits.push({ kind: 'shape', attribute: traitAttribute.userAgent, value: userAgentShape(userAgent) })
    for (const value of userAgentProducts(userAgent)) {
      traits.push({ kind: 'product', attribute: traitAttribute.userAgent, value })
    }
  }
  const names = client.names === null ? undefined : new Set(client.names)
  for (const header of headers) {
    const attribute = requestHeaderPrefix + header
    if (client.values[attribute] !== undefined) continue
    if (names?.has(header)) traits.push({ kind: 'present', attribute })
    else if (names !== undefined || alwaysRecorded.has(header)) absent(attribute)
  }
  return traits
}

/** Names of the headers that a client is seen to send. */
export function headersOf({ values, names }: ClientTraits): readonly string[] {
  if (names !== null) return names
  return Object.keys(values)
    .filter((name) => name.startsWith(requestHeaderPrefix))
    .map((name) => name.slice(requestHeaderPrefix.length))
    .filter((name) => name !== 'host')
}

const ofEngine: ReadonlySet<string> = new Set([
  traitAttribute.order,
  traitAttribute.knownHeaders,
  traitAttribute.unknownHash,
  traitAttribute.ipHeaders,
  traitAttribute.queryKeys,
  traitAttribute.bodyKeys,
])

/**
 * Whether a WAF rule can say it: headers and the user agent in every tracer; fingerprints as addresses only in ours, as
 * Datadog's rules make them after the rules have run.
 */
export function isBlockable({ attribute }: Trait, feeds: { readonly fingerprints: boolean }): boolean {
  if (attribute === traitAttribute.userAgent || attribute.startsWith(requestHeaderPrefix)) return true
  return feeds.fingerprints && ofEngine.has(attribute)
}

/** Whether a client has all of the traits. */
export function hasTraits(client: ClientTraits, traits: readonly Trait[]): boolean {
  return traits.every((trait) => hasTrait(client, trait))
}

function hasTrait(client: ClientTraits, trait: Trait): boolean {
  const value = client.values[trait.attribute]
  if (trait.kind === 'value') return value === trait.value
  if (trait.kind === 'shape') return value !== undefined && userAgentShape(value) === trait.value
  if (trait.kind === 'product') return value !== undefined && userAgentProducts(value).includes(trait.value)
  if (value !== undefined) return trait.kind === 'present'
  const header = trait.attribute.startsWith(requestHeaderPrefix)
    ? trait.attribute.slice(requestHeaderPrefix.length)
    : ''
  const isNamed = client.names?.includes(header) === true
  if (trait.kind === 'present') return isNamed
  return !isNamed && (client.names !== null || header === '' || alwaysRecorded.has(header))
}
