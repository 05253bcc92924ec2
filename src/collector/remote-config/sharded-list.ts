import type { DataItem } from '../../model/remote-config.ts'

/** Most entries of one configuration: a change resends one of them, not 65 MB (spec/tracer.md 1.8). */
export const maxShardEntries = 5_000
/** What shards are made for: far enough below the most that chance never fills one. */
const usualShardEntries = 2_500
/** New entries wait in a shard of their own, which is what a change resends; beyond this they are merged at once. */
const maxRecentEntries = 4_000

/**
 * Values and their ends (unix seconds, 0: none), spread over shards by a hash of the value, so that every collector and
 * every restart makes the same shards. What is new goes to a small shard first and is merged when it is quiet.
 */
export class ShardedList {
  #shards: Map<string, number>[] = [new Map()]
  readonly #recent = new Map<string, number>()
  /** Names of shards that changed since `takeChanged`. */
  readonly #changed = new Set<string>()

  get size(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.size, this.#recent.size)
  }

  get recentSize(): number {
    return this.#recent.size
  }

  get(value: string): number | undefined {
    return this.#recent.get(value) ?? this.#shardOf(value).get(value)
  }

  set(value: string, expiration: number): void {
    const shard = this.#shardOf(value)
    if (shard.get(value) === expiration || this.#recent.get(value) === expiration) return
    if (shard.has(value)) {
      shard.set(value, expiration)
      this.#note(shard)
      return
    }
    this.#recent.set(value, expiration)
    this.#changed.add(recentShard)
    if (this.#recent.size > maxRecentEntries) this.merge()
  }

  delete(value: string): void {
    if (this.#recent.delete(value)) this.#changed.add(recentShard)
    const shard = this.#shardOf(value)
    if (shard.delete(value)) this.#note(shard)
  }

  /** Moves what is new to its shard; more and smaller shards are made when they have become too full. */
  merge(): void {
    if (this.#recent.size === 0) return
    const needed = shardsFor(this.size)
    if (needed > this.#shards.length) this.#spread(needed)
    for (const [value, expiration] of this.#recent) {
      const shard = this.#shardOf(value)
      shard.set(value, expiration)
      this.#note(shard)
    }
    this.#recent.clear()
    this.#changed.add(recentShard)
  }

  /** Drops entries that ended before this time; returns how many. */
  dropEnded(nowSeconds: number): number {
    let dropped = 0
    for (const shard of [...this.#shards, this.#recent]) {
      for (const [value, expiration] of shard) {
        if (expiration === 0 || expiration > nowSeconds) continue
        shard.delete(value)
        this.#note(shard)
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
    const shard = name === recentShard ? this.#recent : this.#shards[Number(name)]
    return [...(shard ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([value, expiration]) => ({ value, expiration }))
  }

  #spread(shards: number): void {
    const before = this.#shards
    before.forEach((_, index) => this.#changed.add(String(index)))
    this.#shards = Array.from({ length: shards }, () => new Map<string, number>())
    for (const shard of before) {
      for (const [value, expiration] of shard) this.#shardOf(value).set(value, expiration)
    }
    this.#shards.forEach((_, index) => this.#changed.add(String(index)))
  }

  #shardOf(value: string): Map<string, number> {
    const [first] = this.#shards
    return this.#shards[hash(value) % this.#shards.length] ?? first ?? new Map<string, number>()
  }

  #note(shard: Map<string, number>): void {
    this.#changed.add(shard === this.#recent ? recentShard : String(this.#shards.indexOf(shard)))
  }
}

/** Name of the shard of what is new. */
const recentShard = 'new'

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
