import type { Action } from './action.ts'
import type { Condition, Input } from './condition.ts'
import type { Channel } from './evaluate/channel.ts'
import type { Lens } from './evaluate/lens.ts'
import type { PathNode, PathTree } from './evaluate/path-tree.ts'
import type { Exclusion } from './load/parse-exclusion.ts'
import type { LiteralScanner } from './prefilter/literal-scanner.ts'
import type { Processor } from './processor.ts'
import type { AttributeSource, Rule } from './rule.ts'
import type { Scanner } from './scanner.ts'
import type { WafLimits } from './waf.ts'

/** What a rule does when it matches; the greater ends more. */
export const verdict = { monitor: 1, block: 2 } as const
export type Verdict = (typeof verdict)[keyof typeof verdict]

/** A condition with its number in the plan, and what becomes due when one of its inputs arrives. */
export interface PlannedCondition {
  readonly id: number
  readonly condition: Condition
  /** Number of the rule or filter; -1 for a condition of a processor, which is evaluated anyway. */
  readonly owner: number
  /** Whether it comes first in its rule. */
  readonly isFirst: boolean
  /** Whether it is the condition of its rule on which the others wait. */
  readonly isAnchor: boolean
  /** Whether the scanner's word is enough to wake the rule: an anchor that is asked last, after what costs less. */
  readonly isLate: boolean
}

export interface PlannedRule {
  /** Place in the order of evaluation. */
  readonly index: number
  readonly rule: Rule
  readonly tags: Readonly<Record<string, string>>
  readonly onMatch: readonly string[]
  /** Those of `onMatch` that are known. */
  readonly actions: readonly Action[]
  readonly verdict: Verdict
  readonly moduleRank: number
  /** The collection it belongs to in module `waf`; other modules have none. */
  readonly collection: string | undefined
  readonly conditions: readonly PlannedCondition[]
  /** What the conditions read that are looked at only once the anchor may match. */
  readonly deferred: readonly Reader[]
  /** Bits of the addresses that they read. */
  readonly stirredBy: number
  readonly attributes: readonly PlannedAttribute[]
}

/** An attribute of a rule, with the place its value comes from. */
export interface PlannedAttribute {
  readonly source: AttributeSource
  readonly from: PathNode | undefined
}

export interface PlannedFilter {
  /** Number among rules and filters. */
  readonly index: number
  readonly exclusion: Exclusion
  readonly conditions: readonly PlannedCondition[]
  /** Places of the rules it is for; undefined: all. */
  readonly rules: ReadonlySet<number> | undefined
}

/**
 * One mapping of a processor, with all that running it takes: of what every request asks for, the number of objects to be
 * reached counts, more than what is done with them.
 */
export interface PlannedMapping {
  /** Its bit in `AddressPlan.feeds`. */
  readonly feed: number
  readonly processor: Processor
  /** Undefined: there are none. */
  readonly conditions: readonly PlannedCondition[] | undefined
  readonly inputs: readonly PlannedInput[]
  readonly scanners: readonly Scanner[]
  readonly output: string
  /** Whether something reads the address of this name. */
  readonly isRead: boolean
  /** Whether what is made becomes that address. */
  readonly isKept: boolean
  /** Whether it becomes an attribute. */
  readonly isShown: boolean
}

/** A place of the processor's inputs, in the processor's order. */
export interface PlannedInput {
  readonly address: string
  readonly path: PathNode
  /** Whether nothing is made without it. */
  readonly required: boolean
  readonly isText: boolean
}

/** A bit for each mapping; the later ones share one, which is never taken back once it is set. */
export const SHARED_FEED: number = 1 << 31

/** One input of a condition, at the path it reads. */
export interface Reader {
  readonly condition: PlannedCondition
  readonly inputIndex: number
  readonly input: Input
  readonly path: PathNode
}

/** What the plan reads of one address. */
export interface AddressPlan {
  readonly name: string
  readonly paths: PathTree
  /** Readers whose conditions the scanner knows, by what they look at. */
  readonly lenses: readonly Lens[]
  /** The other readers. */
  readonly direct: readonly Reader[]
  readonly scanner: LiteralScanner
  /** The way by which most values pass without a tree; undefined: there is none. */
  readonly channel: Channel | undefined
  /** Bits of the resources in which exploit operators look for what this address holds: once one is there, the tree is walked. */
  readonly resources: number
  /** Its own bit, when it is such a resource; more than 32 share bits. */
  readonly resource: number
  /** Bits of the mappings of processors that read this address. */
  readonly feeds: number
  /** Whether something may ask for the value in a later run. */
  readonly isKept: boolean
  /** Its own bit, when rules read it once their anchor may match; more than 32 share bits. */
  readonly stirs: number
  readonly limits: Required<WafLimits>
}

/** Everything that is in force, in the order in which it is evaluated. Never changes; a new one takes its place. */
export interface Plan {
  readonly rules: readonly PlannedRule[]
  readonly filters: readonly PlannedFilter[]
  readonly preprocessors: readonly PlannedMapping[]
  readonly postprocessors: readonly PlannedMapping[]
  readonly actions: ReadonlyMap<string, Action>
  readonly addresses: ReadonlyMap<string, AddressPlan>
  readonly knownAddresses: ReadonlySet<string>
}
