/** Beyond so many tags a name is looked up in an index; below, running over the list is cheaper than hashing. */
const MAX_SCANNED = 48

/**
 * Tags in the order in which they were first set. Two lists side by side rather than an object: a span has dozens of
 * tags that are written once and read once, and a table that grows and is enumerated costs microseconds.
 */
export class TagList<T> {
  readonly names: string[] = []
  readonly values: T[] = []
  #index: Map<string, number> | undefined

  get size(): number {
    return this.names.length
  }

  get(name: string): T | undefined {
    const at = this.#find(name)
    return at < 0 ? undefined : this.values[at]
  }

  has(name: string): boolean {
    return this.#find(name) >= 0
  }

  /** Adds a tag of which it is known that it is not there yet. */
  add(name: string, value: T): void {
    this.#index?.set(name, this.names.length)
    this.names.push(name)
    this.values.push(value)
  }

  set(name: string, value: T): void {
    const at = this.#find(name)
    if (at < 0) this.add(name, value)
    else this.values[at] = value
  }

  delete(name: string): void {
    const at = this.#find(name)
    if (at < 0) return
    this.names.splice(at, 1)
    this.values.splice(at, 1)
    this.#index = undefined
  }

  /** These tags and the shared ones, in a record without a prototype: no name means anything to it. */
  toRecord(shared: Readonly<Record<string, T>>): Record<string, T> {
    const record = Object.assign(Object.create(null) as Record<string, T>, shared)
    for (let at = 0; at < this.names.length; at++) record[this.names[at] as string] = this.values[at] as T
    return record
  }

  #find(name: string): number {
    if (this.names.length <= MAX_SCANNED) return this.names.indexOf(name)
    this.#index ??= new Map(this.names.map((known, at) => [known, at]))
    return this.#index.get(name) ?? -1
  }
}
