import { attribute, type SpanRecord } from '../../model/span-record.ts'
import { samplingPriority, type Span } from '../../model/span.ts'
import { eventPrefix, tag } from '../../model/tags.ts'

/** Kinds of spans that call others; a record is made of what is called. */
const callingKinds = new Set(['client', 'producer', 'internal'])

/**
 * Whether a span is where a request entered a service: the tracer said so, or it has no parent in another span of the
 * service; calls to others count only when they carry a security event.
 */
export function isServiceEntry(span: Span, siblings: ReadonlyMap<string, Span>): boolean {
  if (hasSecurityEvent(span)) return true
  if (callingKinds.has(span.meta[tag.spanKind] ?? '')) return false
  if (span.metrics[tag.topLevel] !== undefined) return span.metrics[tag.topLevel] === 1
  const parent = span.parentId === undefined ? undefined : siblings.get(span.parentId)
  return parent === undefined || parent.service !== span.service
}

/**
 * Whether a record is kept in full (spec/collector.md, "What is a record"): it has a security activity or a WAF event, or
 * the trace was kept by the user or by AppSec.
 */
export function isKeptInFull(record: SpanRecord, span: Span): boolean {
  const { attributes } = record
  if (attributes[attribute.activity] !== undefined || attributes[attribute.event] === true) return true
  if (attributes[attribute.blocked] === true) return true
  return (span.metrics[tag.samplingPriority] ?? 0) >= samplingPriority.userKeep
}

function hasSecurityEvent({ meta }: Span): boolean {
  if (meta[tag.appsecEvent] === 'true') return true
  for (const name in meta) if (name.startsWith(eventPrefix)) return true
  return false
}
