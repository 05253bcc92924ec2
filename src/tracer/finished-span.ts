import type { Span } from '../model/span.ts'
import type { TagList } from './tag-list.ts'

/** What every span of one tracer has in common. */
export interface SpanDefaults {
  readonly service: string
  readonly meta: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, number>>
}

/**
 * A span on its way out of the tracer. Identifiers are pairs of 32-bit words, since most are only ever written as bytes;
 * what all spans share is not copied into each.
 */
export interface FinishedSpan {
  /** Shared tags; none of them is in `tags` or `numbers`. */
  readonly defaults: SpanDefaults
  readonly name: string
  readonly resource: string
  readonly startMs: number
  readonly durationMs: number
  readonly error: 0 | 1
  /** The upper half of the trace id, 16 hexadecimal digits. */
  readonly traceUpper: string
  /** The lower half of the trace id. */
  readonly traceHigh: number
  readonly traceLow: number
  readonly idHigh: number
  readonly idLow: number
  /** Both 0 for the root of a trace. */
  readonly parentHigh: number
  readonly parentLow: number
  readonly tags: TagList<string>
  readonly numbers: TagList<number>
  /** Structured tags (`meta_struct` of the agent protocol) by name, each already msgpack-encoded. */
  readonly metaStruct: ReadonlyMap<string, Uint8Array> | undefined
}

/** All spans of the tracer are the entry of a web service. */
export const spanType = 'web'

/** A 64-bit identifier as 16 hexadecimal digits. */
export function hexId(high: number, low: number): string {
  return hexWord(high) + hexWord(low)
}

/** A 32-bit word as 8 hexadecimal digits. */
export function hexWord(word: number): string {
  return word.toString(16).padStart(8, '0')
}

/** The span as it is told to others, with all its tags in records of their own. */
export function toSpan(span: FinishedSpan): Span {
  const { defaults, name, resource, startMs, durationMs, error } = span
  const told = {
    traceId: span.traceUpper + hexId(span.traceHigh, span.traceLow),
    spanId: hexId(span.idHigh, span.idLow),
    service: defaults.service,
    name,
    resource,
    type: spanType,
    startMs,
    durationMs,
    error,
    meta: span.tags.toRecord(defaults.meta),
    metrics: span.numbers.toRecord(defaults.metrics),
  }
  const structs = span.metaStruct === undefined ? told : { ...told, metaStruct: Object.fromEntries(span.metaStruct) }
  const isRoot = span.parentHigh === 0 && span.parentLow === 0
  return isRoot ? structs : { ...structs, parentId: hexId(span.parentHigh, span.parentLow) }
}
