import type { AttributeValue, Span } from '../../api/shapes.ts'

/** An attribute of a span as text; a list joined, nothing as an empty text. */
export function attributeText(value: AttributeValue | undefined): string {
  return value === undefined ? '' : typeof value === 'object' ? value.join(', ') : String(value)
}

/** The value of a facet (`service`, `@http.client_ip`) of a span. */
export function valueOf(span: Span, facet: string): string {
  if (facet.startsWith('@')) return attributeText(span.attributes[facet.slice(1)])
  const fields: Readonly<Record<string, string>> = {
    service: span.service,
    env: span.env,
    version: span.version,
    status: span.status,
    trace_id: span.traceId,
    span_id: span.spanId,
    resource_name: span.resource_name,
    operation_name: span.operation_name,
    type: span.type,
    duration: `${span.durationMs.toFixed(1)} ms`,
    timestamp: span.timestamp,
  }
  return Object.hasOwn(fields, facet) ? (fields[facet] ?? '') : ''
}

export interface Outcome {
  readonly says: string
  readonly look: 'good' | 'warn' | 'info' | 'critical'
}

/** What a span was about, in a word or two. */
export function outcomeOf(span: Span): Outcome {
  const activity = span.attributes['appsec.security_activity']
  const activities = typeof activity === 'object' ? activity : activity === undefined ? [] : [String(activity)]
  if (attributeText(span.attributes['appsec.blocked']) === 'true') return { says: 'Blocked', look: 'info' }
  if (activities.includes('business_logic.users.login.success')) return { says: 'Login', look: 'good' }
  if (activities.includes('business_logic.users.login.failure')) return { says: 'Login failed', look: 'warn' }
  const [first] = activities
  if (first === undefined) return { says: span.status === 'error' ? 'Error' : 'Request', look: 'info' }
  const [kind, ...name] = first.split('.')
  return { says: name.join('.') || first, look: kind === 'attack_attempt' ? 'critical' : 'info' }
}

export function keyOf({ traceId, spanId }: Span): string {
  return `${traceId}:${spanId}`
}
