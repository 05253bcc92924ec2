import type { ClientTraits } from '../../model/client-traits.ts'

/** Requests of one kind of client: `failures` are attempts that did not succeed. Numbers may be weighted. */
export interface Outcomes {
  readonly failures: number
  readonly successes: number
}

/** What was seen of all requests with the same traits. */
export interface Observation {
  readonly client: ClientTraits
  /** Since the onset, each request as one. */
  readonly attack: Outcomes
  /** Since the onset, recent requests weighing more. */
  readonly recent: Outcomes
  /** Before the onset. */
  readonly baseline: Outcomes & {
    /** The failures, those of bursts capped: an earlier wave of the same attack is nothing usual. */
    readonly usualFailures: number
  }
}

/** Sums over observations: what is known of a set of requests. */
export interface Sums {
  failures: number
  successes: number
  recentFailures: number
  recentSuccesses: number
  baseFailures: number
  baseSuccesses: number
  usualFailures: number
}

export function noSums(): Sums {
  return {
    failures: 0,
    successes: 0,
    recentFailures: 0,
    recentSuccesses: 0,
    baseFailures: 0,
    baseSuccesses: 0,
    usualFailures: 0,
  }
}

export function sumsOf({ attack, recent, baseline }: Observation): Sums {
  return {
    failures: attack.failures,
    successes: attack.successes,
    recentFailures: recent.failures,
    recentSuccesses: recent.successes,
    baseFailures: baseline.failures,
    baseSuccesses: baseline.successes,
    usualFailures: baseline.usualFailures,
  }
}

export function addSums(into: Sums, sums: Sums): void {
  into.failures += sums.failures
  into.successes += sums.successes
  into.recentFailures += sums.recentFailures
  into.recentSuccesses += sums.recentSuccesses
  into.baseFailures += sums.baseFailures
  into.baseSuccesses += sums.baseSuccesses
  into.usualFailures += sums.usualFailures
}
