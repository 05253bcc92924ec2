import { hexId, spanType, type FinishedSpan, type SpanDefaults } from '../finished-span.ts'
import type { WireFormat } from './wire-format.ts'

/** What is said once of all spans of a process. */
export interface OtlpResource {
  readonly service: string
  readonly env: string
  readonly version: string
  readonly tracerVersion: string
}

const SPAN_KIND_SERVER = 2
const STATUS_ERROR = 2
/** Names of tags whose text is remembered; there are some dozens, beside those that the app makes up. */
const MAX_NAMES = 512

/**
 * OpenTelemetry traces as JSON over HTTP (`POST /v1/traces`). Tags keep their names as attributes;
 * what a Datadog span has beyond them is in `operation.name`, `span.type` and `resource.name`.
 * Source: opentelemetry.io/docs/specs/otlp.
 */
export function otlpFormat(
  resource: OtlpResource,
  options: { readonly path: string; readonly headers: Readonly<Record<string, string>> },
): WireFormat {
  const about = {
    'service.name': resource.service,
    'deployment.environment.name': resource.env,
    'service.version': resource.version,
    'telemetry.sdk.name': 'portcullis',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': resource.tracerVersion,
  }
  const said = Object.entries(about).filter(([, value]) => value !== '')
  const described = `{"attributes":[${said.map(([name, value]) => text(name, value)).join(',')}]}`
  const scope = JSON.stringify({ name: 'portcullis', version: resource.tracerVersion })
  const head = Buffer.from(`{"resourceSpans":[{"resource":${described},"scopeSpans":[{"scope":${scope},"spans":[`)
  const comma = Buffer.from(',')
  const tail = Buffer.from(']}]}]}')
  let shared: { readonly of: SpanDefaults; readonly attributes: string } | undefined
  return {
    method: 'POST',
    path: options.path,
    headers: () => ({ ...options.headers, 'content-type': 'application/json' }),
    encode(span) {
      if (shared?.of !== span.defaults) shared = { of: span.defaults, attributes: sharedAttributes(span.defaults) }
      return Buffer.from(otlpSpan(span, shared.attributes))
    },
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

/** Written as text at once: objects made only to be written cost twice as much. */
function otlpSpan(span: FinishedSpan, shared: string): string {
  const { name, resource, startMs } = span
  const isRoot = span.parentHigh === 0 && span.parentLow === 0
  const parent = isRoot ? '' : `"parentSpanId":"${hexId(span.parentHigh, span.parentLow)}",`
  const endNs = Math.max(0, Math.round(span.durationMs * 1e6))
  return (
    `{"traceId":"${span.traceUpper}${hexId(span.traceHigh, span.traceLow)}",` +
    `"spanId":"${hexId(span.idHigh, span.idLow)}",${parent}"name":${JSON.stringify(resource || name)},` +
    `"kind":${SPAN_KIND_SERVER},"startTimeUnixNano":"${unixNanoseconds(startMs, 0)}",` +
    `"endTimeUnixNano":"${unixNanoseconds(startMs, endNs)}",` +
    `"attributes":[${text('operation.name', name)},${text('resource.name', resource)},${shared}${ownAttributes(span)}],` +
    `"status":${span.error === 1 ? `{"code":${STATUS_ERROR}}` : '{}'}}`
  )
}

/** Milliseconds since 1970, with fractions, and nanoseconds after that, as whole nanoseconds: a double has no room for them. */
function unixNanoseconds(milliseconds: number, after: number): string {
  const whole = Math.floor(milliseconds)
  const rest = Math.round((milliseconds - whole) * 1e6) + after
  return `${whole + Math.floor(rest / 1e6)}${String(rest % 1e6).padStart(6, '0')}`
}

function sharedAttributes({ meta, metrics }: SpanDefaults): string {
  const texts = Object.entries(meta).map(([name, value]) => text(name, value))
  const numbers = Object.entries(metrics).map(([name, value]) => number(name, value))
  return [text('span.type', spanType), ...texts, ...numbers].join(',')
}

function ownAttributes({ tags, numbers, metaStruct }: FinishedSpan): string {
  let all = ''
  for (let at = 0; at < tags.names.length; at++) all += `,${text(tags.names[at] as string, tags.values[at] as string)}`
  for (let at = 0; at < numbers.names.length; at++) {
    const value = numbers.values[at] as number
    if (Number.isFinite(value)) all += `,${number(numbers.names[at] as string, value)}`
  }
  for (const [name, bytes] of metaStruct ?? []) {
    all += `,${key(name)}{"bytesValue":"${Buffer.from(bytes).toString('base64')}"}}`
  }
  return all
}

function text(name: string, value: string): string {
  return `${key(name)}{"stringValue":${JSON.stringify(value)}}}`
}

/** 64-bit integers are text in OTLP's JSON. */
function number(name: string, value: number): string {
  return `${key(name)}{${Number.isSafeInteger(value) ? `"intValue":"${value}"` : `"doubleValue":${value}`}}}`
}

const keys = new Map<string, string>()

function key(name: string): string {
  const known = keys.get(name)
  if (known !== undefined) return known
  const written = `{"key":${JSON.stringify(name)},"value":`
  if (keys.size < MAX_NAMES) keys.set(name, written)
  return written
}
