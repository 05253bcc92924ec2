import { decodeClientTraits } from '../../model/client-traits.ts'
import type { Store, TimeRange, TraitCounts } from '../store/store.ts'
import type { Observation } from './observations.ts'

/** Recent requests weigh more: half as much for each of these (spec/detection.md 1.6). */
const halfLifeMs = 600_000
/** Into so many parts a baseline is cut to see what is usual: hours of a day. */
const parts = 24
/** Combinations of traits that are told apart; a service has hundreds to thousands. */
const MAX_COMBINATIONS = 12_000

/** Which requests are looked at: attempts that did not succeed, and successes. */
export interface TraitQueries {
  readonly attempts: string
  readonly successes: string
}

/** The traits of a stretch of traffic, counted; those of the stretches `without` are left out. */
export function readTraits(
  store: Store,
  queries: TraitQueries,
  range: TimeRange,
  without: readonly TimeRange[] = [],
): Promise<readonly TraitCounts[]> {
  return store.traits({ ...queries, range, without, halfLifeMs, parts, limit: MAX_COMBINATIONS })
}

/** Joins what was seen since the onset with what was seen before it. */
export function joinObservations(
  attack: readonly TraitCounts[],
  baseline: readonly TraitCounts[],
): readonly Observation[] {
  const before = new Map(baseline.map((counts) => [counts.traits, counts]))
  const observations = attack.map((counts): Observation => {
    const usual = before.get(counts.traits)
    before.delete(counts.traits)
    return observationOf(counts.traits, counts, usual)
  })
  for (const usual of before.values()) observations.push(observationOf(usual.traits, undefined, usual))
  return observations
}

const none = { failures: 0, successes: 0 }

function observationOf(traits: string, attack: TraitCounts | undefined, usual: TraitCounts | undefined): Observation {
  return {
    client: decodeClientTraits(traits),
    attack: attack === undefined ? none : weighted(attack.failures, attack.successes, attack.weight),
    recent: attack === undefined ? none : weighted(attack.recentFailures, attack.recentSuccesses, attack.weight),
    baseline:
      usual === undefined
        ? { ...none, usualFailures: 0 }
        : {
            ...weighted(usual.failures, usual.successes, usual.weight),
            usualFailures: usual.usualFailures * usual.weight,
          },
  }
}

function weighted(failures: number, successes: number, weight: number): typeof none {
  return { failures: failures * weight, successes: successes * weight }
}
