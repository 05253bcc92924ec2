import type { Span } from '../model/span.ts'
import { tag } from '../model/tags.ts'
import type { Sender } from './api/access.ts'
import type { TracePayload } from './api/agent.ts'
import type { CollectorConfig } from './config.ts'
import { createNetworkReader } from './enrich/network.ts'
import { isKeptInFull, isServiceEntry } from './enrich/select-spans.ts'
import { toRecord } from './enrich/to-record.ts'
import { createUserAgentReader } from './enrich/user-agent.ts'
import { decodeTraces } from './ingest/datadog/decode-traces.ts'
import type { AppendRecord, Store } from './store/store.ts'

export interface PipelineOptions {
  readonly store: Store
  readonly config: Pick<CollectorConfig, 'storeAllTraces' | 'asnDatabase' | 'countryDatabase'>
  readonly onWarning: (message: string) => void
}

/**
 * The way of a span into the collector: decoded → made a record with what its address and user agent
 * say → appended → acknowledged. From there detection takes over: it reads what is new in the store once a second, raises
 * signals, has `respond` decide, and commits both together; remote configuration sees the commit and answers the tracers.
 */
export interface Pipeline {
  /** Takes a body of the agent protocol; resolves once it is durable. Throws PAYLOAD_INVALID, STORE_FULL. */
  ingest(payload: TracePayload, sender: Sender): Promise<void>
}

export function createPipeline({ store, config, onWarning }: PipelineOptions): Pipeline {
  const readers = {
    userAgent: createUserAgentReader(),
    network: createNetworkReader({ asn: config.asnDatabase, country: config.countryDatabase, onWarning }),
  }

  /** Records of one trace's service-entry spans; all its spans are kept when one of them is kept in full. */
  const recordsOf = (trace: readonly Span[], sender: Sender): { records: AppendRecord[]; keepSpans: boolean } => {
    const byId = new Map(trace.map((span) => [span.spanId, span]))
    const records = trace
      .filter((span) => isServiceEntry(span, byId))
      .map((span): AppendRecord => {
        const record = toRecord(span, readers)
        const full = config.storeAllTraces || isKeptInFull(record, span)
        return { record, keep: full ? 'full' : 'compact', trusted: sender.trusted }
      })
    return { records, keepSpans: records.some(({ keep }) => keep === 'full') }
  }

  return {
    async ingest({ format, body, contentType }, sender) {
      const traces = decodeTraces(format, body, contentType).map(withPriority)
      const decided = traces.map((trace) => ({ trace, ...recordsOf(trace, sender) }))
      const records = decided.flatMap(({ records }) => records)
      const spans = decided.flatMap(({ trace, keepSpans }) => (keepSpans ? trace : []))
      if (records.length > 0 || spans.length > 0) await store.append({ records, spans })
    },
  }
}

/** The sampling priority stands on the first span of a trace; it is the whole trace's. */
function withPriority(trace: readonly Span[]): readonly Span[] {
  const priority = trace.find(({ metrics }) => metrics[tag.samplingPriority] !== undefined)?.metrics[
    tag.samplingPriority
  ]
  if (priority === undefined) return trace
  return trace.map((span) =>
    span.metrics[tag.samplingPriority] === undefined
      ? { ...span, metrics: { ...span.metrics, [tag.samplingPriority]: priority } }
      : span,
  )
}
