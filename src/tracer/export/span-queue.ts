/** A span that waits to be sent, encoded. */
export interface QueuedSpan {
  readonly bytes: Uint8Array
  readonly security: boolean
  readonly queuedAtMs: number
  /** How many dropped spans this one reports; counted anew when it is dropped itself. */
  readonly reportsDropped: number
}

export interface QueueLimits {
  readonly maxSpans: number
  readonly maxBytes: number
}

/**
 * Spans in the order they came, at most so many and so large. When it is full, the oldest span without a security
 * event makes room; only when there is none, the oldest of all.
 */
export class SpanQueue {
  readonly #limits: QueueLimits
  readonly #security = new Fifo()
  readonly #ordinary = new Fifo()

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#security.size + this.#ordinary.size
  }

  get bytes(): number {
    return this.#security.bytes + this.#ordinary.bytes
  }

  get hasSecurity(): boolean {
    return this.#security.size > 0
  }

  /** Adds a span; returns the spans that were given up for it, itself perhaps among them. */
  push(span: QueuedSpan): readonly QueuedSpan[] {
    const lane = span.security ? this.#security : this.#ordinary
    lane.push(span)
    return this.#makeRoom()
  }

  /** Puts a batch that was not sent back to where it came from, in front. */
  putBack(batch: readonly QueuedSpan[]): readonly QueuedSpan[] {
    this.#security.unshift(batch.filter((span) => span.security))
    this.#ordinary.unshift(batch.filter((span) => !span.security))
    return this.#makeRoom()
  }

  /** Takes the next batch: security events first, each lane oldest first. At least one span if there is one. */
  take(limits: QueueLimits): QueuedSpan[] {
    return takeFrom([this.#security, this.#ordinary], limits)
  }

  /** Takes the next batch of security events only. */
  takeSecurity(limits: QueueLimits): QueuedSpan[] {
    return takeFrom([this.#security], limits)
  }

  /** Takes out the spans queued before `beforeMs`. */
  takeOlderThan(beforeMs: number): readonly QueuedSpan[] {
    const old: QueuedSpan[] = []
    for (const lane of [this.#security, this.#ordinary]) {
      for (let next = lane.peek(); next !== undefined && next.queuedAtMs < beforeMs; next = lane.peek()) {
        old.push(next)
        lane.shift()
      }
    }
    return old
  }

  #makeRoom(): readonly QueuedSpan[] {
    if (this.size <= this.#limits.maxSpans && this.bytes <= this.#limits.maxBytes) return none
    const given: QueuedSpan[] = []
    while (this.size > this.#limits.maxSpans || this.bytes > this.#limits.maxBytes) {
      const gone = this.#ordinary.shift() ?? this.#security.shift()
      if (gone === undefined) break
      given.push(gone)
    }
    return given
  }
}

const none: readonly QueuedSpan[] = []

function takeFrom(lanes: readonly Fifo[], limits: QueueLimits): QueuedSpan[] {
  const batch: QueuedSpan[] = []
  let bytes = 0
  for (const lane of lanes) {
    for (let next = lane.peek(); next !== undefined && batch.length < limits.maxSpans; next = lane.peek()) {
      if (batch.length > 0 && bytes + next.bytes.length > limits.maxBytes) return batch
      bytes += next.bytes.length
      batch.push(next)
      lane.shift()
    }
  }
  return batch
}

/** First in, first out; a shift costs nothing, and the array is cut once half of it is behind. */
class Fifo {
  #items: (QueuedSpan | undefined)[] = []
  #head = 0
  bytes = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  peek(): QueuedSpan | undefined {
    return this.#items[this.#head]
  }

  push(span: QueuedSpan): void {
    this.#items.push(span)
    this.bytes += span.bytes.length
  }

  unshift(spans: readonly QueuedSpan[]): void {
    this.#items = [...spans, ...this.#items.slice(this.#head)]
    this.#head = 0
    for (const span of spans) this.bytes += span.bytes.length
  }

  shift(): QueuedSpan | undefined {
    const span = this.#items[this.#head]
    if (span === undefined) return undefined
    this.#items[this.#head++] = undefined
    this.bytes -= span.bytes.length
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return span
  }
}
