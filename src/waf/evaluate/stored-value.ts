import { heldAt, thaw, unclear } from './gate.ts'
import type { PathItem, PathNode } from './path-tree.ts'
import { unboundedWalk, walkValue } from './value-tree.ts'
import type { ValueTree } from './value-tree.ts'
import type { AddressPlan } from '../plan.ts'

/** The value of an address. A value that concerned no reader has no tree until something asks for it. */
export class StoredValue {
  readonly plan: AddressPlan
  /** The value as given. */
  readonly raw: unknown
  /** What the same layer held of the address before, for readers that have not looked at it. */
  readonly before: StoredValue | undefined
  /** The value of another address in the same layer. */
  next: StoredValue | undefined
  /** What the gate kept of it; nothing when the tree was walked at once. */
  readonly #held: unknown
  #tree: ValueTree | undefined

  constructor(
    plan: AddressPlan,
    raw: unknown,
    held: unknown,
    tree: ValueTree | undefined,
    before: StoredValue | undefined,
  ) {
    this.plan = plan
    this.raw = raw
    this.before = before
    this.next = undefined
    this.#held = held
    this.#tree = tree
  }

  get tree(): ValueTree {
    const { name, paths, limits } = this.plan
    return (this.#tree ??= walkValue(name, thaw(this.#held), paths.root, unboundedWalk(limits)))
  }

  /** What a key path leads to, as it was when it arrived; `absent`, or `unclear` where only the tree tells. */
  kept(path: readonly PathItem[]): unknown {
    return this.#tree === undefined ? heldAt(this.#held, path) : unclear
  }

  /** What a key path of the plan leads to, as given; undefined: nothing, or undefined. */
  at(path: PathNode): unknown {
    if (path.path.length === 0) return this.raw
    if (this.#tree !== undefined) return this.#tree.targets.get(path.id)?.raw
    let value: unknown = this.raw
    for (const key of path.path) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
        return undefined
      value = (value as Readonly<Record<string, unknown>>)[key]
    }
    return value
  }
}
