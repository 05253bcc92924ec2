import type { PlannedAttribute } from '../plan.ts'
import type { Scalar } from '../operator.ts'
import { transform } from '../transformer-list.ts'
import { wellFormed } from './found.ts'
import type { Layer } from './layer.ts'
import type { Target, ValueTree } from './value-tree.ts'

/** A name that is settled. A list of few, which costs less than an array to fill. */
interface Settled {
  readonly name: string
  /** Whether a processor made it. */
  readonly isGenerated: boolean
  readonly before: Settled | undefined
}

/** Characters of a text that are stored. */
const MAX_ATTRIBUTE_LENGTH = 4096

/**
 * The attributes of a context: each is set once, by whoever is first, and some wait for their address. Only processors
 * set theirs again, when they have more to work on.
 */
export class Attributes {
  #settled: Settled | undefined
  #waiting: Map<string, PlannedAttribute> | undefined
  #fresh: Record<string, unknown> | undefined

  /** Sets the attribute, or waits for its address. A path that is absent from a present address gives up the attribute. */
  add(attribute: PlannedAttribute, layer: Layer): void {
    const { source, from } = attribute
    if (this.#find(source.name) !== undefined) return
    if (!('input' in source)) return this.#give(source.name, source.value, false)
    const tree = layer.tree(source.input.address)
    if (tree === undefined) {
      this.#waiting ??= new Map()
      if (!this.#waiting.has(source.name)) this.#waiting.set(source.name, attribute)
      return
    }
    this.#waiting?.delete(source.name)
    const target = from && tree.targets.get(from.id)
    const value = target && firstScalar(tree, target)
    if (value === undefined || value === null) this.#settle(source.name, false)
    else if (typeof value === 'string') {
      const text = wellFormed(transform(source.input.transformers, value).slice(0, MAX_ATTRIBUTE_LENGTH))
      this.#give(source.name, text, false)
    } else this.#give(source.name, value, false)
  }

  /** Sets what a processor made, in place of what it made before of less; never what a rule has set. */
  regenerate(name: string, value: unknown): void {
    const settled = this.#find(name)
    if (settled === undefined) this.#give(name, value, true)
    else if (settled.isGenerated) this.#show(name, value)
  }

  /** Tries again what waits for an address. */
  resolve(layer: Layer): void {
    if (this.#waiting !== undefined) for (const attribute of this.#waiting.values()) this.add(attribute, layer)
  }

  /** What was set since the last call. */
  take(): Record<string, unknown> {
    const fresh = this.#fresh ?? {}
    this.#fresh = undefined
    return fresh
  }

  #find(name: string): Settled | undefined {
    let one = this.#settled
    while (one !== undefined && one.name !== name) one = one.before
    return one
  }

  #settle(name: string, isGenerated: boolean): void {
    this.#settled = { name, isGenerated, before: this.#settled }
  }

  #give(name: string, value: unknown, isGenerated: boolean): void {
    this.#settle(name, isGenerated)
    this.#show(name, value)
  }

  #show(name: string, value: unknown): void {
    this.#fresh ??= {}
    if (name === '__proto__') Object.defineProperty(this.#fresh, name, { value, enumerable: true, writable: true })
    else this.#fresh[name] = value
  }
}

/** The scalar at the target, or the first item of the list there when it is one; a map has none. */
function firstScalar(tree: ValueTree, target: Target): Scalar | undefined {
  if (target.firstLeaf === target.endLeaf) return undefined
  const leaf = tree.leaves[target.firstLeaf]
  const isFirstItem = leaf?.parent === target.place && leaf.key === 0
  return leaf === target.place || isFirstItem ? leaf?.value : undefined
}
