import type { Attributes } from './events.ts'

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

/** `@appsec.fingerprint.*` from the fingerprint tags (spec/detection.md 2.2.1); empty parts and odd shapes are left out. */
export function readFingerprints(meta: Readonly<Record<string, string>>): Attributes {
  const found: Attributes = {}
  for (const { tag, kind, parts } of fingerprints) {
    const [first, ...values] = meta[tag]?.split('-') ?? []
    if (first !== kind || values.length !== parts.length) continue
    parts.forEach((part, index) => {
      if (values[index]) found[`appsec.fingerprint.${part}`] = values[index]
    })
  }
  if (meta[orderTag] !== undefined) found['appsec.fingerprint.header.order'] = meta[orderTag]
  return found
}
