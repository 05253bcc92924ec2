import { setImmediate } from 'node:timers/promises'
import type { WafClock } from './waf.ts'

/** Longest work between two turns of the event loop, in nanoseconds; below the 5 ms that a request may be held up. */
const SLICE_NS = 2_000_000

/** Does all the work at once. */
export function finish<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Does the work in slices, letting other work run between them. */
export async function finishInSlices<T>(work: Generator<void, T>, clock: WafClock): Promise<T> {
  for (;;) {
    const endNs = clock.monotonicNs() + SLICE_NS
    do {
      const step = work.next()
      if (step.done === true) return step.value
    } while (clock.monotonicNs() < endNs)
    await setImmediate()
  }
}
