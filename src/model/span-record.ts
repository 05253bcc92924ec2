/** A value of an explorer attribute. Lists hold what occurred more than once, such as security activities. */
export type AttributeValue = string | number | boolean | readonly string[]

/**
 * One service-entry span as the explorer and the detection rules see it (spec/detection.md 1.1).
 * `attributes` has the names used in queries, without `@`.
 */
export interface SpanRecord {
  /** Milliseconds since 1970, the start of the span. */
  readonly timestampMs: number
  readonly traceId: string
  readonly spanId: string
  readonly service: string
  readonly env: string
  readonly version: string
  readonly resource: string
  readonly operation: string
  readonly type: string
  readonly status: 'ok' | 'error'
  readonly durationMs: number
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

/** Attribute names that rooms share. A facet in a query is `@` + the name. */
export const attribute = {
  activity: 'appsec.security_activity',
  login: 'appsec.events_data.usr.login',
  exists: 'appsec.events_data.usr.exists',
  userId: 'appsec.events_data.usr.id',
  clientIp: 'http.client_ip',
  ipSource: '_dd.portcullis.ip_source',
  userAgent: 'http.useragent',
  blocked: 'appsec.blocked',
  rules: 'appsec.rules',
  event: 'appsec.event',
  disposableEmail: 'appsec.disposable_email',
  /** Ids that blocked clients were shown. */
  responseId: 'appsec.security_response_id',
  method: 'http.method',
  url: 'http.url',
  route: 'http.route',
  statusCode: 'http.status_code',
} as const

/** `@appsec.security_activity` of a business-logic event. */
export function businessLogicActivity(event: string): string {
  return `business_logic.${event}`
}
