import { attribute, type SpanRecord } from '../../model/span-record.ts'
import type { Span } from '../../model/span.ts'
import { eventPrefix, tag } from '../../model/tags.ts'

/** Kinds of spans that call others; a record is made of what is called. */
const callingKinds = new Set(['client', 'producer', 'internal'])

/**
 * Whether a span is where a request entered a service: the tracer said so, it is a server's (OpenTelemetry), or its
 * parent, where that came along, is of another service. Calls to others count only when they carry a security event.
 */
export function isServiceEntry(span: Span, parentOf: (span: Span) => Span | undefined): boolean {
  return isEntered(span, parentOf) || hasSecurityEvent(span)
}

function isEntered(span: Span, parentOf: (span: Span) => Span | undefined): boolean {
  const kind = span.meta[tag.spanKind] ?? ''
  if (callingKinds.has(kind)) return false
  if (span.metrics[tag.topLevel] !== undefined) return span.metrics[tag.topLevel] === 1
  return kind === 'server' || parentOf(span)?.service !== span.service
}

/** Whether a record is kept in full for what it says: it has a security activity or a WAF event, or was blocked. */
export function isKeptInFull({ attributes }: SpanRecord): boolean {
  if (attributes[attribute.activity] !== undefined || attributes[attribute.event] === true) return true
  return attributes[attribute.blocked] === true
}

function hasSecurityEvent({ meta }: Span): boolean {
  if (meta[tag.appsecEvent] === 'true' || meta[tag.appsecJson] !== undefined) return true
  for (const name in meta) if (name.startsWith(eventPrefix)) return true
  return false
}
