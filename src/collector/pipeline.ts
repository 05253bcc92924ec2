import type { Clock } from '../model/clock.ts'
import { fail } from '../model/error.ts'
import type { Span } from '../model/span.ts'
import type { SpanRecord } from '../model/span-record.ts'
import { covers, type Sender } from './api/access.ts'
import type { IngestResult, TracePayload } from './api/agent.ts'
import type { CollectorConfig } from './config.ts'
import { createAddressReader } from './enrich/address.ts'
import { createDisposableReader } from './enrich/disposable-domains.ts'
import { createNetworkReader } from './enrich/network.ts'
import type { ThreatIntelList } from './enrich/threat-intel.ts'
import { createToBatch } from './enrich/to-batch.ts'
import { createUserAgentReader } from './enrich/user-agent.ts'
import { decodeTraces } from './ingest/datadog/decode-traces.ts'
import { decodeOtlp, encodeOtlpRefusal, encodeOtlpReply, type OtlpReply, type OtlpTraces } from './ingest/otlp/otlp.ts'
import type { AppendRecord, Store } from './store/store.ts'

export interface PipelineOptions {
  readonly store: Store
  readonly config: Pick<CollectorConfig, 'storeAllTraces' | 'asnDatabase' | 'countryDatabase' | 'disposableDomains'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Whether a record is kept in full although nothing else asks for it. */
  readonly isWanted: (record: SpanRecord) => boolean
  readonly onWarning: (message: string) => void
}

/**
 * The way of a span into the collector: decoded → made a record with what its address and user agent
 * say → appended → acknowledged. From there detection takes over: it reads what is new in the store once a second, raises
 * signals, has `respond` decide, and commits both together; remote configuration sees the commit and answers the tracers.
 */
export interface Pipeline {
  /** Takes a body of the agent protocol; resolves once it is durable. Throws PAYLOAD_INVALID, STORE_FULL, FORBIDDEN. */
  ingest(payload: TracePayload, sender: Sender): Promise<IngestResult>
  /** Takes an OTLP request, the same way; the reply says that it was refused, or which spans were unusable. */
  ingestOtlp(payload: Omit<TracePayload, 'format'>, sender: Sender): Promise<OtlpReply & IngestResult>
  /** Puts other threat-intel lists in force for the spans to come. */
  setThreatIntel(lists: readonly ThreatIntelList[]): void
}

export function createPipeline({ store, config, clock, isWanted, onWarning }: PipelineOptions): Pipeline {
  const network = createNetworkReader({ asn: config.asnDatabase, country: config.countryDatabase, onWarning })
  const addresses = createAddressReader(network)
  const disposable = createDisposableReader(config.disposableDomains)
  const toBatch = createToBatch({
    readers: { userAgent: createUserAgentReader(), network: (ip) => addresses.read(ip), disposable },
    storeAllTraces: config.storeAllTraces,
    isWanted,
  })
  const take = async (spans: readonly Span[], sender: Sender): Promise<IngestResult> => {
    const batch = toBatch(spans, sender, clock.nowMs())
    checkScope(batch.records, sender)
    if (batch.records.length > 0 || batch.spans.length > 0) await store.append(batch)
    return { spans: spans.length }
  }

  return {
    ingest: async ({ format, body, contentType }, sender) =>
      take(decodeTraces(format, body, contentType).flat(), sender),
    async ingestOtlp({ body, contentType }, sender) {
      let traces: OtlpTraces
      try {
        traces = decodeOtlp(body, contentType)
      } catch (error) {
        return { ...encodeOtlpRefusal(contentType, (error as Error).message), spans: 0 }
      }
      return { ...encodeOtlpReply(contentType, traces), ...(await take(traces.spans, sender)) }
    },
    setThreatIntel: (lists) => addresses.setThreatIntel(lists),
  }
}

/** A key that is for some services or environments speaks for no other; the batch is refused as a whole. */
function checkScope(records: readonly AppendRecord[], sender: Sender): void {
  const outside = records.find(({ record }) => !covers(sender, record))
  if (outside === undefined) return
  const { service, env } = outside.record
  throw fail('FORBIDDEN', `this key is not for the service ${JSON.stringify(service)} in ${JSON.stringify(env)}`)
}
