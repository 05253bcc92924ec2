import type { Clock } from '../../model/clock.ts'
import { fail, type PortcullisError } from '../../model/error.ts'
import type { Span } from '../../model/span.ts'
import type { AgentConnection } from '../agent-connection.ts'
import { retryDelayMs } from '../retry-delay.ts'
import { deliver, type Delivery } from './delivery.ts'
import { DropLedger } from './drop-ledger.ts'
import type { Exporter } from './exporter.ts'
import { SpanQueue, type QueuedSpan } from './span-queue.ts'
import type { WireFormat } from './wire-format.ts'

/** Bounds of shipping (spec/tracer.md 1.7). */
export interface ExportLimits {
  readonly batchDelayMs: number
  /** Within this a security event is on its way. */
  readonly securityDelayMs: number
  readonly maxBatchSpans: number
  readonly maxBatchBytes: number
  readonly maxQueuedSpans: number
  /** Large spans fill the memory before their number does. */
  readonly maxQueuedBytes: number
  readonly maxSpanBytes: number
  readonly timeoutMs: number
  /** What could not be sent for so long is given up. */
  readonly maxAgeMs: number
  /** A batch that the receiver fails on so often in a row is given up, so that those behind it go through. */
  readonly maxFailuresOfBatch: number
}

const exportLimits: ExportLimits = {
  batchDelayMs: 1000,
  securityDelayMs: 100,
  maxBatchSpans: 1000,
  maxBatchBytes: 1_000_000,
  maxQueuedSpans: 10_000,
  maxQueuedBytes: 32_000_000,
  maxSpanBytes: 1_000_000,
  timeoutMs: 10_000,
  maxAgeMs: 3_600_000,
  maxFailuresOfBatch: 20,
}

/** Metric of a span: how many spans were dropped since it was last said. */
const DROPPED_METRIC = 'portcullis.spans.dropped'

export interface BatchExporterOptions {
  readonly connection: AgentConnection
  readonly format: WireFormat
  readonly clock: Clock
  readonly warn: (problem: PortcullisError) => void
  /** A number in [0, 1) for jitter. */
  readonly random: () => number
  readonly limits?: Partial<ExportLimits>
}

/** Ships spans in batches, one request at a time; what fails is kept within bounds and tried again. */
export function createBatchExporter(options: BatchExporterOptions): Exporter {
  const { connection, format, clock, warn, random } = options
  const limits = { ...exportLimits, ...options.limits }
  const queue = new SpanQueue({ maxSpans: limits.maxQueuedSpans, maxBytes: limits.maxQueuedBytes })
  const ledger = new DropLedger(clock, warn)
  let accepted = 0
  let sent = 0
  let inFlight = 0
  let failures = 0
  let failuresOfBatch = 0
  /** Until then the receiver is left alone. */
  let retryAtMs = 0
  let sending: Promise<void> | undefined
  let timer: { readonly dueMs: number; readonly cancel: () => void } | undefined
  let stopped = false

  function scheduleNext(): void {
    if (sending !== undefined || stopped || queue.size === 0) return
    const full = queue.size >= limits.maxBatchSpans || queue.bytes >= limits.maxBatchBytes
    const delayMs = full ? 0 : queue.hasSecurity ? limits.securityDelayMs : limits.batchDelayMs
    const nowMs = clock.nowMs()
    const dueMs = Math.max(nowMs + delayMs, retryAtMs)
    if (timer !== undefined && timer.dueMs <= dueMs) return
    cancelTimer()
    timer = { dueMs, cancel: clock.after(Math.max(0, dueMs - nowMs), () => void send()) }
  }

  function cancelTimer(): void {
    timer?.cancel()
    timer = undefined
  }

  /** Sends one batch, or waits for the one under way. */
  function send(): Promise<void> {
    cancelTimer()
    sending ??= sendBatch().finally(() => {
      sending = undefined
      scheduleNext()
    })
    return sending
  }

  async function sendBatch(): Promise<void> {
    ledger.drop(queue.takeOlderThan(clock.nowMs() - limits.maxAgeMs), 'expired')
    const batch = queue.take({ maxSpans: limits.maxBatchSpans, maxBytes: limits.maxBatchBytes })
    if (batch.length === 0) return
    inFlight = batch.length
    const delivery = await deliver(batch, { connection, format, timeoutMs: limits.timeoutMs })
    inFlight = 0
    if (delivery.kind === 'sent') {
      sent += batch.length
      failures = failuresOfBatch = retryAtMs = 0
    } else keepOrDrop(batch, delivery)
  }

  function keepOrDrop(batch: readonly QueuedSpan[], delivery: Exclude<Delivery, { kind: 'sent' }>): void {
    if (failures === 0 && !stopped) warn(fail('EXPORT_FAILED', connection.url, delivery.why))
    failures += 1
    failuresOfBatch = delivery.kind === 'failed' && delivery.answered ? failuresOfBatch + 1 : 0
    const retryAfter = delivery.kind === 'failed' ? delivery.retryAfter : undefined
    retryAtMs = clock.nowMs() + retryDelayMs({ failures, random, nowMs: clock.nowMs(), retryAfter })
    if (stopped) ledger.drop(batch, 'expired')
    else if (delivery.kind === 'refused' || failuresOfBatch >= limits.maxFailuresOfBatch) {
      failuresOfBatch = 0
      ledger.drop(batch, 'refused')
    } else ledger.drop(queue.putBack(batch), 'queue_full')
  }

  /** Sends until nothing is left or `isOver`, pausing after failures. */
  async function drain(isOver: () => boolean): Promise<void> {
    while ((queue.size > 0 || sending !== undefined) && !isOver()) {
      await send()
      const pauseMs = retryAtMs - clock.nowMs()
      if (queue.size > 0 && pauseMs > 0) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    }
  }

  async function flush(timeoutMs: number): Promise<void> {
    if (queue.size === 0 && sending === undefined) return
    const release = connection.hold()
    let over = false
    let cancel: (() => void) | undefined
    const timeout = new Promise<void>((resolve) => {
      cancel = clock.after(timeoutMs, resolve)
    })
    await Promise.race([drain(() => over), timeout])
    over = true
    cancel?.()
    release()
  }

  return {
    export(span, { security }) {
      if (stopped) return
      accepted += 1
      const reportsDropped = ledger.takeUnreported()
      const bytes = format.encode(reportsDropped === 0 ? span : reporting(span, reportsDropped))
      const queued = { bytes, security, queuedAtMs: clock.nowMs(), reportsDropped }
      if (bytes.length > limits.maxSpanBytes) ledger.drop([queued], 'refused')
      else ledger.drop(queue.push(queued), 'queue_full')
      scheduleNext()
    },
    flush,
    async stop(timeoutMs) {
      if (stopped) return
      await flush(timeoutMs)
      stopped = true
      cancelTimer()
      ledger.drop(queue.take({ maxSpans: Infinity, maxBytes: Infinity }), 'expired')
      connection.close()
    },
    get stats() {
      return { accepted, sent, queued: queue.size + inFlight, dropped: { ...ledger.counts } }
    },
  }
}

function reporting(span: Span, dropped: number): Span {
  return { ...span, metrics: { ...span.metrics, [DROPPED_METRIC]: dropped } }
}
