import type { Ordinary } from './estimate.ts'
import { estimateOrdinary, excessOf, precisionOf, recentExcessOf } from './estimate.ts'
import type { Observation, Sums } from './observations.ts'
import { addSums, noSums } from './observations.ts'
import type { ClusterBounds } from './search-conjunction.ts'
import { isWithin, searchConjunction } from './search-conjunction.ts'
import type { Trait } from './trait.ts'
import { isBlockable, traitAttribute, traitKey } from './trait.ts'
import type { TraitTable } from './trait-table.ts'
import { buildTraitTable, project } from './trait-table.ts'

export interface FindClustersOptions {
  readonly observations: readonly Observation[]
  /** Length of the attack over length of the baseline. */
  readonly timeScale: number
  /** The attack set is one group of many, such as an address. */
  readonly narrow: boolean
  readonly feeds: { readonly fingerprints: boolean }
  readonly bounds?: Partial<ClusterBounds>
  /** Clusters of an earlier search: one that is as good as what is found now stays as it was. */
  readonly known?: readonly (readonly Trait[])[]
}

/** A tool of the attackers, as its requests give it away. */
export interface FoundCluster {
  /** One to four, all of which a WAF rule can say. */
  readonly traits: readonly Trait[]
  /** Others that nearly all of its requests have, with the share that does, the most telling first. */
  readonly described: readonly { readonly trait: Trait; readonly share: number }[]
  /** Share of the attack, recent requests weighing more. */
  readonly attackShare: number
  readonly precision: number
  readonly sums: Sums
}

const defaultBounds: ClusterBounds = { collateralShare: 0.001, leastShare: 0.04, leastExcess: 10 }
const MAX_CLUSTERS = 8
/** Traits that are searched; each has to be common in the attack, so that more are repetitions. */
const MAX_SEARCHED = 160
const MAX_DESCRIBED = 12
/** Clusters that share as much of their recent requests are one, seen at two times. */
const sameShare = 0.95
/** A trait describes a cluster when this share of its failures has it. */
const describesShare = 0.9
/** A further trait is asked for where it loses no more than this share of a cluster. */
const hedgeLoss = 0.005
/** The fewest conditions of a cluster where its requests share more: one alone may soon be somebody's new browser. */
const wantedConditions = 2

/**
 * What attackers share that nobody else does (spec/detection.md 1.6, docs/clustering.md): greedily the set of traits that
 * explains most of the excess at next to no collateral, then the same for what is left, one cluster for each tool.
 */
export function findClusters(options: FindClustersOptions): readonly FoundCluster[] {
  const table = buildTraitTable(options.observations)
  const total = sumRows(table.sums)
  const ordinary = estimateOrdinary(total, options.timeScale, options.narrow)
  const bounds = { ...defaultBounds, ...options.bounds }
  if (ordinary.excess < bounds.leastExcess || ordinary.recentExcess <= 0) return []
  const found: FoundCluster[] = []
  const known = (options.known ?? []).flatMap((traits) => numbersOf(table, traits) ?? [])
  let sums = table.sums
  while (found.length < MAX_CLUSTERS) {
    const chosen = searchedTraits(table, sums, bounds.leastShare * ordinary.recentExcess, options.feeds)
    if (chosen.length === 0) break
    const projection = project(table, sums, chosen)
    const conjunction = searchConjunction(projection, ordinary, bounds)
    if (conjunction === undefined) break
    const traits = conjunction.columns.map((column) => preferred(table, projection.columns[column]?.alternatives ?? []))
    const tools = splitTools(table, sums, traits, { ordinary, bounds, feeds: options.feeds })
    for (const tool of tools) {
      const before = knownAs(table, sums, tool, known)
      const kept = before !== undefined && isWithin(sumsAt(sums, rowsOf(table, before)), ordinary, bounds)
      found.push(describe(table, sums, kept ? before : hedge(table, sums, tool, chosen), ordinary))
      // What stays of its requests without the further trait is no tool of its own.
      sums = withoutAttack(table, sums, tool)
    }
  }
  return found.slice(0, MAX_CLUSTERS)
}

