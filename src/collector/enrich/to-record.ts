import { attribute, type SpanRecord } from '../../model/span-record.ts'
import type { Span } from '../../model/span.ts'
import { eventPrefix, tag } from '../../model/tags.ts'
import { readEvents, type Attributes } from './events.ts'
import { readFingerprints } from './fingerprints.ts'

/** Tags that became fields or attributes of their own, or mean nothing to a reader. */
const consumed = new Set<string>([
  tag.env,
  tag.version,
  '_dd.appsec.json',
  tag.traceIdHigh,
  '_dd.p.dm',
  'runtime-id',
  '_dd.tags.process',
])
/** Where an app says an account's e-mail address, beside its login. */
const emailAttributes = ['appsec.events_data.usr.email', 'usr.email']
/** An attribute's text is cut here: a record is for searching, the trace keeps the whole span. */
const maxValueLength = 8_192
const maxAttributes = 512

/** Reads what a span's user agent and address say. */
export interface Readers {
  userAgent(text: string): Attributes
  network(ip: string): Attributes
  /** Whether a login or an e-mail address is of a service that throws addresses away. */
  disposable?(text: string): boolean
}

/** The explorer record of a service-entry span (spec/detection.md 1.1): its tags, and what is derived from them. */
export function toRecord(span: Span, readers: Readers): SpanRecord {
  const { meta, metrics } = span
  const attributes: Attributes = Object.create(null) as Attributes
  const eventTags: string[] = []
  let count = 0
  for (const name in meta) {
    if (name.startsWith(eventPrefix)) {
      eventTags.push(name)
      continue
    }
    if (consumed.has(name) || ++count > maxAttributes) continue
    const value = meta[name] as string
    attributes[name] = value.length > maxValueLength ? value.slice(0, maxValueLength) : value
  }
  for (const name in metrics) {
    const value = metrics[name] as number
    if (!name.startsWith('_') && Number.isFinite(value) && ++count <= maxAttributes) attributes[name] = value
  }
  const status = Number(meta[tag.httpStatusCode] ?? metrics[tag.httpStatusCode])
  if (Number.isInteger(status)) attributes[attribute.statusCode] = status
  const ip = meta[tag.httpClientIp] ?? meta[tag.networkClientIp]
  const userAgent = meta[tag.httpUseragent] ?? meta['http.request.headers.user-agent']
  Object.assign(
    attributes,
    readEvents(meta, eventTags),
    readFingerprints(meta),
    userAgent === undefined ? {} : readers.userAgent(userAgent),
    ip === undefined ? {} : readers.network(ip),
  )
  const addresses = [attribute.login, ...emailAttributes].map((name) => attributes[name])
  if (addresses.some((text) => typeof text === 'string' && readers.disposable?.(text) === true)) {
    attributes[attribute.disposableEmail] = true
  }
  return {
    timestampMs: span.startMs,
    traceId: span.traceId,
    spanId: span.spanId,
    service: span.service,
    env: meta[tag.env] ?? '',
    version: meta[tag.version] ?? '',
    resource: span.resource,
    operation: span.name,
    type: span.type,
    status: span.error === 1 ? 'error' : 'ok',
    durationMs: span.durationMs,
    attributes,
  }
}
