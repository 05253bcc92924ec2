import type { SignalFacts } from '../state/state.ts'

/** An attack often begins before it is seen: what comes right before the onset is neither it nor usual. */
export const guardMs = 600_000

/** Where the time before a signal's attack ends. */
export function baselineEnd({ firstSeen }: Pick<SignalFacts, 'firstSeen'>): number {
  return Date.parse(firstSeen) - guardMs
}
