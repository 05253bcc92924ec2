/**
 * A bounded cache of what was used recently: at most `capacity` entries, at least half of them those used last. It has two
 * generations, since taking the oldest entry out of a large Map walks over all that were taken out before it.
 */
export class Recent<K, V> {
  readonly #half: number
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  constructor(capacity: number) {
    this.#half = Math.max(1, capacity >> 1)
  }

  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  /** The value of a key, made when it is not held. */
  get(key: K, make: (key: K) => V): V {
    const found = this.#young.get(key)
    if (found !== undefined) return found
    const value = this.#old.get(key) ?? make(key)
    this.set(key, value)
    return value
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