/** The numbers of traits; none where one of them is not in the table. */
function numbersOf(table: TraitTable, traits: readonly Trait[]): readonly (readonly number[])[] | undefined {
  const keys = table.traits.map(traitKey)
  const numbers = traits.map((trait) => keys.indexOf(traitKey(trait)))
  return numbers.includes(-1) ? undefined : [numbers]
}

/** The earlier cluster with nearly the same requests. */
function knownAs(
  table: TraitTable,
  sums: readonly Sums[],
  tool: readonly number[],
  known: readonly (readonly number[])[],
): readonly number[] | undefined {
  const rows = rowsOf(table, tool)
  const own = sumsAt(sums, rows).recentFailures
  return known.find((traits) => {
    const others = new Set(rowsOf(table, traits))
    const both = sumsAt(
      sums,
      rows.filter((row) => others.has(row)),
    ).recentFailures
    return both >= sameShare * own && both >= sameShare * sumsAt(sums, [...others]).recentFailures
  })
}

function sumRows(rows: readonly Sums[]): Sums {
  const total = noSums()
  for (const row of rows) addSums(total, row)
  return total
}

/** Traits that a rule can say and that are common enough in what is left of the attack. */
function searchedTraits(
  table: TraitTable,
  sums: readonly Sums[],
  least: number,
  feeds: FindClustersOptions['feeds'],
): readonly number[] {
  const failures = new Float64Array(table.traits.length)
  table.traitsOfRow.forEach((traits, row) => {
    const recent = sums[row]?.recentFailures ?? 0
    if (recent > 0) for (const trait of traits) failures[trait] = (failures[trait] ?? 0) + recent
  })
  return table.traits
    .map((_, index) => index)
    .filter((index) => (failures[index] ?? 0) >= least && isBlockable(table.traits[index] as Trait, feeds))
    .sort((a, b) => (failures[b] ?? 0) - (failures[a] ?? 0) || a - b)
    .slice(0, MAX_SEARCHED)
}

/** Of traits that the same requests have, the one that people understand best and updates change least. */
function preferred(table: TraitTable, alternatives: readonly number[]): number {
  return alternatives.reduce((best, trait) =>
    rank(table.traits[trait] as Trait) < rank(table.traits[best] as Trait) ? trait : best,
  )
}

function rank({ kind, attribute }: Trait): number {
  if (attribute === traitAttribute.userAgent) return ['absent', 'value', 'product', 'shape', 'present'].indexOf(kind)
  if (kind !== 'value') return 5
  if (attribute.startsWith('http.')) return 6
  return attribute === traitAttribute.order ? 7 : 8
}

function rowsOf(table: TraitTable, traits: readonly number[]): readonly number[] {
  return table.traitsOfRow.flatMap((has, row) => (traits.every((trait) => has.includes(trait)) ? [row] : []))
}

function sumsAt(sums: readonly Sums[], rows: readonly number[]): Sums {
  const total = noSums()
  for (const row of rows) addSums(total, sums[row] ?? noSums())
  return total
}

/** Adds traits that all of a cluster has and ordinary traffic has least, until it has as many as are wanted. */
function hedge(
  table: TraitTable,
  sums: readonly Sums[],
  traits: readonly number[],
  chosen: readonly number[],
): readonly number[] {
  if (traits.length >= wantedConditions) return traits
  const rows = rowsOf(table, traits)
  const own = new Set(traits.map((trait) => table.traits[trait]?.attribute))
  const { recentFailures } = sumsAt(sums, rows)
  const has = countTraits(table, sums, rows, ({ recentFailures: failures }) => failures)
  const usual = countTraits(
    table,
    sums,
    table.sums.map((_, row) => row),
    usualRequests,
  )
  const wanted = chosen
    .filter(
      (trait) => !own.has(table.traits[trait]?.attribute) && (has.get(trait) ?? 0) >= (1 - hedgeLoss) * recentFailures,
    )
    .sort(
      (a, b) =>
        (usual.get(a) ?? 0) - (usual.get(b) ?? 0) || rank(table.traits[a] as Trait) - rank(table.traits[b] as Trait),
    )
  return [...traits, ...wanted.slice(0, wantedConditions - traits.length)]
}

function usualRequests({ baseSuccesses, usualFailures }: Sums): number {
  return baseSuccesses + usualFailures
}

