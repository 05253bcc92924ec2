import type { TagList } from '../tag-list.ts'
import type { RemoteParent } from './trace-context.ts'

/** Keys of the OpenTelemetry API in the global symbol registry, through which its copies find each other. */
const apiKey = Symbol.for('opentelemetry.js.api.1')
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN')
const traceIdPattern = /^(?!0{32})[0-9a-f]{32}$/
const spanIdPattern = /^(?!0{16})[0-9a-f]{16}$/

/** What the tracer uses of an OpenTelemetry span. */
export interface OtelSpan {
  spanContext(): { readonly traceId: string; readonly spanId: string }
  setAttribute(name: string, value: string | number): unknown
}

interface OtelApi {
  readonly context?: { active(): { getValue(key: symbol): unknown } }
}

/**
 * The OpenTelemetry span that is active here, where the service has that API set up. It is found through the registry
 * rather than by import, so that nothing is loaded where it is not used.
 */
export function findOtelSpan(): OtelSpan | undefined {
  const api = (globalThis as { [apiKey]?: OtelApi })[apiKey]
  if (api?.context === undefined) return undefined
  try {
    const span = api.context.active().getValue(spanKey) as OtelSpan | undefined
    return typeof span?.spanContext === 'function' && typeof span.setAttribute === 'function' ? span : undefined
  } catch {
    return undefined
  }
}

/** The active OpenTelemetry span as a parent: our span is its child, with an id of its own. */
export function activeOtelSpan(): RemoteParent | undefined {
  const context = findOtelSpan()?.spanContext()
  if (context === undefined || !traceIdPattern.test(context.traceId) || !spanIdPattern.test(context.spanId)) {
    return undefined
  }
  return { traceId: context.traceId, parentId: context.spanId }
}

/** Tags that are about security; the others an OpenTelemetry span has under its own names. */
const securityPrefixes = ['appsec.', '_dd.appsec.', '_dd.portcullis.', 'usr.', 'http.client_ip', 'network.client.ip']

/** Puts the security tags of a finished span on an OpenTelemetry span (`EXPORTER=none`). */
export function tagOtelSpan(target: OtelSpan, span: SecurityTags): void {
  for (const { names, values } of [span.tags, span.numbers]) {
    for (const [at, name] of names.entries()) {
      if (!securityPrefixes.some((prefix) => name.startsWith(prefix))) continue
      try {
        target.setAttribute(name, values[at] as string | number)
      } catch {
        return
      }
    }
  }
}

interface SecurityTags {
  readonly tags: TagList<string>
  readonly numbers: TagList<number>
}
