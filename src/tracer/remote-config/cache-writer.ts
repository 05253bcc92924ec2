import type { Clock } from '../../model/clock.ts'
import type { CachedConfig, ConfigCache } from './config-cache.ts'

/** Writing takes at most about a twentieth of the time, however large the lists are. */
const REST_FACTOR = 20
const SHORTEST_REST_MS = 1000

/** Writes the cache after changes, one write at a time; changes that come meanwhile go into the next. */
export class CacheWriter {
  readonly #cache: ConfigCache
  readonly #clock: Clock
  readonly #inForce: ReadonlyMap<string, string>
  readonly #onError: (error: unknown) => void
  readonly #pending = new Map<string, CachedConfig>()
  #dirty = false
  #writing: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(options: {
    readonly cache: ConfigCache
    readonly clock: Clock
    /** The sha256 of what is in force, by path; read when a write begins. */
    readonly inForce: ReadonlyMap<string, string>
    readonly onError: (error: unknown) => void
  }) {
    this.#cache = options.cache
    this.#clock = options.clock
    this.#inForce = options.inForce
    this.#onError = options.onError
  }

  add(fresh: readonly CachedConfig[]): void {
    for (const config of fresh) this.#pending.set(config.path, config)
    this.#dirty = true
    if (this.#writing === undefined && this.#cancelTimer === undefined) this.#writeAfter(0)
  }

  /** Writes what is still pending. */
  async finish(): Promise<void> {
    this.#clearTimer()
    await this.#writing
    if (this.#dirty) await this.#write()
    this.#clearTimer()
  }

  #clearTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #writeAfter(delayMs: number): void {
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = undefined
      if (this.#dirty) this.#writing = this.#write()
    })
  }

  async #write(): Promise<void> {
    const startMs = this.#clock.nowMs()
    const fresh = [...this.#pending.values()].filter(({ path, sha256 }) => this.#inForce.get(path) === sha256)
    this.#pending.clear()
    this.#dirty = false
    try {
      await this.#cache.save(this.#inForce, fresh)
    } catch (error) {
      this.#onError(error)
    }
    this.#writing = undefined
    this.#writeAfter(Math.max(SHORTEST_REST_MS, (this.#clock.nowMs() - startMs) * REST_FACTOR))
  }
}
