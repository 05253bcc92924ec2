import type { Channel } from './channel.ts'

/** Longer values are rarely the same twice. */
const MAX_LENGTH = 512

/**
 * An entry of header maps, by its key and those before it: clients send the same headers in the same order, and mostly
 * with the values of the last time.
 */
class CleanEntry {
  readonly key: string
  /** The channel of the value. */
  readonly channel: Channel
  /** A value here that concerns no reader, nor does its key. */
  clean: string | undefined
  #next: CleanEntry | undefined
  #others: Map<string, CleanEntry> | undefined

  constructor(key: string, channel: Channel) {
    this.key = key
    this.channel = channel
  }

  /** The entry that follows with this key; undefined where none did so far. */
  next(key: string): CleanEntry | undefined {
    const next = this.#next
    return next === undefined || next.key === key ? next : this.#others?.get(key)
  }

  follow(next: CleanEntry): void {
    if (this.#next === undefined) this.#next = next
    else (this.#others ??= new Map()).set(next.key, next)
  }
}

/** The entries of the maps at one place; too many, and all are forgotten. */
export class CleanEntries {
  readonly #maxEntries: number
  readonly #channel: Channel
  #count = 0
  root: CleanEntry

  constructor(maxEntries: number, channel: Channel) {
    this.#maxEntries = maxEntries
    this.#channel = channel
    this.root = new CleanEntry('', channel)
  }

  /** The entry of this key behind another one. */
  after(before: CleanEntry, key: string): CleanEntry {
    return before.next(key) ?? this.#add(before, key)
  }

  #add(before: CleanEntry, key: string): CleanEntry {
    this.#count += 1
    if (this.#count > this.#maxEntries) {
      this.#count = 0
      this.root = new CleanEntry('', this.#channel)
    }
    const { children, below } = this.#channel
    const entry = new CleanEntry(key, children?.get(key) ?? below)
    before.follow(entry)
    return entry
  }
}

/** Notes that the value at the entry concerns nothing. */
export function noteClean(entry: CleanEntry, value: string): void {
  const { tried, stops } = entry.channel
  if (value.length <= MAX_LENGTH && tried.length === 0 && !stops) entry.clean = value
}
