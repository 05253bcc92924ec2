import type { Clock } from '../model/clock.ts'
import { repeat } from './repeat.ts'
import type { Store } from './store/store.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const everyMs = hourMs
const firstAfterMs = 60_000
/** Days that one look may drop for the sake of the disk; the next one sees what that gave. */
const maxDaysAtOnce = 7
const bytesPerGb = 1_000_000_000

/** Drops the days and hours that are past their time, and the oldest ones while spans take more disk than they may. */
export function keepRetention(options: {
  readonly store: Store
  readonly clock: Clock
  /** Asked each time, since it can be set while the collector runs. */
  readonly days: () => number
  readonly compactHours: number
  /** 0: no limit. */
  readonly diskBudgetGb: number
  readonly onDropped: (dropped: { readonly days: number; readonly why: 'age' | 'disk' }) => void
  readonly onError: (error: unknown) => void
}): { look(): Promise<void>; stop(): Promise<void> } {
  const { store, clock, days, compactHours, diskBudgetGb, onDropped, onError } = options
  async function look(): Promise<void> {
    const byAge = await store.dropBefore(dayOf(clock.nowMs() - days() * dayMs))
    await store.dropCompactBefore(clock.nowMs() - compactHours * hourMs)
    if (byAge > 0) onDropped({ days: byAge, why: 'age' })
    if (diskBudgetGb > 0) await keepBudget(diskBudgetGb * bytesPerGb)
  }

  async function keepBudget(maxBytes: number): Promise<void> {
    const today = dayOf(clock.nowMs())
    for (let dropped = 0; dropped < maxDaysAtOnce; dropped++) {
      const { bytesUsed, oldestMs } = await store.stats()
      if (bytesUsed <= maxBytes || oldestMs === null || dayOf(oldestMs) >= today) return
      const gone = await store.dropBefore(dayOf(oldestMs + dayMs))
      if (gone === 0) return
      await store.checkpoint()
      onDropped({ days: gone, why: 'disk' })
    }
  }

  return { look, ...repeat(look, { clock, everyMs, firstAfterMs, onError }) }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
