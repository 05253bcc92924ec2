import type { Clock } from '../../model/clock.ts'
import { fail, type PortcullisError } from '../../model/error.ts'
import type { AgentConnection } from '../agent-connection.ts'
import type { FinishedSpan } from '../finished-span.ts'
import { retryDelayMs } from '../retry-delay.ts'
import { deliver, type Delivery } from './delivery.ts'
import { DropLedger, type DropReason } from './drop-ledger.ts'
import type { Exporter } from './exporter.ts'
import { SpanQueue, type QueuedSpan } from './span-queue.ts'
import type { WireFormat } from './wire-format.ts'

/** Bounds of shipping (spec/tracer.md 1.7). */
export interface ExportLimits {
  readonly batchDelayMs: number
  /** Within this a security event is on its way. */
  readonly securityDelayMs: number
  /**
   * Spans without a security event are encoded so many at once: between two requests, where nothing that it takes is in the
   * caches of the processor, the same work costs several times as much.
   */
  readonly encodedAtOnce: number
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
  encodedAtOnce: 32,
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

/**
 * Ships spans in batches, one request at a time, and beside a slow one a second that has security events only; what
 * fails is kept within bounds and tried again.
 */
export function createBatchExporter(options: BatchExporterOptions): Exporter {
  const { connection, format, clock, warn, random } = options
  const limits = { ...exportLimits, ...options.limits }
  const queue = new SpanQueue({ maxSpans: limits.maxQueuedSpans, maxBytes: limits.maxQueuedBytes })
  const batchLimits = { maxSpans: limits.maxBatchSpans, maxBytes: limits.maxBatchBytes }
  const ledger = new DropLedger(clock, warn)
  /** Finished spans that are not encoded yet. None has a security event. */
  let unencoded: FinishedSpan[] = []
  let accepted = 0
  let sent = 0
  let inFlight = 0
  let failures = 0
  let failuresOfBatch = 0
  /** Until then the receiver is left alone. */
  let retryAtMs = 0
  let sending: Promise<void> | undefined
  /** Security events that were sent while `sending` was still under way. */
  let overtaking: Promise<void> | undefined
  let timer: { readonly dueMs: number; readonly cancel: () => void } | undefined
  let stopped = false

  function encode(span: FinishedSpan, security: boolean): void {
    const reportsDropped = ledger.takeUnreported()
    if (reportsDropped > 0) span.numbers.set(DROPPED_METRIC, reportsDropped)
    const encoded = format.encode(span)
    const isCopied = security && isBacklogged()
    const bytes = isCopied ? Uint8Array.prototype.slice.call(encoded) : encoded
    if (isCopied) format.giveBack?.(encoded)
    const queued = { bytes, security, queuedAtMs: clock.nowMs(), reportsDropped }
    if (bytes.length > limits.maxSpanBytes) drop([queued], 'refused')
    else drop(queue.push(queued), 'queue_full')
  }

  function drop(spans: readonly QueuedSpan[], reason: DropReason): void {
    ledger.drop(spans, reason)
    giveBack(spans)
  }

  function giveBack(spans: readonly QueuedSpan[]): void {
    for (const { bytes } of spans) format.giveBack?.(bytes)
  }

  function encodeWaiting(): void {
    const spans = unencoded
    if (spans.length === 0) return
    unencoded = []
    for (const span of spans) encode(span, false)
  }

  function scheduleNext(): void {
    if (stopped || queue.size + unencoded.length === 0) return
    const busy = sending !== undefined
    if (busy && (overtaking !== undefined || !queue.hasSecurity)) return
    const full = !busy && (queue.size >= limits.maxBatchSpans || queue.bytes >= limits.maxBatchBytes)
    // A timer that is set for ordinary spans is no later than a new one would be.
    if (timer !== undefined && !full && !queue.hasSecurity) return
    const delayMs = full ? 0 : queue.hasSecurity ? limits.securityDelayMs : limits.batchDelayMs
    const nowMs = clock.nowMs()
    const dueMs = Math.max(nowMs + delayMs, retryAtMs)
    if (timer !== undefined && timer.dueMs <= dueMs) return
    cancelTimer()
    timer = { dueMs, cancel: clock.after(Math.max(0, dueMs - nowMs), wake) }
  }

  function wake(): void {
    timer = undefined
    if (sending === undefined) void send()
    else overtake()
  }

  function cancelTimer(): void {
    timer?.cancel()
    timer = undefined
  }

  /** Sends one batch, or waits for the one under way. */
  function send(): Promise<void> {
    if (sending !== undefined) return sending
    cancelTimer()
    encodeWaiting()
    drop(queue.takeOlderThan(clock.nowMs() - limits.maxAgeMs), 'expired')
    sending = sendBatch(queue.take(batchLimits), 'in turn').finally(() => {
      sending = undefined
      scheduleNext()
    })
    return sending
  }

  function overtake(): void {
    overtaking ??= sendBatch(queue.takeSecurity(batchLimits), 'overtaking').finally(() => {
      overtaking = undefined
      scheduleNext()
    })
  }

  async function sendBatch(batch: readonly QueuedSpan[], how: 'in turn' | 'overtaking'): Promise<void> {
    if (batch.length === 0) return
    inFlight += batch.length
    const delivery = await deliver(batch, { connection, format, timeoutMs: limits.timeoutMs })
    inFlight -= batch.length
    if (delivery.kind !== 'sent') {
      keepOrDrop(batch, delivery, how)
      return
    }
    giveBack(batch)
    sent += batch.length - delivery.rejected
    ledger.lose(delivery.rejected, 'refused')
    // What overtakes says nothing of the batch that is still under way, and of those that failed before it.
    if (how === 'in turn') failures = failuresOfBatch = retryAtMs = 0
  }

  function keepOrDrop(
    batch: readonly QueuedSpan[],
    delivery: Exclude<Delivery, { kind: 'sent' }>,
    how: 'in turn' | 'overtaking',
  ): void {
    if (failures === 0 && !stopped) warn(fail('EXPORT_FAILED', connection.url, delivery.why))
    failures += 1
    if (how === 'in turn') failuresOfBatch = delivery.kind === 'failed' && delivery.answered ? failuresOfBatch + 1 : 0
    const retryAfter = delivery.kind === 'failed' ? delivery.retryAfter : undefined
    retryAtMs = clock.nowMs() + retryDelayMs({ failures, random, nowMs: clock.nowMs(), retryAfter })
    if (stopped) drop(batch, 'expired')
    else if (delivery.kind === 'refused' || failuresOfBatch >= limits.maxFailuresOfBatch) {
      failuresOfBatch = 0
      drop(batch, 'refused')
    } else drop(queue.putBack(batch), 'queue_full')
  }

  /** Whether spans may wait for long: a few with security events would hold the memory of all that were written beside them. */
  const isBacklogged = (): boolean => failures > 0 || queue.size >= limits.maxBatchSpans

  const isIdle = (): boolean => queue.size + unencoded.length + inFlight === 0

  /** Sends until nothing is left or `isOver`, pausing after failures. */
  async function drain(isOver: () => boolean): Promise<void> {
    while (!isIdle() && !isOver()) {
      await Promise.all([send(), overtaking])
      const pauseMs = retryAtMs - clock.nowMs()
      if (queue.size > 0 && pauseMs > 0) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    }
  }

  async function flush(timeoutMs: number): Promise<void> {
    if (isIdle()) return
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
      if (security) {
        encodeWaiting()
        encode(span, true)
      } else if (unencoded.push(span) >= limits.encodedAtOnce) encodeWaiting()
      scheduleNext()
    },
    flush,
    async stop(timeoutMs) {
      if (stopped) return
      await flush(timeoutMs)
      stopped = true
      cancelTimer()
      encodeWaiting()
      drop(queue.take({ maxSpans: Infinity, maxBytes: Infinity }), 'expired')
      connection.close()
    },
    get stats() {
      return { accepted, sent, queued: queue.size + unencoded.length + inFlight, dropped: { ...ledger.counts } }
    },
  }
}
