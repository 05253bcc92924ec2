import type { Accepts, ExploitMatcher, ResourceJudge, ScalarMatcher } from './operator.ts'
import type { DataSet } from './data-set.ts'
import type { PathItem } from './evaluate/path-tree.ts'
import type { Need } from './prefilter/required-literals.ts'
import type { TransformerList } from './transformer-list.ts'

/** Where a condition reads: an address, a key path below it, keys or values, and how texts are transformed first. */
export interface Input {
  readonly address: string
  readonly keyPath: readonly PathItem[]
  readonly source: 'values' | 'keys'
  readonly transformers: TransformerList
}

/** A condition of a rule, filter or processor, compiled. */
export type Condition = ScalarCondition | PresenceCondition | ExploitCondition

export interface ScalarCondition {
  readonly kind: 'scalar'
  /** The operator as events name it, with `!` when negated. */
  readonly operator: string
  readonly operatorValue: string
  readonly negated: boolean
  readonly accepts: Accepts
  readonly inputs: readonly Input[]
  /** What every matching value holds; undefined: every value must be tried. */
  readonly need: Need | undefined
  /** The live list that a negation asks: where no configuration gives it, nothing is said of it. */
  readonly list: DataSet | undefined
  readonly match: ScalarMatcher
}

export interface PresenceCondition {
  readonly kind: 'presence'
  readonly operator: string
  readonly operatorValue: string
  readonly negated: boolean
  readonly inputs: readonly Input[]
}

export interface ExploitCondition {
  readonly kind: 'exploit'
  readonly operator: string
  readonly operatorValue: string
  readonly resource: readonly Input[]
  readonly params: readonly Input[]
  readonly dialect: readonly Input[]
  readonly minParameterBytes: number
  readonly match: ExploitMatcher
  /** What is asked of the resource by itself, before the first parameter. */
  readonly judge: ResourceJudge | undefined
}
