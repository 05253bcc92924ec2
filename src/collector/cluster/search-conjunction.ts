import type { Ordinary } from './estimate.ts'
import {
  baselineShare,
  excessOf,
  expectedFailures,
  hasOrdinarySuccesses,
  luckyShare,
  poissonTail,
  recentExcessOf,
  recentOrdinary,
  usualSuccesses,
} from './estimate.ts'
import type { Sums } from './observations.ts'
import { addSums, noSums } from './observations.ts'
import type { Projection } from './trait-table.ts'

/** What a cluster must be to count. */
export interface ClusterBounds {
  /** Most of the baseline that a cluster may be. */
  readonly collateralShare: number
  /** Least of the recent excess that a cluster has to explain. */
  readonly leastShare: number
  /** Fewer failures beyond the ordinary than this are no cluster. */
  readonly leastExcess: number
}

/** A set of columns of a projection that a request has all of. */
export interface Conjunction {
  readonly columns: readonly number[]
  readonly sums: Sums
  readonly score: number
}

const MAX_CONDITIONS = 4
/** Sets of a size that are made larger; more are let go. */
const BEAM = 48
/** An ordinary request caught costs as much as this many of the attack missed. */
const ORDINARY_COST = 3
/** ln of the probability that a search over pure noise finds a cluster. */
const LN_SIGNIFICANCE = Math.log(1e-4)

interface Node extends Conjunction {
  readonly rows: readonly number[]
  readonly promise: number
}

/**
 * The conjunction of one to four columns that explains most of the recent excess at a collateral within the bounds:
 * best-first, a beam of the most promising sets of each size. Undefined where nothing is beyond chance.
 */
export function searchConjunction(
  projection: Projection,
  ordinary: Ordinary,
  bounds: ClusterBounds,
): Conjunction | undefined {
  const least = leastRecent(ordinary, bounds)
  const all = projection.sums.map((_, row) => row)
  let beam: readonly Node[] = [{ columns: [], rows: all, sums: noSums(), score: 0, promise: 0 }]
  let best: Conjunction | undefined
  for (let size = 1; size <= MAX_CONDITIONS; size++) {
    const next: Node[] = []
    const seen = new Set<string>()
    for (const parent of beam) {
      projection.columns.forEach((column, index) => {
        if (parent.columns.includes(index)) return
        const columns = [...parent.columns, index].sort((a, b) => a - b)
        const key = columns.join()
        if (seen.has(key)) return
        seen.add(key)
        const rows = parent.rows.filter((row) => column.has[row] === 1)
        if (rows.length === parent.rows.length && size > 1) return
        const sums = noSums()
        for (const row of rows) addSums(sums, projection.sums[row] ?? noSums())
        if (sums.recentFailures < least || sums.recentFailures <= (best?.score ?? 0)) return
        const node = { columns, rows, sums, score: scoreOf(sums, ordinary), promise: promiseOf(sums, ordinary) }
        if (!isWithin(sums, ordinary, bounds)) next.push(node)
        else if (node.score > (best?.score ?? 0) && isBeyondChance(node, projection.columns.length, ordinary))
          best = node
      })
    }
    beam = next.sort((a, b) => b.promise - a.promise).slice(0, BEAM)
  }
  return best
}

/** Least recent failures of a cluster. */
function leastRecent({ recentExcess }: Ordinary, { leastShare }: ClusterBounds): number {
  return leastShare * recentExcess
}

/** Whether a set may be a cluster: it explains enough, and next to no ordinary request is in it. */
export function isWithin(sums: Sums, ordinary: Ordinary, bounds: ClusterBounds): boolean {
  if (recentExcessOf(sums, ordinary) < leastRecent(ordinary, bounds)) return false
  if (excessOf(sums, ordinary) < bounds.leastExcess) return false
  return baselineShare(sums, ordinary) <= bounds.collateralShare && !hasOrdinarySuccesses(sums)
}

/** Recent requests of the attack in it, less what its ordinary ones cost. */
function scoreOf(sums: Sums, ordinary: Ordinary): number {
  return recentExcessOf(sums, ordinary) - ORDINARY_COST * recentOrdinary(sums, ordinary)
}

/** How much a set explains, times how rare it is among ordinary requests: what its subsets may come to. */
function promiseOf(sums: Sums, ordinary: Ordinary): number {
  return Math.max(0, recentExcessOf(sums, ordinary)) * -Math.log(Math.max(1e-5, baselineShare(sums, ordinary)) / 1.1)
}

/**
 * Whether so many failures come neither from ordinary traffic nor from an attack whose clients are like the ordinary
 * ones, at a level corrected for the number of sets that were looked at. Successes of the attack's time, less lucky
 * guesses, are more of the ordinary: so an attack soon after the installation can be judged, too.
 */
function isBeyondChance({ sums, columns }: Conjunction, choices: number, ordinary: Ordinary): boolean {
  const { baseline, scale } = ordinary
  const seen = usualSuccesses(sums) + sums.usualFailures + Math.max(0, sums.successes - luckyShare * sums.failures)
  const now = Math.max(scale * baseline.successes, ordinary.successes)
  const usualShare = Math.min(1, (seen + 3) / (baseline.successes + baseline.failures + now + 3))
  const expected = expectedFailures(sums, ordinary) + usualShare * Math.max(0, ordinary.excess)
  return poissonTail(sums.failures, expected) + columns.length * Math.log(Math.max(2, choices)) < LN_SIGNIFICANCE
}
