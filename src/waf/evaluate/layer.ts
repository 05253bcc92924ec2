import type { PlannedFilter } from '../plan.ts'
import type { Found } from './found.ts'
import type { Leaf, Target, ValueTree } from './value-tree.ts'

/** A target of a condition that arrived: one input's value in one tree. */
export interface Arrival {
  readonly inputIndex: number
  readonly tree: ValueTree
  /** What the key path leads to; undefined: the address is there, the path is not. */
  readonly target: Target | undefined
  /** The leaves that may match; undefined: all below the target. */
  readonly candidates: Leaf[] | undefined
  /** Whether it has been looked at and holds no match. */
  examined: boolean
}

export interface ConditionState {
  readonly arrivals: Arrival[]
  /** What matched; it stays so for the life of the layer. */
  match: Found | undefined
}

/**
 * Data that live together, and what was found in them: a context's persistent data, a subcontext's, or one run's
 * ephemeral data. A layer sees the layers below it; what it finds does not outlive it.
 */
export class Layer {
  readonly below: Layer | undefined
  readonly trees = new Map<string, ValueTree>()
  readonly conditions = new Map<number, ConditionState>()
  /** Rules and filters with something new to look at. */
  readonly due = new Set<number>()
  #matchedRules: Set<number> | undefined
  #matchedFilters: Set<PlannedFilter> | undefined
  /** The verdict that each collection of module `waf` has had, by type. */
  #collections: Map<string, number> | undefined
  /** Addresses that a processor made, with how many inputs it had. */
  readonly generated = new Map<string, number>()

  constructor(below: Layer | undefined) {
    this.below = below
  }

  tree(address: string): ValueTree | undefined {
    return this.trees.get(address) ?? this.below?.tree(address)
  }

  arrive(conditionId: number, arrival: Arrival): void {
    const state = this.conditions.get(conditionId)
    if (state === undefined) this.conditions.set(conditionId, { arrivals: [arrival], match: undefined })
    else state.arrivals.push(arrival)
  }

  hasMatched(rule: number): boolean {
    return this.#matchedRules?.has(rule) === true || (this.below?.hasMatched(rule) ?? false)
  }

  /** Notes that the rule is done, and the verdict of its collection if it has one. */
  matched(rule: number, collection: string | undefined, verdict: number): void {
    this.#matchedRules ??= new Set()
    this.#matchedRules.add(rule)
    if (collection === undefined) return
    this.#collections ??= new Map()
    this.#collections.set(collection, verdict)
  }

  isInForce(filter: PlannedFilter): boolean {
    return this.#matchedFilters?.has(filter) === true || (this.below?.isInForce(filter) ?? false)
  }

  putInForce(filter: PlannedFilter): void {
    this.#matchedFilters ??= new Set()
    this.#matchedFilters.add(filter)
  }

  collectionVerdict(type: string): number {
    return Math.max(this.#collections?.get(type) ?? 0, this.below?.collectionVerdict(type) ?? 0)
  }
}

/** A layer and those below it, from the top. */
export function* layersOf(top: Layer): Generator<Layer> {
  for (let at: Layer | undefined = top; at !== undefined; at = at.below) yield at
}
