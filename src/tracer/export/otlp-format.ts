import type { Span } from '../../model/span.ts'
import { toSpan } from '../finished-span.ts'
import { nanoseconds } from './nanoseconds.ts'
import type { WireFormat } from './wire-format.ts'

/** What is said once of all spans of a process. */
export interface OtlpResource {
  readonly service: string
  readonly env: string
  readonly version: string
  readonly tracerVersion: string
}

type OtlpValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly bytesValue: string }
type OtlpAttribute = { readonly key: string; readonly value: OtlpValue }

const SPAN_KIND_SERVER = 2
const STATUS_ERROR = 2

/**
 * OpenTelemetry traces as JSON over HTTP (`POST /v1/traces`). Tags keep their names as attributes;
 * what a Datadog span has beyond them is in `operation.name`, `span.type` and `resource.name`.
 * Source: opentelemetry.io/docs/specs/otlp.
 */
export function otlpFormat(
  resource: OtlpResource,
  options: { readonly path: string; readonly headers: Readonly<Record<string, string>> },
): WireFormat {
  const described = JSON.stringify({
    attributes: [
      text('service.name', resource.service),
      text('deployment.environment.name', resource.env),
      text('service.version', resource.version),
      text('telemetry.sdk.name', 'portcullis'),
      text('telemetry.sdk.language', 'nodejs'),
      text('telemetry.sdk.version', resource.tracerVersion),
    ].filter(({ value }) => value.stringValue !== ''),
  })
  const scope = JSON.stringify({ name: 'portcullis', version: resource.tracerVersion })
  const head = Buffer.from(`{"resourceSpans":[{"resource":${described},"scopeSpans":[{"scope":${scope},"spans":[`)
  const comma = Buffer.from(',')
  const tail = Buffer.from(']}]}]}')
  return {
    method: 'POST',
    path: options.path,
    headers: () => ({ ...options.headers, 'content-type': 'application/json' }),
    encode: (span) => Buffer.from(JSON.stringify(otlpSpan(toSpan(span)))),
    body: (spans) =>
      Buffer.concat([head, ...spans.flatMap((span, index) => (index === 0 ? [span] : [comma, span])), tail]),
    rejected: rejectedSpans,
  }
}

/** `partialSuccess.rejectedSpans`, a 64-bit integer: text in OTLP's JSON. What cannot be read rejects nothing. */
function rejectedSpans(reply: Uint8Array): number {
  try {
    const { partialSuccess } = JSON.parse(Buffer.from(reply).toString()) as {
      readonly partialSuccess?: { readonly rejectedSpans?: unknown }
    }
    const count = Number(partialSuccess?.rejectedSpans)
    return Number.isSafeInteger(count) && count > 0 ? count : 0
  } catch {
    return 0
  }
}

function otlpSpan(span: Span): object {
  const start = nanoseconds(span.startMs)
  return {
    traceId: span.traceId.padStart(32, '0'),
    spanId: span.spanId,
    ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
    name: span.resource || span.name,
    kind: SPAN_KIND_SERVER,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(Math.max(0, Math.round(span.durationMs * 1e6)))),
    attributes: attributes(span),
    status: span.error === 1 ? { code: STATUS_ERROR } : {},
  }
}

function attributes(span: Span): OtlpAttribute[] {
  const all: OtlpAttribute[] = [
    text('operation.name', span.name),
    text('resource.name', span.resource),
    text('span.type', span.type),
  ]
  for (const [key, value] of Object.entries(span.meta)) all.push(text(key, value))
  for (const [key, value] of Object.entries(span.metrics)) {
    if (!Number.isFinite(value)) continue
    all.push({ key, value: Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value } })
  }
  for (const [key, bytes] of Object.entries(span.metaStruct ?? {})) {
    all.push({ key, value: { bytesValue: Buffer.from(bytes).toString('base64') } })
  }
  return all
}

function text(key: string, value: string): { readonly key: string; readonly value: { readonly stringValue: string } } {
  return { key, value: { stringValue: value } }
}
