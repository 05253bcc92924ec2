/** First pause after a failure; it doubles with each further one. */
const FIRST_MS = 250
/** Short enough that a restarted collector hears of an attack that goes on. */
const LONGEST_MS = 10_000
/** A receiver may ask for more patience than that, within reason. */
const LONGEST_ASKED_MS = 300_000

/**
 * How long to leave a receiver alone after `failures` failures in a row: exponential, with jitter between half and
 * all of it so that many processes do not come back at once, or what its `Retry-After` asks for (seconds or a date).
 */
export function retryDelayMs(after: {
  readonly failures: number
  readonly random: () => number
  readonly nowMs: number
  readonly retryAfter?: string | undefined
}): number {
  const asked = askedMs(after.retryAfter, after.nowMs)
  if (asked !== undefined) return asked + after.random() * FIRST_MS
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(after.failures - 1, 16))
  return full / 2 + (after.random() * full) / 2
}

function askedMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST_ASKED_MS)
}