function countTraits(
  table: TraitTable,
  sums: readonly Sums[],
  rows: readonly number[],
  amount: (sums: Sums) => number,
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const row of rows) {
    const value = amount(sums[row] ?? noSums())
    if (value > 0) for (const trait of table.traitsOfRow[row] ?? []) counts.set(trait, (counts.get(trait) ?? 0) + value)
  }
  return counts
}

const leastToolShare = 0.1
const toolsTogetherShare = 0.9
const MAX_TOOLS = 4

/**
 * A trait that several tools share finds them together; a program sends its headers in one order, so that up to four
 * orders that make up nearly all of a cluster are as many tools. More orders are one tool that shuffles them. A tool of
 * which too little is left is dropped here, and comes back as a cluster of its own if there is more of it.
 */
function splitTools(
  table: TraitTable,
  sums: readonly Sums[],
  traits: readonly number[],
  { ordinary, bounds, feeds }: { ordinary: Ordinary; bounds: ClusterBounds; feeds: FindClustersOptions['feeds'] },
): readonly (readonly number[])[] {
  if (!feeds.fingerprints || traits.length >= 4) return [traits]
  if (traits.some((trait) => table.traits[trait]?.attribute === traitAttribute.order)) return [traits]
  const rows = rowsOf(table, traits)
  const total = sumsAt(sums, rows).recentFailures
  const orders = [...countTraits(table, sums, rows, ({ recentFailures }) => recentFailures)]
    .filter(
      ([trait, count]) => table.traits[trait]?.attribute === traitAttribute.order && count >= leastToolShare * total,
    )
    .sort(([, a], [, b]) => b - a)
  const together = orders.reduce((sum, [, count]) => sum + count, 0)
  const [largest = 0] = orders.map(([, count]) => count)
  const isOne = largest >= (1 - hedgeLoss) * total
  if (isOne || orders.length === 0 || orders.length > MAX_TOOLS || together < toolsTogetherShare * total)
    return [traits]
  const tools = orders.map(([order]) => [...traits, order])
  return tools.every((tool) => isWithin(sumsAt(sums, rowsOf(table, tool)), ordinary, bounds)) ? tools : [traits]
}

function describe(
  table: TraitTable,
  sums: readonly Sums[],
  traits: readonly number[],
  ordinary: Ordinary,
): FoundCluster {
  const rows = rowsOf(table, traits)
  const own = sumsAt(sums, rows)
  const has = countTraits(table, sums, rows, ({ failures }) => failures)
  const usual = countTraits(
    table,
    sums,
    table.sums.map((_, row) => row),
    usualRequests,
  )
  const common = [...has].filter(([trait, count]) => !traits.includes(trait) && count >= describesShare * own.failures)
  const isOneAgent = [...traits, ...common.map(([trait]) => trait)].some((trait) => isUserAgent(table.traits[trait]))
  const described = common
    // The parts of a user agent say nothing more than the whole.
    .filter(([trait]) => !isOneAgent || !['shape', 'product'].includes(table.traits[trait]?.kind ?? ''))
    .sort(([a], [b]) => (usual.get(a) ?? 0) - (usual.get(b) ?? 0) || a - b)
    .slice(0, MAX_DESCRIBED)
    .map(([trait, count]) => ({ trait: table.traits[trait] as Trait, share: count / own.failures }))
  return {
    traits: traits.map((trait) => table.traits[trait] as Trait),
    described,
    attackShare: Math.max(0, Math.min(1, recentExcessOf(own, ordinary) / ordinary.recentExcess)),
    precision: excessOf(own, ordinary) <= 0 ? 0 : precisionOf(own, ordinary),
    sums: own,
  }
}

function isUserAgent(trait: Trait | undefined): boolean {
  return trait?.kind === 'value' && trait.attribute === traitAttribute.userAgent
}

/** The rows as they are once a cluster's requests are taken out of the attack; the baseline stays whole. */
function withoutAttack(table: TraitTable, sums: readonly Sums[], traits: readonly number[]): readonly Sums[] {
  const gone = new Set(rowsOf(table, traits))
  return sums.map((row, index) =>
    gone.has(index) ? { ...row, failures: 0, successes: 0, recentFailures: 0, recentSuccesses: 0 } : row,
  )
}
