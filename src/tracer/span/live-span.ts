import { samplingPriority, type Span } from '../../model/span.ts'
import { tag } from '../../model/tags.ts'
import { newSpanId, traceIdHigh } from './ids.ts'
import type { RemoteParent } from './trace-context.ts'

/** Longest value of a text tag, in characters, and how many tags one span may carry: what agents accept. */
const MAX_VALUE_LENGTH = 25_000
const MAX_TAGS = 1_000

/** Sampling mechanism 5: kept by the security product. Mechanism 0: nobody decided. */
const KEPT_BY_APPSEC = '-5'
const BY_DEFAULT = '-0'

/** A span while its request is handled. It belongs to that request alone; what leaves the tracer is `finishSpan`. */
export interface LiveSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly tracestate: string | undefined
  readonly service: string
  readonly name: string
  readonly startMs: number
  resource: string
  error: 0 | 1
  priority: number
  tagCount: number
  readonly meta: Record<string, string>
  readonly metrics: Record<string, number>
}

/** What every span of one tracer has in common. */
export interface SpanDefaults {
  readonly service: string
  readonly meta: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, number>>
}

/** Opens a span under `parent`, or as the root of a new trace. */
export function startSpan(
  defaults: SpanDefaults,
  { name, startMs, parent }: { name: string; startMs: number; parent: RemoteParent | undefined },
): LiveSpan {
  const spanId = newSpanId()
  const span: LiveSpan = {
    traceId: parent === undefined ? traceIdHigh(startMs) + spanId : parent.traceId,
    spanId,
    parentId: parent?.parentId,
    tracestate: parent?.tracestate,
    service: defaults.service,
    name,
    startMs,
    resource: name,
    error: 0,
    priority: samplingPriority.autoKeep,
    tagCount: 0,
    meta: tagTable(defaults.meta),
    metrics: tagTable(defaults.metrics),
  }
  if (parent?.origin !== undefined) span.meta[tag.origin] = parent.origin
  return span
}

/**
 * A table that tags are added to by name. Without a prototype, for two reasons: no name means anything to it, and the
 * engine keeps it as a hash table from the start, where an object that begins as a literal costs ten times as much.
 */
function tagTable<T>(defaults: Readonly<Record<string, T>>): Record<string, T> {
  const table = Object.create(null) as Record<string, T>
  for (const name in defaults) table[name] = defaults[name] as T
  return table
}

/** Sets a text tag; longer text is cut, and tags beyond the bound are left out and counted. */
export function setTag(span: LiveSpan, name: string, value: string): void {
  if (++span.tagCount > MAX_TAGS && !Object.hasOwn(span.meta, name)) {
    span.metrics['_dd.portcullis.tags.discarded'] = (span.metrics['_dd.portcullis.tags.discarded'] ?? 0) + 1
    return
  }
  span.meta[name] = value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value
}

/** Keeps the span's trace whatever samplers say. */
export function keepSpan(span: LiveSpan): void {
  span.priority = samplingPriority.userKeep
}

/** Why the trace has its sampling priority, in the form of `_dd.p.dm`. */
export function decisionMaker(span: LiveSpan): string {
  return span.priority === samplingPriority.userKeep ? KEPT_BY_APPSEC : BY_DEFAULT
}

/** The finished span, as it is shipped. The live span must not be touched afterwards: tags are handed over, not copied. */
export function finishSpan(span: LiveSpan, endMs: number): Span {
  const { meta, metrics } = span
  meta[tag.decisionMaker] = decisionMaker(span)
  metrics[tag.samplingPriority] = span.priority
  const finished = {
    traceId: span.traceId,
    spanId: span.spanId,
    service: span.service,
    name: span.name,
    resource: span.resource,
    type: 'web',
    startMs: span.startMs,
    durationMs: Math.max(0, endMs - span.startMs),
    error: span.error,
    meta,
    metrics,
  }
  return span.parentId === undefined ? finished : { ...finished, parentId: span.parentId }
}
