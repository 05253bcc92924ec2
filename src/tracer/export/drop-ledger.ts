import type { Clock } from '../../model/clock.ts'
import { fail, type PortcullisError } from '../../model/error.ts'
import type { ExporterStats } from './exporter.ts'
import type { QueuedSpan } from './span-queue.ts'

export type DropReason = keyof ExporterStats['dropped']

/** Drops are told at most this often. */
const WARNING_INTERVAL_MS = 60_000

/** Counts spans that were given up, warns of them now and then, and has them reported with a later span. */
export class DropLedger {
  readonly #clock: Clock
  readonly #warn: (problem: PortcullisError) => void
  readonly counts: Record<DropReason, number> = { queue_full: 0, refused: 0, expired: 0 }
  #unreported = 0
  #unwarned = 0
  #warnedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, warn: (problem: PortcullisError) => void) {
    this.#clock = clock
    this.#warn = warn
  }

  drop(spans: readonly QueuedSpan[], reason: DropReason): void {
    for (const span of spans) this.#unreported += span.reportsDropped
    this.lose(spans.length, reason)
  }

  /** Counts spans of which only the number is known. */
  lose(count: number, reason: DropReason): void {
    if (count === 0) return
    this.counts[reason] += count
    this.#unwarned += count
    this.#unreported += count
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#warnedAtMs < WARNING_INTERVAL_MS) return
    this.#warn(fail('SPANS_DROPPED', this.#unwarned, reason))
    this.#warnedAtMs = nowMs
    this.#unwarned = 0
  }

  /** How many drops no span has reported yet; the caller reports them. */
  takeUnreported(): number {
    const count = this.#unreported
    this.#unreported = 0
    return count
  }
}
