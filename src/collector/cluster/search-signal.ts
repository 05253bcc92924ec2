import type { DetectionRule } from '../../model/detection-rule.ts'
import {
  attemptFilters,
  attemptsQuery,
  campaignRange,
  groupQuery,
  isNarrow,
  isWide,
  loginSuccess,
  successesOf,
  suppressions,
} from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TimeRange, TraitCounts } from '../store/store.ts'
import type { FoundCluster } from './find-clusters.ts'
import { findClusters } from './find-clusters.ts'
import { earlierAttacks } from './earlier-attacks.ts'
import { baselineEnd } from './onset.ts'
import { joinObservations, readTraits } from './read-observations.ts'
import type { Trait } from './trait.ts'

const dayMs = 86_400_000
/** A day of which more than the rest was an attack is not compared with. */
const leastQuietMs = dayMs / 2
/** So many logins outside of earlier attacks say what is usual. */
const leastLogins = 200
/** A service with fewer logins a day than this is compared with a week. */
const enoughLogins = 2_000
const MAX_BASELINES = 50

/** The signals of a service (undefined: of any) in a stretch of time. */
export type SignalsWithin = (
  service: string | undefined,
  range: TimeRange,
) => AsyncIterable<SignalFacts> | Iterable<SignalFacts>

/** Baselines of services, read once for an onset: they do not change while a signal is open. */
export class Baselines {
  readonly #store: Store
  readonly #signalsWithin: SignalsWithin
  readonly #kept = new Map<string, Promise<Baseline>>()

  constructor(store: Store, signalsWithin: SignalsWithin) {
    this.#store = store
    this.#signalsWithin = signalsWithin
  }

  /**
   * The logins of the service of a signal in the day before it began, less the time of earlier attacks on it; in the
   * week, where they are few or most of the day was an attack; in the month, where all of the week was.
   */
  read(rule: DetectionRule, signal: SignalFacts): Promise<Baseline> {
    const wide = widerGroup(rule, signal)
    const endMs = baselineEnd(signal)
    const key = JSON.stringify([wide, rule.id, rule.version, endMs])
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const reading = this.#read(rule, signal, wide)
    reading.catch(() => this.#kept.delete(key))
    this.#kept.set(key, reading)
    if (this.#kept.size > MAX_BASELINES)
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest)
        break
      }
    return reading
  }

  async #read(rule: DetectionRule, signal: SignalFacts, wide: string): Promise<Baseline> {
    const endMs = baselineEnd(signal)
    const before = (days: number): TimeRange => ({ fromMs: endMs - days * dayMs, toMs: endMs })
    const [day, week, month] = [before(1), before(7), before(30)]
    const others: SignalFacts[] = []
    for await (const other of this.#signalsWithin(signal.group['service'], month)) others.push(other)
    const queries = {
      attempts: [wide, attemptFilters(rule), ...suppressions(rule)].join(' '),
      successes: `${wide} ${loginSuccess}`,
    }
    const of = async (range: TimeRange, without: readonly TimeRange[]): Promise<Baseline> => ({
      lengthMs: quietMs(range, without),
      counts: await readTraits(this.#store, queries, range, without),
    })
    const attacksOfDay = earlierAttacks(signal, others, day)
    if (quietMs(day, attacksOfDay) >= leastQuietMs) {
      const baseline = await of(day, attacksOfDay)
      if (loginsOf(baseline) >= enoughLogins) return baseline
    }
    for (const range of [week, month]) {
      const baseline = await of(range, earlierAttacks(signal, others, range))
      if (loginsOf(baseline) >= leastLogins) return baseline
    }
    // A service that is always under attack has no other time to be compared with.
    return of(week, [])
  }
}

function loginsOf({ counts }: Baseline): number {
  return counts.reduce((sum, { failures, successes, weight }) => sum + weight * (failures + successes), 0)
}

/** What is left of a range. */
function quietMs(range: TimeRange, without: readonly TimeRange[]): number {
  return without.reduce((left, stretch) => left - lengthOf(stretch), lengthOf(range))
}

function lengthOf({ fromMs, toMs }: TimeRange): number {
  return toMs - fromMs
}

interface Baseline {
  /** Of the time that it is of. */
  readonly lengthMs: number
  readonly counts: readonly TraitCounts[]
}

/** The query of the service and environment of a signal, whatever else its group names. */
function widerGroup(rule: DetectionRule, signal: SignalFacts): string {
  return groupQuery({ groupBy: rule.groupBy.filter(isWide) }, signal.group)
}

/** Looks for what the attackers of a signal share. `known` are the clusters of the last time, which stay where they still hold. */
export async function searchSignal(
  store: Store,
  baselines: Baselines,
  {
    rule,
    signal,
    known,
  }: { readonly rule: DetectionRule; readonly signal: SignalFacts; readonly known: readonly (readonly Trait[])[] },
): Promise<readonly FoundCluster[]> {
  const campaign = { rule, signal }
  const range = campaignRange(signal)
  const baseline = await baselines.read(rule, signal)
  const queries = { attempts: attemptsQuery(campaign), successes: successesOf(campaign) }
  const attack = await readTraits(store, queries, range)
  const observations = joinObservations(attack, baseline.counts)
  return findClusters({
    observations,
    timeScale: lengthOf(range) / baseline.lengthMs,
    narrow: isNarrow(rule),
    feeds: { fingerprints: isFromOurTracer(attack) },
    known,
  })
}

/** Only our tracer records the names of all headers, and feeds fingerprints to its rules. */
function isFromOurTracer(attack: readonly TraitCounts[]): boolean {
  let ours = 0
  let all = 0
  for (const { traits, failures, weight } of attack) {
    all += failures * weight
    if (!traits.endsWith(',null]')) ours += failures * weight
  }
  return ours >= 0.99 * all
}
