import type { Clock } from '../model/clock.ts'

/** Lets `perSecond` calls through a second, with a burst of the same size. */
export interface RateLimiter {
  take(): boolean
}

/** A token bucket; 0 lets nothing through. */
export function rateLimiter(perSecond: number, clock: Clock): RateLimiter {
  let tokens = perSecond
  let filledAtMs = clock.nowMs()
  return {
    take() {
      const nowMs = clock.nowMs()
      tokens = Math.min(perSecond, tokens + (Math.max(0, nowMs - filledAtMs) * perSecond) / 1_000)
      filledAtMs = nowMs
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
