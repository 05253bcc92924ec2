// Imported, since the global one is a getter.
import { performance } from 'node:perf_hooks'
import type { Clock } from '../model/clock.ts'
import type { WafClock } from '../waf/waf.ts'

/** Longest step between two reads that counts: the engine reads every few checks, which take microseconds. */
const MAX_STEP_NS = 500_000

/**
 * The clock of the rule engine. Its monotonic time leaves stalls out: where the machine gives the CPU to others in the
 * middle of a run, wall time would use up the budget, and an attack would pass because the machine is busy.
 */
export function wafClock(clock: Clock): WafClock {
  let lastNs = 0
  let countedNs = 0
  return {
    nowMs: () => clock.nowMs(),
    monotonicNs() {
      const nowNs = performance.now() * 1e6
      countedNs += Math.min(Math.max(0, nowNs - lastNs), MAX_STEP_NS)
      lastNs = nowNs
      return Math.round(countedNs)
    },
  }
}
