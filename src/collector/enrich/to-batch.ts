import { toCompact } from '../../model/compact-record.ts'
import { samplingPriority } from '../../model/span.ts'
import type { Span } from '../../model/span.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import { tag } from '../../model/tags.ts'
import type { AppendBatch, AppendRecord } from '../store/store.ts'
import { Recent } from './recent.ts'
import { isKeptInFull, isServiceEntry } from './select-spans.ts'
import { type Readers, toRecord } from './to-record.ts'

/** Traces a second a service that are kept only because their sender asked: clients can ask, through propagation. */
const MAX_KEPT_A_SECOND = 100
/** Compact records a second a service; of more, some stand for all, chosen by trace. */
const MAX_COMPACT_A_SECOND = 200
/** Services whose rates are followed; beyond that the count starts anew. */
const MAX_SERVICES = 10_000
/** Traces kept in full whose spans may still come in other payloads. */
const MAX_REMEMBERED_TRACES = 100_000

export interface ToBatchOptions {
  readonly readers: Readers
  /** Keep every trace in full (`STORE_ALL_TRACES`). */
  readonly storeAllTraces?: boolean
  /** Asked of records that would be compact, such as those of addresses in an open signal. */
  readonly isWanted?: (record: SpanRecord) => boolean
}

/**
 * Makes what the store takes of the spans of a payload (spec/collector.md, "What is a record"): a record of each
 * service-entry span, in full where it has a security activity or its trace is kept, else compact; and all spans of
 * the traces that have a record in full. It remembers rates and kept traces from call to call.
 */
export function createToBatch({
  readers,
  storeAllTraces = false,
  isWanted = () => false,
}: ToBatchOptions): (spans: readonly Span[], sender: { readonly trusted: boolean }, nowMs: number) => AppendBatch {
  const kept = new Recent<string, true>(MAX_REMEMBERED_TRACES)
  const keptRate = new Rates()
  const compactRate = new Rates()

  const isFull = (record: SpanRecord, asked: () => ReadonlySet<string>, nowMs: number): boolean => {
    if (storeAllTraces || kept.has(record.traceId) || isKeptInFull(record) || isWanted(record)) return true
    return asked().has(record.traceId) && keptRate.count(record.service, nowMs) <= MAX_KEPT_A_SECOND
  }

  return (spans, { trusted }, nowMs) => {
    const asked = once(() => new Set(spans.filter(isAskedFor).map(({ traceId }) => traceId)))
    const byId = once(() => new Map(spans.map((span) => [`${span.traceId} ${span.spanId}`, span])))
    const parentOf = ({ traceId, parentId }: Span): Span | undefined =>
      parentId === undefined ? undefined : byId().get(`${traceId} ${parentId}`)
    const records: AppendRecord[] = []
    for (const span of spans) {
      if (!isServiceEntry(span, parentOf)) continue
      const record = toRecord(span, readers)
      if (isFull(record, asked, nowMs)) {
        kept.set(record.traceId, true)
        records.push({ record, keep: 'full', trusted })
        continue
      }
      compactRate.count(record.service, nowMs)
      const weight = Math.max(1, Math.ceil(compactRate.lastSecond(record.service) / MAX_COMPACT_A_SECOND))
      if (hashOf(record.traceId) % weight === 0) {
        records.push({ record: toCompact(record), keep: 'compact', trusted, weight })
      }
    }
    return { records, spans: spans.filter(({ traceId }) => kept.has(traceId)) }
  }
}

/** How often something happened in this second and the one before, by service. */
class Rates {
  #second = 0
  #current = new Map<string, number>()
  #last = new Map<string, number>()

  count(service: string, nowMs: number): number {
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second || this.#current.size > MAX_SERVICES) {
      this.#last = second === this.#second + 1 ? this.#current : new Map()
      this.#current = new Map()
      this.#second = second
    }
    const count = (this.#current.get(service) ?? 0) + 1
    this.#current.set(service, count)
    return count
  }

  /** At least what this second has had already, so that a sudden flood is sampled within its first second. */
  lastSecond(service: string): number {
    return Math.max(this.#last.get(service) ?? 0, this.#current.get(service) ?? 0)
  }
}

/** Whether the sender asked to keep the trace. */
function isAskedFor({ metrics }: Span): boolean {
  return metrics[tag.samplingPriority] === samplingPriority.userKeep
}

/** Most payloads need neither an index of their spans nor of their traces. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** FNV-1a: the same trace is chosen, or not, in every service. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
