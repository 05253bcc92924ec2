import type { Changes, SignalFacts } from '../state/state.ts'

/** Signals that are not closed, as the state has them, and when each is to be looked at again. */
export class OpenSignals {
  readonly #signals = new Map<string, SignalFacts>()
  readonly #againAtMs = new Map<string, number>()
  /** What each had last when it was looked at. */
  readonly #lookedAt = new Map<string, string>()

  constructor(signals: readonly SignalFacts[]) {
    for (const signal of signals) this.#put(signal)
  }

  apply({ signals = [] }: Changes): void {
    for (const change of signals) {
      if ('open' in change) this.#put(change.open)
      else {
        const before = this.#signals.get(change.update)
        if (before !== undefined) this.#put({ ...before, ...change.set })
      }
    }
  }

  get(id: string): SignalFacts | undefined {
    return this.#signals.get(id)
  }

  /** Signals to look at now: those never looked at first, of a whole service before those of one address. */
  due(nowMs: number, isWanted: (signal: SignalFacts) => boolean): readonly string[] {
    const found = [...this.#signals.values()].filter(
      (signal) => (this.#againAtMs.get(signal.id) ?? 0) <= nowMs && this.#lookedAt.get(signal.id) !== markOf(signal),
    )
    const breadth = ({ group }: SignalFacts): number => Object.keys(group).length
    return found
      .filter(isWanted)
      .sort(
        (a, b) =>
          Number(this.#lookedAt.has(a.id)) - Number(this.#lookedAt.has(b.id)) ||
          breadth(a) - breadth(b) ||
          (this.#againAtMs.get(a.id) ?? 0) - (this.#againAtMs.get(b.id) ?? 0),
      )
      .map(({ id }) => id)
  }

  /** `signal` as it was when it was looked at: it may have gone on since. */
  looked(signal: SignalFacts, againAtMs: number): void {
    if (!this.#signals.has(signal.id)) return
    this.#againAtMs.set(signal.id, againAtMs)
    this.#lookedAt.set(signal.id, markOf(signal))
  }

  #put(signal: SignalFacts): void {
    if (signal.closedAt === null) {
      this.#signals.set(signal.id, signal)
      return
    }
    this.#signals.delete(signal.id)
    this.#againAtMs.delete(signal.id)
    this.#lookedAt.delete(signal.id)
  }
}

/** What is looked at again changes with what was last seen. */
function markOf({ lastSeen, counts }: SignalFacts): string {
  return JSON.stringify([lastSeen, counts])
}
