import { fail } from '../../model/error.ts'

/** Failures that an address may have, and all addresses together, within a window. */
const maxPerAddress = 10
const maxOverall = 200
const windowMs = 60_000
/** Addresses that are remembered; beyond, the one that failed longest ago is forgotten. */
const maxAddresses = 10_000

/** Slows down guessing: failures are counted by address and overall, in windows of a minute. */
export class AttemptLimit {
  readonly #byAddress = new Map<string, { count: number; endsMs: number }>()
  #overall = { count: 0, endsMs: 0 }

  /** Throws RATE_LIMITED while this address, or everyone together, has failed too often. */
  check(address: string, nowMs: number): void {
    const own = this.#byAddress.get(address)
    for (const [window, limit] of [
      [own, maxPerAddress],
      [this.#overall, maxOverall],
    ] as const) {
      if (window !== undefined && window.endsMs > nowMs && window.count >= limit) {
        const retryAfterSeconds = Math.ceil((window.endsMs - nowMs) / 1_000)
        throw Object.assign(fail('RATE_LIMITED', retryAfterSeconds), { retryAfterSeconds })
      }
    }
  }

  failed(address: string, nowMs: number): void {
    this.#overall = counted(this.#overall, nowMs)
    const own = counted(this.#byAddress.get(address), nowMs)
    this.#byAddress.delete(address)
    this.#byAddress.set(address, own)
    const [oldest] = this.#byAddress.keys()
    if (this.#byAddress.size > maxAddresses && oldest !== undefined) this.#byAddress.delete(oldest)
  }
}

function counted(
  window: { readonly count: number; readonly endsMs: number } | undefined,
  nowMs: number,
): { count: number; endsMs: number } {
  return window === undefined || window.endsMs <= nowMs
    ? { count: 1, endsMs: nowMs + windowMs }
    : { count: window.count + 1, endsMs: window.endsMs }
}
