import type { DenylistKind } from '../../model/denylist-entry.ts'
import type { Point } from '../api/shapes.ts'
import { call } from '../api/call.ts'
import { useData, type Data } from '../api/use-data.ts'
import type { WantedEntry } from './lists.ts'

/** What a block would have stopped in the last days, beside the attack that it answers. */
export interface BlastRadius {
  readonly days: number
  readonly requests: number
  readonly successfulLogins: number
  readonly users: number
  readonly points: readonly Point[]
  /** How many of the values were looked at; fewer than all when there are very many. */
  readonly values: number
  /** How many would be blocked. */
  readonly selected: number
  /** Addresses of a signal that look like those of ordinary people, and are not blocked; the first are named. */
  readonly leftOut: {
    readonly total: number
    readonly items: readonly { readonly value: string; readonly why: string }[]
  }
  /** Services in which nothing can be blocked from here. */
  readonly withoutRemoteConfig: readonly string[]
}

/** Values of one kind, or what is selected of a signal; `signalId` leaves out what belongs to its attack. */
export interface Wanted {
  readonly kind?: DenylistKind
  readonly values?: readonly string[]
  readonly signalId?: string
  readonly selection?: 'ips' | 'compromisedUsers'
}

/** More entries than these are judged by the first. */
const maxValues = 5_000

/** Entries as what is asked for, a kind at a time. */
export function wantedOf(entries: readonly WantedEntry[], signalId?: string): readonly Wanted[] {
  const byKind = new Map<DenylistKind, string[]>()
  for (const { kind, value } of entries.slice(0, maxValues)) {
    const values = byKind.get(kind)
    if (values === undefined) byKind.set(kind, [value])
    else values.push(value)
  }
  return [...byKind].map(([kind, values]) => ({ kind, values, ...(signalId === undefined ? {} : { signalId }) }))
}

/** Measures on stored traffic what a block would have stopped. */
export function useBlastRadius(wanted: readonly Wanted[]): Data<BlastRadius> {
  return useData<BlastRadius>({
    key: ['blast-radius', wanted],
    enabled: wanted.length > 0,
    load: async (signal) => {
      const found = await Promise.all(
        wanted.map((one) => call<BlastRadius>('POST', '/api/mitigations/preview', one, signal)),
      )
      return found.reduce((one, other) => ({
        ...one,
        requests: one.requests + other.requests,
        successfulLogins: one.successfulLogins + other.successfulLogins,
        users: one.users + other.users,
        points: added(one.points, other.points),
        values: one.values + other.values,
        selected: one.selected + other.selected,
      }))
    },
  })
}

function added(one: readonly Point[], other: readonly Point[]): readonly Point[] {
  const sums = new Map(one)
  for (const [atMs, value] of other) sums.set(atMs, (sums.get(atMs) ?? 0) + value)
  return [...sums].sort(([first], [second]) => first - second)
}
