/** A bounded cache that forgets what was used least recently. */
export class Lru<K, V> {
  readonly #capacity: number
  readonly #entries = new Map<K, V>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The value of a key, made when it is not held. */
  get(key: K, make: (key: K) => V): V {
    let value = this.#entries.get(key)
    if (value === undefined) value = make(key)
    else this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    return value
  }
}
