import type { AttributeValue, SpanRecord } from './span-record.ts'

/** Attributes that a compact record carries beside its reserved fields (spec/collector.md, "What is a record"). */
const carried = new Set([
  'http.route',
  'http.method',
  'http.status_code',
  'http.client_ip',
  'http.useragent',
  'usr.id',
  'appsec.blocked',
  '_dd.portcullis.ip_source',
])
/** What is read from the address and the user agent, and the parts of the fingerprints with the order of the headers. */
const carriedPrefixes = ['http.useragent_details.', 'network.client.', 'appsec.fingerprint.', 'threat_intel.']

/**
 * Whether compact records carry an attribute, by its name without `@`: a rule that reads others cannot be measured on
 * all requests.
 */
export function isCarried(name: string): boolean {
  return carried.has(name) || carriedPrefixes.some((prefix) => name.startsWith(prefix))
}

/** A record with only what baselines and collateral need. */
export function toCompact(record: SpanRecord): SpanRecord {
  const attributes = Object.create(null) as Record<string, AttributeValue>
  for (const name in record.attributes) {
    if (isCarried(name)) attributes[name] = record.attributes[name] as AttributeValue
  }
  return { ...record, attributes }
}
