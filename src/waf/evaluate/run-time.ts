import type { MatchTime } from '../operator.ts'
import type { WafClock } from '../waf.ts'

/** Questions that are answered between two reads of the clock. */
const CLOCK_EVERY = 16

/** The time of one run: when it is, and whether its budget is used up. */
export class RunTime implements MatchTime {
  readonly #clock: WafClock
  readonly #startedNs: number
  /** Undefined: there is no end. */
  readonly #endNs: number | undefined
  /** Off while something is evaluated that has no end. */
  isTimed = true
  #asked = 0
  #over = false
  #nowSeconds = -1

  constructor(clock: WafClock, budgetUs: number | undefined) {
    this.#clock = clock
    this.#startedNs = clock.monotonicNs()
    this.#endNs = budgetUs === undefined ? undefined : this.#startedNs + budgetUs * 1000
  }

  /** Unix time, the same for the whole run. */
  get nowSeconds(): number {
    if (this.#nowSeconds < 0) this.#nowSeconds = Math.floor(this.#clock.nowMs() / 1000)
    return this.#nowSeconds
  }

  /** Whether time was up when last asked. */
  get over(): boolean {
    return this.#over
  }

  /** Whether time is up; asked between values. */
  isOver(): boolean {
    if (!this.isTimed) return false
    if (this.#over || this.#endNs === undefined) return this.#over
    if (this.#asked % CLOCK_EVERY === 0) this.#over = this.#clock.monotonicNs() >= this.#endNs
    this.#asked += 1
    return this.#over
  }

  passedNs(): number {
    return this.#clock.monotonicNs() - this.#startedNs
  }
}
