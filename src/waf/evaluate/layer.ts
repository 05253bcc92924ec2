import type { PlannedFilter } from '../plan.ts'
import type { Found } from './found.ts'
import type { StoredValue } from './stored-value.ts'
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

/** An address that a processor made, and of which inputs. A list of few, which costs less than an array to fill. */
interface Generated {
  readonly address: string
  readonly inputs: readonly unknown[]
  readonly before: Generated | undefined
}

const nothing: ReadonlySet<number> = new Set()
const none: readonly number[] = []
const EVERYTHING = -1

/**
 * Data that live together, and what was found in them: a context's persistent data, a subcontext's, or one run's
 * ephemeral data. A layer sees the layers below it; what it finds does not outlive it. Most layers find nothing, so what
 * holds findings is made when there is one.
 */
export class Layer {
  readonly below: Layer | undefined
  /** Bits of the processors that have something new to work on. */
  fed = 0
  /** Bits of the resources of exploit operators that this layer holds. */
  resources = 0
  /** Bits of what came since rules that are awake were last asked; all of them when a rule woke. */
  stirred = 0
  /** The first of a list: values are few, so that looking through them is the fastest, and an array costs more to fill. */
  #values: StoredValue | undefined
  #conditions: Map<number, ConditionState> | undefined
  #due: Set<number> | undefined
  #awake: number[] | undefined
  #matchedRules: Set<number> | undefined
  #matchedFilters: Set<PlannedFilter> | undefined
  /** The verdict that each collection of module `waf` has had, by type. */
  #collections: Map<string, number> | undefined
  #generated: Generated | undefined

  constructor(below: Layer | undefined) {
    this.below = below
  }

  /** The value of the address in this layer or the nearest below. */
  value(address: string): StoredValue | undefined {
    return this.own(address) ?? this.below?.value(address)
  }

  /** The value of the address in this very layer. */
  own(address: string): StoredValue | undefined {
    let value = this.#values
    while (value !== undefined && value.plan.name !== address) value = value.next
    return value
  }

  /** Puts the value in the place of the one that this layer has of its address. */
  store(value: StoredValue): void {
    let before: StoredValue | undefined
    let at = this.#values
    while (at !== undefined && at.plan !== value.plan) {
      before = at
      at = at.next
    }
    value.next = at?.next
    if (before === undefined) this.#values = value
    else before.next = value
  }

  tree(address: string): ValueTree | undefined {
    return this.value(address)?.tree
  }

  state(conditionId: number): ConditionState | undefined {
    return this.#conditions?.get(conditionId)
  }

  arrive(conditionId: number, owner: number, arrival: Arrival): void {
    this.#conditions ??= new Map()
    const state = this.#conditions.get(conditionId)
    if (state === undefined) this.#conditions.set(conditionId, { arrivals: [arrival], match: undefined })
    else state.arrivals.push(arrival)
    if (owner < 0) return
    this.#due ??= new Set()
    this.#due.add(owner)
  }

  /** Notes what a condition found in this layer's data. */
  keep(conditionId: number, match: Found): void {
    this.#conditions ??= new Map()
    const state = this.#conditions.get(conditionId)
    if (state === undefined) this.#conditions.set(conditionId, { arrivals: [], match })
    else state.match = match
  }

  /** Rules and filters with something new to look at. */
  get due(): ReadonlySet<number> {
    return this.#due ?? nothing
  }

  /** Notes that the rule has looked at all that arrived. */
  settle(rule: number): void {
    this.#due?.delete(rule)
  }

  /** Rules whose anchor may match: the other conditions are asked as well. */
  get awake(): readonly number[] {
    return this.#awake ?? none
  }

  wake(rule: number): void {
    this.stirred = EVERYTHING
    if (this.#awake === undefined) this.#awake = [rule]
    else if (!this.#awake.includes(rule)) this.#awake.push(rule)
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

  /** The inputs of which a processor made this address in this very layer; undefined: it made none. */
  generatedFrom(address: string): readonly unknown[] | undefined {
    let one = this.#generated
    while (one !== undefined && one.address !== address) one = one.before
    return one?.inputs
  }

  /** Notes it; what is noted last counts. */
  generated(address: string, inputs: readonly unknown[]): void {
    this.#generated = { address, inputs, before: this.#generated }
  }

  /** Forgets all data and findings. */
  clear(): void {
    this.#values = undefined
    this.resources = 0
    this.#conditions = undefined
    this.#due = undefined
    this.#awake = undefined
    this.#generated = undefined
  }
}

/** A layer and those below it, from the top. */
export function* layersOf(top: Layer): Generator<Layer> {
  for (let at: Layer | undefined = top; at !== undefined; at = at.below) yield at
}
