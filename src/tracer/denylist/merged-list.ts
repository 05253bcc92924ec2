import type { ListEntry, ListKind } from './list-kind.ts'

/**
 * Configurations with more items form a tier of their own: what was added a moment ago comes in a small configuration,
 * and must not have a million entries merged again.
 */
const LARGE_ITEMS = 1000

interface Tier<T> {
  readonly merged: T
  readonly byPath: ReadonlyMap<string, T>
}

/** One list merged over the configurations that carry parts of it; immutable. */
export class MergedList<T> {
  readonly #kind: ListKind<T>
  readonly #tiers: readonly [small: Tier<T>, large: Tier<T>]
  readonly size: number

  constructor(kind: ListKind<T>, tiers?: readonly [Tier<T>, Tier<T>]) {
    this.#kind = kind
    this.#tiers = tiers ?? [
      { merged: kind.empty, byPath: new Map() },
      { merged: kind.empty, byPath: new Map() },
    ]
    this.size = this.#tiers.reduce((sum, { merged }) => sum + kind.size(merged), 0)
  }

  find(value: string, nowSeconds: number): ListEntry | undefined {
    const [small, large] = this.#tiers
    return this.#kind.find(large.merged, value, nowSeconds) ?? this.#kind.find(small.merged, value, nowSeconds)
  }

  /** The list after the parts of some paths changed (undefined: went), in slices. Untouched tiers are used as they are. */
  *change(parts: ReadonlyMap<string, T | undefined>): Generator<void, MergedList<T>> {
    const isLarge = (part: T): boolean => this.#kind.size(part) >= LARGE_ITEMS
    const [small, large] = this.#tiers
    return new MergedList(this.#kind, [
      yield* this.#changeTier(small, parts, (part) => !isLarge(part)),
      yield* this.#changeTier(large, parts, isLarge),
    ])
  }

  *#changeTier(
    tier: Tier<T>,
    parts: ReadonlyMap<string, T | undefined>,
    belongs: (part: T) => boolean,
  ): Generator<void, Tier<T>> {
    const byPath = new Map(tier.byPath)
    let touched = false
    for (const [path, part] of parts) {
      if (byPath.delete(path)) touched = true
      if (part === undefined || this.#kind.size(part) === 0 || !belongs(part)) continue
      byPath.set(path, part)
      touched = true
    }
    return touched ? { byPath, merged: yield* this.#kind.merge([...byPath.values()]) } : tier
  }
}
