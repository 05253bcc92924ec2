import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { knownDifferences } from './known-differences.js'

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
/** What a machine or a moment decides. */
const HEADERS_ASIDE = new Set(['date', 'etag', 'keep-alive', 'connection', 'transfer-encoding'])
const MEASURED = /^_dd\.appsec\.waf\.duration|^process_id$/

const settled = (value) => (typeof value === 'string' ? value.replace(UUID, '<id>') : value)

/** A schema whose kinds of items are in no order. */
function sorted(schema) {
  if (Array.isArray(schema)) {
    const all = schema.map(sorted)
    return schema.every(Array.isArray)
      ? all.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : all
  }
  if (schema === null || typeof schema !== 'object') return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, sorted(value)]))
}

/** A tag as what it says: JSON is read, also where it is packed, so that the order of keys does not count. */
function read(name, text) {
  if (name.startsWith('_dd.appsec.s.')) return sorted(JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString()))
  if (name !== '_dd.appsec.json') return settled(text)
  // The order of events within a run says nothing.
  const { triggers } = JSON.parse(settled(text))
  return { triggers: triggers.sort((one, other) => (one.rule.id < other.rule.id ? -1 : 1)) }
}

/** Everything that is held against the other tracer, by its path: `meta.usr.id`, `reply.status`, `metrics.…`. */
function flatten({ reply, span }) {
  const flat = { 'reply.status': reply.status, 'reply.body': settled(reply.body), 'reply.whole': reply.whole }
  for (const [name, value] of Object.entries(reply.headers)) {
    if (!HEADERS_ASIDE.has(name)) flat[`reply.headers.${name}`] = settled(value)
  }
  for (const name of ['service', 'name', 'resource', 'type', 'error']) flat[`span.${name}`] = span[name]
  flat['span.parent_id'] = String(span.parent_id)
  if (span.parent_id !== 0n && span.parent_id !== 0) flat['span.trace_id'] = String(span.trace_id)
  for (const [name, value] of Object.entries(span.meta)) flat[`meta.${name}`] = read(name, value)
  for (const [name, value] of Object.entries(span.metrics)) {
    flat[`metrics.${name}`] = MEASURED.test(name) ? 'measured' : value
  }
  for (const [name, value] of Object.entries(span.structs)) flat[`structs.${name}`] = value
  return flat
}

/**
 * What one request showed on both: `{ unexplained: [{ path, ours, theirs }], reasons: [why] }`.
 * `exchange` is `{ request, variables, ours: { reply, span }, theirs: { reply, span } }`.
 */
export function compare(exchange) {
  const [ours, theirs] = [flatten(exchange.ours), flatten(exchange.theirs)]
  const reasons = new Set()
  const unexplained = []
  for (const path of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const difference = { path, ours: ours[path], theirs: theirs[path] }
    if (isDeepStrictEqual(difference.ours, difference.theirs)) continue
    const known = knownDifferences.find(({ explains }) =>
      explains({ ...exchange, ...difference, all: { ours, theirs } }),
    )
    if (known === undefined) unexplained.push(difference)
    else reasons.add(known.why)
  }
  return { unexplained, reasons: [...reasons] }
}
