import { facet } from '../campaign.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { countsBy } from '../whole-results.ts'

const dayMs = 86_400_000
/** The addresses of a day are kept up to so many; of a larger service those that are asked for are looked up. */
const maxOfDay = 10_000
const maxDays = 40

/** Addresses that somebody logged in from. */
export interface KnownAddresses {
  /** Which of these addresses have a record of the query in the range, whose first day counts from its beginning. */
  among(query: string, range: TimeRange, ips: readonly string[]): Promise<(ip: string) => boolean>
}

/** Remembers the addresses of whole days, which do not change any more: many windows ask about the same week. */
export function keepKnownAddresses(store: Store): KnownAddresses {
  const days = new Map<string, ReadonlySet<string> | undefined>()

  async function read(query: string, range: TimeRange): Promise<ReadonlySet<string> | undefined> {
    const rows = await store.top(query, range, { by: [facet.ip], aggregates: ['count'], limit: maxOfDay + 1 })
    return rows.length > maxOfDay ? undefined : new Set(rows.map(({ group }) => group[facet.ip] ?? ''))
  }

  async function ofDay(query: string, startMs: number): Promise<ReadonlySet<string> | undefined> {
    const key = `${startMs} ${query}`
    if (!days.has(key)) days.set(key, await read(query, { fromMs: startMs, toMs: startMs + dayMs }))
    for (const oldest of days.keys()) {
      if (days.size <= maxDays) break
      days.delete(oldest)
    }
    return days.get(key)
  }

  return {
    async among(query, range, ips) {
      const { fromMs, toMs } = range
      const today = Math.floor(toMs / dayMs) * dayMs
      const known: ReadonlySet<string>[] = []
      for (let startMs = Math.floor(fromMs / dayMs) * dayMs; startMs <= today; startMs += dayMs) {
        const day = startMs < today ? await ofDay(query, startMs) : await read(query, { fromMs: startMs, toMs })
        if (day === undefined) {
          const counts = await countsBy(store, query, range, facet.ip, ips)
          return (ip) => counts.has(ip)
        }
        known.push(day)
      }
      return (ip) => known.some((day) => day.has(ip))
    },
  }
}
