import { samplingPriority } from '../model/span.ts'
import { tag } from '../model/tags.ts'
import { headerOrderFingerprint } from '../waf/header-order.ts'
import type { HttpResponse } from './http.ts'
import type { Inspection } from './inspection.ts'
import { reportInspection } from './report.ts'
import type { RateLimiter } from './rate-limiter.ts'
import { recordBody } from './record-body.ts'
import type { RequestScope } from './request-scope.ts'
import type { ResponseHead } from './response-watch.ts'
import {
  recordConfigured,
  recordExtended,
  recordLoginHeaders,
  recordRequestHeaders,
  recordResponseHeaders,
  type Headers,
} from './span/header-tags.ts'
import type { LiveSpan } from './span/live-span.ts'

/** Longest error text that is recorded. */
const MAX_ERROR_LENGTH = 4_096

/** `_dd.p.ts` of a trace that the security product keeps. */
export const KEPT_BY_SECURITY = '02'

/** A request whose response is over. */
export interface Ending {
  readonly span: LiveSpan
  readonly scope: RequestScope
  readonly method: string
  readonly headers: Headers
  readonly rawHeaders: readonly string[]
  readonly response: HttpResponse
  readonly inspection: Inspection | undefined
  readonly route: string | undefined
  /** What the app's parsers made of the body. */
  readonly body: unknown
  readonly peer: string | undefined
  /** The app told of a login or another business event. */
  readonly hasEvent: boolean
  readonly head: ResponseHead | undefined
  readonly error: unknown
}

/** Completes the span of a request that is over. */
export function conclude(ending: Ending): void {
  const { standalone } = ending.scope
  describe(ending)
  if (standalone !== undefined) decideAlone(ending.span, standalone)
}

function describe(ending: Ending): void {
  const { span, scope, method, headers, rawHeaders, response, inspection, route, head } = ending
  const hasEvent = ending.hasEvent || inspection?.toldOfEvent === true
  // What was sent: the app may set another status once it was blocked.
  const status = head?.status ?? response.statusCode
  span.setTag(tag.httpStatusCode, String(status))
  if (route === undefined) span.resource = method
  else {
    span.setTag(tag.httpRoute, route)
    span.resource = `${method} ${route}`
  }
  if (status >= 500) recordError(span, ending.error)
  const responseHeader = (name: string): unknown => head?.header(name) ?? response.getHeader(name)
  if (scope.configuredHeaders.length > 0) recordConfigured(span, scope.configuredHeaders, headers, responseHeader)
  if (hasEvent) recordLoginHeaders(span, rawHeaders, scope.configuredHeaders)
  if (hasEvent || inspection !== undefined) span.setTag(tag.headerOrder, headerOrderFingerprint(rawHeaders))
  if (inspection === undefined) {
    recordRequestHeaders(span, headers, 'markers')
    return
  }
  reportInspection(span, inspection, ending.peer)
  const event = hasEvent || inspection.events.length > 0
  recordRequestHeaders(span, headers, event ? 'event' : 'security')
  recordResponseHeaders(span, responseHeader, event)
  const { extended } = inspection
  if (event && (extended !== undefined || scope.collectAllHeaders)) {
    const limit = Number(extended?.['max_collected_headers'] ?? scope.maxCollectedHeaders)
    const sent = { ...response.getHeaders(), ...head?.headers } as Record<string, string>
    recordExtended(span, { request: headers, response: sent }, limit >= 0 ? limit : scope.maxCollectedHeaders)
  }
  decideKeep(span, inspection, scope)
  if (extended !== undefined) recordBody(span, ending.body, scope.isSecretKey)
}

/** Without tracing for its own sake, what security does not keep is dropped, but for a sign of life now and then. */
function decideAlone(span: LiveSpan, others: RateLimiter): void {
  // A trace that is kept for security is a sign of life, too.
  const isFirst = others.take()
  if (span.priority === samplingPriority.userKeep) span.setTag(tag.traceSource, KEPT_BY_SECURITY)
  else if (!isFirst) span.priority = samplingPriority.autoReject
}

function decideKeep(span: LiveSpan, inspection: Inspection, scope: RequestScope): void {
  const engineTags = inspection.runs > 0 ? scope.takeEngineTags() : undefined
  if (engineTags !== undefined) {
    for (const [name, value] of Object.entries(engineTags)) span.setTag(name, value)
    span.keep()
  }
  if (inspection.keep && scope.limiter.take()) span.keep()
}

function recordError(span: LiveSpan, error: unknown): void {
  span.error = 1
  if (!(error instanceof Error)) return
  span.setTag('error.type', error.name)
  span.setTag('error.message', error.message.slice(0, MAX_ERROR_LENGTH))
  if (error.stack !== undefined) span.setTag('error.stack', error.stack.slice(0, MAX_ERROR_LENGTH))
}
