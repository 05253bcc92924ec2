import type { Span } from '../../../model/span.ts'
import { requestHeaderPrefix, responseHeaderPrefix, tag } from '../../../model/tags.ts'
import type { OtlpAttributes, OtlpResourceSpans, OtlpSpan, OtlpValue } from './otlp-span.ts'

/** Attributes of the semantic conventions (1.2x and before) and the tags they stand for; the tag itself comes first. */
const tagOf: ReadonlyMap<string, string> = new Map([
  ['client.address', tag.httpClientIp],
  ['network.peer.address', tag.networkClientIp],
  ['user_agent.original', tag.httpUseragent],
  ['http.user_agent', tag.httpUseragent],
  ['http.request.method', tag.httpMethod],
  ['http.response.status_code', tag.httpStatusCode],
  ['url.path', tag.httpUrl],
  ['http.target', tag.httpUrl],
  ['enduser.id', tag.usrId],
  ['user.id', tag.usrId],
  ['user.name', tag.usrLogin],
  ['session.id', tag.usrSessionId],
])
const headerPrefixes = [
  ['http.request.header.', requestHeaderPrefix],
  ['http.response.header.', responseHeaderPrefix],
] as const
/** Fields of a Datadog span, as our tracer writes them over OTLP. */
const ownFields = { name: 'operation.name', resource: 'resource.name', type: 'span.type' } as const

const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const STATUS_ERROR = 2

/** The spans of a request in our model, and how many could not be used, with the reason of the first. */
export function toSpans(resources: readonly OtlpResourceSpans[]): {
  readonly spans: readonly Span[]
  readonly rejected: number
  readonly reason: string | undefined
} {
  const spans: Span[] = []
  let rejected = 0
  let reason: string | undefined
  for (const { resource, spans: own } of resources) {
    const about = aboutProcess(resource)
    for (const span of own) {
      const fault = faultOf(span)
      if (fault === undefined) spans.push(toSpan(span, about))
      else {
        rejected++
        reason ??= fault
      }
    }
  }
  return { spans, rejected, reason }
}

function faultOf(span: OtlpSpan): string | undefined {
  if (!/^(?!0+$)[0-9a-f]{32}$/.test(span.traceId)) return 'a span without a valid trace id'
  if (!/^(?!0+$)[0-9a-f]{16}$/.test(span.spanId)) return 'a span without a valid span id'
  if (!(span.startMs > 0)) return 'a span without a start'
  return undefined
}

interface AboutProcess {
  readonly service: string
  readonly env: string
  readonly version: string
}

function aboutProcess(resource: OtlpAttributes): AboutProcess {
  const values = new Map(resource)
  const text = (...names: readonly string[]): string => {
    const found = names.map((name) => values.get(name)).find((value) => typeof value === 'string')
    return typeof found === 'string' ? found : ''
  }
  return {
    service: text('service.name') || 'unknown_service',
    env: text('deployment.environment.name', 'deployment.environment'),
    version: text('service.version'),
  }
}

function toSpan(span: OtlpSpan, { service, env, version }: AboutProcess): Span {
  const meta = Object.create(null) as Record<string, string>
  const metrics = Object.create(null) as Record<string, number>
  const metaStruct = Object.create(null) as Record<string, Uint8Array>
  const set = (name: string, value: OtlpValue): void => {
    if (typeof value === 'number') {
      if (Number.isFinite(value)) metrics[name] = value
    } else if (value instanceof Uint8Array) metaStruct[name] = value
    else meta[name] = typeof value === 'object' ? value.join(', ') : String(value)
  }
  for (const [name, value] of span.attributes) set(name, value)
  for (const [name, value] of span.attributes) {
    const target = targetOf(name)
    if (target === undefined || meta[target] !== undefined || metrics[target] !== undefined) continue
    set(target, value)
    delete meta[name]
    delete metrics[name]
  }
  const kind = kinds[span.kind] ?? ''
  if (kind !== '') meta[tag.spanKind] ??= kind
  if (env !== '') meta[tag.env] ??= env
  if (version !== '') meta[tag.version] ??= version
  const isWeb = kind === 'server' && (meta[tag.httpMethod] !== undefined || meta[tag.httpUrl] !== undefined)
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(/^0*$/.test(span.parentSpanId) ? {} : { parentId: span.parentSpanId }),
    service,
    name: take(meta, ownFields.name) ?? (isWeb ? 'http.server.request' : kind === '' ? 'otel.span' : `otel.${kind}`),
    resource: take(meta, ownFields.resource) ?? span.name,
    type: take(meta, ownFields.type) ?? (isWeb ? 'web' : ''),
    startMs: span.startMs,
    durationMs: Math.max(0, span.endMs - span.startMs),
    error: span.statusCode === STATUS_ERROR ? 1 : 0,
    meta,
    metrics,
    ...(Object.keys(metaStruct).length > 0 && { metaStruct }),
  }
}

function targetOf(name: string): string | undefined {
  const prefix = headerPrefixes.find(([from]) => name.startsWith(from))
  return prefix ? prefix[1] + name.slice(prefix[0].length).toLowerCase() : tagOf.get(name)
}

function take(meta: Record<string, string>, name: string): string | undefined {
  const value = meta[name]
  delete meta[name]
  return value
}
