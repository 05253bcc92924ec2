import type { Sums } from './observations.ts'

/**
 * What the ordinary traffic of a service is like, and how much of it there is in the attack set. Source of the odds:
 * Herley and Schechter, NDSS 2019: ordinary people succeed, attackers hardly ever do, so successes measure the former.
 */
export interface Ordinary {
  /** Share of ordinary logins that fail. */
  readonly failureRate: number
  /** Ordinary requests since the onset for each of the baseline; recent ones weigh more in the second. */
  readonly scale: number
  readonly recentScale: number
  /** Failures beyond what is ordinary, of all clients together. */
  readonly excess: number
  readonly recentExcess: number
  /** All of the baseline that counts: usual failures and successes. */
  readonly baseline: { readonly failures: number; readonly successes: number }
  /** Successes since the onset, less lucky guesses. */
  readonly successes: number
}

/** Logins that say how often ordinary ones fail; with fewer the rate leans towards `typicalFailureRate`. */
const enoughLogins = 200
const typicalFailureRate = 0.1
/** Above this, failures of the baseline say more of what attacks it had than of people. */
const highestFailureRate = 0.5
/** Of the guesses of an attacker, this share may be right (spec/detection.md 2.1.3: 1/100 to 1/1000). */
export const luckyShare = 0.01

/**
 * `narrow`: the attack set is one group of many (an address, say), so that time says nothing of how much ordinary
 * traffic it has; then only its own successes do. `timeScale`: length of the attack over length of the baseline.
 */
export function estimateOrdinary(total: Sums, timeScale: number, narrow: boolean): Ordinary {
  const baseline = { failures: total.usualFailures, successes: usualSuccesses(total) }
  const logins = baseline.successes + baseline.failures
  const failureRate = Math.min(
    highestFailureRate,
    (baseline.failures + enoughLogins * typicalFailureRate) / (logins + enoughLogins),
  )
  // Without successes in the baseline (sign-ups, payments) the clock has to do.
  const hasSuccesses = baseline.successes >= 30
  const byTime = narrow ? 0 : timeScale
  const recentShare = total.failures === 0 ? 0 : total.recentFailures / total.failures
  const scale = hasSuccesses ? total.successes / baseline.successes : byTime
  const recentScale = hasSuccesses ? total.recentSuccesses / baseline.successes : byTime * recentShare
  const successes = Math.max(0, total.successes - luckyShare * total.failures)
  const ordinary = { failureRate, scale, recentScale, excess: 0, recentExcess: 0, baseline, successes }
  return { ...ordinary, excess: excessOf(total, ordinary), recentExcess: recentExcessOf(total, ordinary) }
}

/** Successes of the baseline, less the lucky guesses that bursts of failures in it had: earlier waves of an attack. */
export function usualSuccesses({ baseFailures, baseSuccesses, usualFailures }: Sums): number {
  return Math.max(0, baseSuccesses - luckyShare * Math.max(0, baseFailures - usualFailures))
}

/** Failures that ordinary traffic explains: by what the baseline had, or by the successes beside them. */
export function expectedFailures(sums: Sums, { scale, failureRate }: Ordinary): number {
  return Math.max(scale * sums.usualFailures, (failureRate / (1 - failureRate)) * sums.successes)
}

export function excessOf(sums: Sums, ordinary: Ordinary): number {
  return sums.failures - expectedFailures(sums, ordinary)
}

export function recentExcessOf(sums: Sums, { recentScale, failureRate }: Ordinary): number {
  return (
    sums.recentFailures -
    Math.max(recentScale * sums.usualFailures, (failureRate / (1 - failureRate)) * sums.recentSuccesses)
  )
}

/** Recent requests of ordinary people among these: by the baseline, and by more successes than lucky guesses make. */
export function recentOrdinary(sums: Sums, { recentScale, failureRate }: Ordinary): number {
  const known = recentScale * (usualSuccesses(sums) + sums.usualFailures)
  const lucky = luckyShare * (sums.recentFailures + sums.recentSuccesses)
  return Math.max(known, Math.max(0, sums.recentSuccesses - lucky) / (1 - failureRate))
}

/** Share of the baseline that these requests are: of its successes, or of all of it, whichever is more. */
export function baselineShare(sums: Sums, { baseline }: Ordinary): number {
  const all = baseline.successes + baseline.failures
  const successes = usualSuccesses(sums)
  const ofSuccesses = baseline.successes === 0 ? 0 : successes / baseline.successes
  return Math.max(ofSuccesses, all === 0 ? 0 : (successes + sums.usualFailures) / all)
}

/** Estimated share of the requests that belong to the attack. */
export function precisionOf(sums: Sums, ordinary: Ordinary): number {
  const requests = sums.failures + sums.successes
  if (requests === 0) return 0
  const lucky = luckyShare * requests
  const people = Math.max(
    ordinary.scale * (usualSuccesses(sums) + sums.usualFailures),
    Math.max(0, sums.successes - lucky) / (1 - ordinary.failureRate),
  )
  return Math.max(0, Math.min(1, 1 - people / requests))
}

/** Upper bound of ln P(X ≥ observed) for a Poisson X of this mean (Chernoff). */
export function poissonTail(observed: number, mean: number): number {
  if (observed <= mean) return 0
  if (mean <= 0) return Number.NEGATIVE_INFINITY
  return -(observed * Math.log(observed / mean) - observed + mean)
}

/** Whether these successes are more than an attacker's lucky guesses: then ordinary people are among the requests. */
export function hasOrdinarySuccesses({ failures, successes }: Sums): boolean {
  const requests = failures + successes
  const lucky = luckyShare * requests
  return successes > lucky + 3 * Math.sqrt(lucky + 1) && 10 * successes > failures
}
