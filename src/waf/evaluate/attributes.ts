import type { PlannedAttribute } from '../plan.ts'
import type { Scalar } from '../operator.ts'
import { transform } from '../transformer-list.ts'
import { wellFormed } from './found.ts'
import type { Layer } from './layer.ts'
import type { Target, ValueTree } from './value-tree.ts'

/** Characters of a text that are stored. */
const MAX_ATTRIBUTE_LENGTH = 4096

/**
 * The attributes of a context: each is set once, by whoever is first, and some wait for their address. Only processors
 * set theirs again, when they have more to work on.
 */
export class Attributes {
  readonly #set = new Set<string>()
  readonly #generated = new Set<string>()
  readonly #waiting = new Map<string, PlannedAttribute>()
  #fresh: Record<string, unknown> = Object.create(null)
  #count = 0

  /** Sets the attribute, or waits for its address. A path that is absent from a present address gives up the attribute. */
  add(attribute: PlannedAttribute, layer: Layer): void {
    const { source, from } = attribute
    if (this.#set.has(source.name)) return
    if (!('input' in source)) return this.set(source.name, source.value)
    const tree = layer.tree(source.input.address)
    if (tree === undefined) {
      if (!this.#waiting.has(source.name)) this.#waiting.set(source.name, attribute)
      return
    }
    this.#waiting.delete(source.name)
    const target = from && tree.targets.get(from.id)
    const value = target && firstScalar(tree, target)
    if (value === undefined || value === null) this.#set.add(source.name)
    else if (typeof value === 'string')
      this.set(source.name, wellFormed(transform(source.input.transformers, value).slice(0, MAX_ATTRIBUTE_LENGTH)))
    else this.set(source.name, value)
  }

  set(name: string, value: unknown): void {
    if (this.#set.has(name)) return
    this.#set.add(name)
    this.#fresh[name] = value
    this.#count += 1
  }

  /** Sets what a processor made, in place of what it made before of less; never what a rule has set. */
  regenerate(name: string, value: unknown): void {
    if (this.#generated.has(name)) this.#set.delete(name)
    else if (!this.#set.has(name)) this.#generated.add(name)
    this.set(name, value)
  }

  /** Tries again what waits for an address. */
  resolve(layer: Layer): void {
    for (const attribute of this.#waiting.values()) this.add(attribute, layer)
  }

  /** What was set since the last call. */
  take(): Record<string, unknown> {
    const fresh = this.#fresh
    if (this.#count > 0) this.#fresh = Object.create(null)
    this.#count = 0
    return fresh
  }
}

/** The scalar at the target, or the first item of the list there when it is one; a map has none. */
function firstScalar(tree: ValueTree, target: Target): Scalar | undefined {
  if (target.firstLeaf === target.endLeaf) return undefined
  const leaf = tree.leaves[target.firstLeaf]
  const isFirstItem = leaf?.parent === target.place && leaf.key === 0
  return leaf === target.place || isFirstItem ? leaf?.value : undefined
}
