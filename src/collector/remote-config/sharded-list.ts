import type { DataItem } from '../../model/remote-config.ts'

/** Most entries of one configuration: a change resends one of them, not 65 MB (spec/tracer.md 1.8). */
export const maxShardEntries = 5_000
/** What shards are made for: far enough below the most that chance never fills one. */
const usualShardEntries = 2_500
/** New entries gather in shards of their own, the last of which is what a change resends; a full one is left as it is. */
const maxNewEntries = 2_000

interface Shard {
  readonly name: string
  readonly entries: Map<string, number>
}

/**
 * Values and their ends (unix seconds, 0: none), spread over shards by a hash of the value, so that every collector and
 * every restart makes the same shards. What is new goes to small shards first, and is merged when it is quiet.
 */
export class ShardedList {
  #shards: readonly Shard[] = [shard('0')]
  #new: Shard[] = []
  /** In which of the new shards a value is. */
  readonly #newShardOf = new Map<string, Shard>()
  /** Names of shards that changed since `takeChanged`. */
  readonly #changed = new Set<string>()
  #newNames = 0

  get size(): number {
    return this.#shards.reduce((sum, { entries }) => sum + entries.size, this.newSize)
  }

  get newSize(): number {
    return this.#newShardOf.size
  }

  get(value: string): number | undefined {
    return this.#shardWith(value).entries.get(value)
  }

  set(value: string, expiration: number): void {
    const holder = this.#shardWith(value)
    if (holder.entries.get(value) === expiration) return
    const place = holder.entries.has(value) ? holder : this.#newest()
    place.entries.set(value, expiration)
    if (place !== holder) this.#newShardOf.set(value, place)
    this.#changed.add(place.name)
  }

  delete(value: string): void {
    const holder = this.#shardWith(value)
    if (!holder.entries.delete(value)) return
    this.#newShardOf.delete(value)
    this.#changed.add(holder.name)
  }

  /**
   * Moves what is new to its shard; more and smaller shards are made when they have become too full. A million entries
   * take a second or two, so it goes in slices; nothing else may change the list meanwhile.
   */
  async merge(): Promise<void> {
    if (this.newSize === 0) return
    const slices = new Slices()
    const needed = shardsFor(this.size)
    if (needed > this.#shards.length) await this.#spread(needed, slices)
    for (const { name, entries } of this.#new) {
      for (const [value, expiration] of entries) {
        const home = this.#home(value)
        home.entries.set(value, expiration)
        this.#changed.add(home.name)
        if (slices.isOver()) await slices.pause()
      }
      entries.clear()
      this.#changed.add(name)
    }
    this.#new = []
    this.#newShardOf.clear()
  }

  /** Drops entries that ended before this time, in slices as `merge`; returns how many. */
  async dropEnded(nowSeconds: number): Promise<number> {
    const slices = new Slices()
    let dropped = 0
    for (const { name, entries } of [...this.#shards, ...this.#new]) {
      for (const [value, expiration] of entries) {
        if (slices.isOver()) await slices.pause()
        if (expiration === 0 || expiration > nowSeconds) continue
        entries.delete(value)
        this.#newShardOf.delete(value)
        this.#changed.add(name)
        dropped++
      }
    }
    return dropped
  }

  /** Names of the shards that changed since the last call. */
  takeChanged(): readonly string[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  /** The entries of a shard in the order of their values, so that the same entries give the same bytes. */
  items(name: string): readonly DataItem[] {
    const found = this.#shards[Number(name)] ?? this.#new.find((one) => one.name === name)
    return [...(found?.entries ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, expiration]) => ({ value, expiration }))
  }

  async #spread(shards: number, slices: Slices): Promise<void> {
    const spread = Array.from({ length: shards }, (_, index) => shard(String(index)))
    for (const { entries } of this.#shards) {
      for (const [value, expiration] of entries) {
        spread[hash(value) % shards]?.entries.set(value, expiration)
        if (slices.isOver()) await slices.pause()
      }
    }
    this.#shards = spread
    for (const { name } of this.#shards) this.#changed.add(name)
  }

  #shardWith(value: string): Shard {
    return this.#newShardOf.get(value) ?? this.#home(value)
  }

  #home(value: string): Shard {
    const found = this.#shards[hash(value) % this.#shards.length]
    if (found === undefined) throw new RangeError('a list has at least one shard')
    return found
  }

  #newest(): Shard {
    const last = this.#new.at(-1)
    if (last !== undefined && last.entries.size < maxNewEntries) return last
    const next = shard(`new-${++this.#newNames}`)
    this.#new.push(next)
    return next
  }
}

/** Entries that are moved without a pause: a few milliseconds. */
const sliceEntries = 5_000

/** Counts work and says when others should have their turn. */
class Slices {
  #left = sliceEntries

  isOver(): boolean {
    return --this.#left <= 0
  }

  async pause(): Promise<void> {
    this.#left = sliceEntries
    await new Promise(setImmediate)
  }
}

function shard(name: string): Shard {
  return { name, entries: new Map() }
}

/** Always a power of two, so that growing splits shards and moves nothing else. */
function shardsFor(entries: number): number {
  let shards = 1
  while (shards * usualShardEntries < entries) shards *= 2
  return shards
}

/** FNV-1a over UTF-16 units, its high bits folded in, since the low ones pick the shard. */
function hash(value: string): number {
  let state = 0x811c9dc5
  for (let index = 0; index < value.length; index++) {
    state = Math.imul(state ^ value.charCodeAt(index), 0x01000193)
  }
  return ((state >>> 15) ^ state) >>> 0
}
