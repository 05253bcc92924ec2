import { randomInt } from 'node:crypto'

/** Tracers retry a batch for five minutes at most; three times that is remembered. */
export const DEDUPE_WINDOW_MS = 900_000
const GENERATION_MS = 180_000
/** About 320 MB; beyond it the oldest generation goes early, which only narrows the window. */
const MAX_REMEMBERED = 20_000_000
const FIRST_CAPACITY = 1 << 12

/** Span ids seen in one stretch of time: open addressing over 64-bit fingerprints; the slot adds more bits. */
class Generation {
  readonly startMs: number
  size = 0
  #high = new Uint32Array(FIRST_CAPACITY)
  #low = new Uint32Array(FIRST_CAPACITY)

  constructor(startMs: number) {
    this.startMs = startMs
  }

  has(high: number, low: number): boolean {
    return this.#low[this.#slot(high, low)] !== 0
  }

  add(high: number, low: number): void {
    if (this.size * 10 >= this.#low.length * 6) this.#grow()
    const slot = this.#slot(high, low)
    this.#high[slot] = high
    this.#low[slot] = low
    this.size++
  }

  #slot(high: number, low: number): number {
    const mask = this.#low.length - 1
    let slot = (high ^ (low >>> 7)) & mask
    while (this.#low[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low]
    this.#high = new Uint32Array(high.length * 2)
    this.#low = new Uint32Array(low.length * 2)
    for (let from = 0; from < low.length; from++) {
      if (low[from] === 0) continue
      const slot = this.#slot(high[from] as number, low[from] as number)
      this.#high[slot] = high[from] as number
      this.#low[slot] = low[from] as number
    }
  }
}

/**
 * Which spans came in during the last 15 minutes of ingest time. Ids are kept as keyed 64-bit fingerprints, eight bytes
 * each, so that two ids are taken for one about never, and nobody outside can construct such a pair.
 */
export class Dedupe {
  readonly #generations: Generation[] = []
  readonly #seeds = Uint32Array.from({ length: 2 }, () => randomInt(2 ** 32))

  has(traceId: string, spanId: string): boolean {
    const [high, low] = this.#fingerprint(traceId, spanId)
    return this.#generations.some((generation) => generation.has(high, low))
  }

  /** To be called once the span is durable. */
  add(traceId: string, spanId: string, ingestedMs: number): void {
    const [high, low] = this.#fingerprint(traceId, spanId)
    this.#current(ingestedMs).add(high, low)
  }

  #fingerprint(traceId: string, spanId: string): readonly [number, number] {
    const [highSeed = 0, lowSeed = 0] = this.#seeds
    return [hash(spanId, traceId, highSeed), hash(traceId, spanId, lowSeed) || 1]
  }

  #current(nowMs: number): Generation {
    const startMs = Math.floor(nowMs / GENERATION_MS) * GENERATION_MS
    let last = this.#generations.at(-1)
    if (!last || last.startMs < startMs) {
      last = new Generation(startMs)
      this.#generations.push(last)
    }
    while (this.#oldestIsSpent(nowMs)) this.#generations.shift()
    return last
  }

  #oldestIsSpent(nowMs: number): boolean {
    const oldest = this.#generations[0]
    if (!oldest || this.#generations.length === 1) return false
    const remembered = this.#generations.reduce((sum, generation) => sum + generation.size, 0)
    return oldest.startMs + GENERATION_MS + DEDUPE_WINDOW_MS < nowMs || remembered > MAX_REMEMBERED
  }
}

function hash(first: string, second: string, seed: number): number {
  let mixed = seed
  for (const text of [first, second]) {
    for (let index = 0; index < text.length; index++) {
      mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x9e3779b1)
      mixed ^= mixed >>> 15
    }
    mixed = Math.imul(mixed ^ text.length, 0x85ebca6b)
  }
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
