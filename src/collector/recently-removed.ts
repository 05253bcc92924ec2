/** How long what a person removed can be put back. */
export const putBackWithinMs = 600_000
/** Of one kind; beyond, the oldest cannot be put back any more. */
const maxKept = 100

/** What was removed a short while ago, with its secrets: hence in memory, and gone with the process. */
export interface RecentlyRemoved<T> {
  keep(id: string, removed: T): void
  /** Gives it back once; undefined when it was not removed here, or longer ago. */
  take(id: string): T | undefined
  has(id: string): boolean
}

export function keepRecentlyRemoved<T>(nowMs: () => number): RecentlyRemoved<T> {
  const kept = new Map<string, { readonly removed: T; readonly atMs: number }>()
  const forgetOld = (): void => {
    for (const [id, { atMs }] of kept) {
      if (nowMs() - atMs <= putBackWithinMs && kept.size <= maxKept) return
      kept.delete(id)
    }
  }
  return {
    keep(id, removed) {
      kept.delete(id)
      kept.set(id, { removed, atMs: nowMs() })
      forgetOld()
    },
    take(id) {
      forgetOld()
      const found = kept.get(id)
      kept.delete(id)
      return found?.removed
    },
    has(id) {
      forgetOld()
      return kept.has(id)
    },
  }
}
