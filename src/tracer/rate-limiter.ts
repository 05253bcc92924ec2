import type { Clock } from '../model/clock.ts'

/** Lets a number of calls through a second, after a burst. */
export interface RateLimiter {
  take(): boolean
}

/** A token bucket; 0 lets nothing through, and a negative number everything. */
export function rateLimiter(perSecond: number, clock: Clock, burst = perSecond): RateLimiter {
  let tokens = burst
  let filledAtMs = clock.nowMs()
  return {
    take() {
      if (perSecond < 0) return true
      const nowMs = clock.nowMs()
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) * perSecond) / 1_000)
      filledAtMs = nowMs
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
