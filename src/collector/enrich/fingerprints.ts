import type { Attributes } from './events.ts'
import { Recent } from './recent.ts'

/** The parts of each fingerprint, in their order; each becomes a field, since a hash of the user agent rotates the whole. */
const fingerprints = [
  {
    tag: '_dd.appsec.fp.http.endpoint',
    kind: 'http',
    parts: ['endpoint.method', 'endpoint.path_hash', 'endpoint.query_hash', 'endpoint.body_hash'],
  },
  {
    tag: '_dd.appsec.fp.http.header',
    kind: 'hdr',
    parts: ['header.known_headers', 'header.ua_hash', 'header.unknown_count', 'header.unknown_hash'],
  },
  { tag: '_dd.appsec.fp.http.network', kind: 'net', parts: ['network.ip_count', 'network.ip_headers'] },
  {
    tag: '_dd.appsec.fp.session',
    kind: 'ssn',
    parts: ['session.user_hash', 'session.cookie_names_hash', 'session.cookie_values_hash', 'session.session_hash'],
  },
] as const

const orderTag = '_dd.appsec.fp.http.order'

/** Texts whose parts are remembered: browsers of one kind send the same ones. */
const MAX_REMEMBERED = 10_000
const known = fingerprints.map(() => new Recent<string, Attributes>(MAX_REMEMBERED))

/** `@appsec.fingerprint.*` from the fingerprint tags (spec/detection.md 2.2.1); empty parts and odd shapes are left out. */
export function readFingerprints(meta: Readonly<Record<string, string>>): Attributes {
  const found: Attributes = {}
  fingerprints.forEach((fingerprint, index) => {
    const text = meta[fingerprint.tag]
    if (text !== undefined)
      Object.assign(
        found,
        known[index]?.get(text, () => partsOf(text, fingerprint)),
      )
  })
  if (meta[orderTag] !== undefined) found['appsec.fingerprint.header.order'] = meta[orderTag]
  return found
}

function partsOf(text: string, { kind, parts }: (typeof fingerprints)[number]): Attributes {
  const [first, ...values] = text.split('-')
  const found: Attributes = {}
  if (first !== kind || values.length !== parts.length) return found
  parts.forEach((part, index) => {
    if (values[index]) found[`appsec.fingerprint.${part}`] = values[index]
  })
  return found
}
