import { anyValue, blockedRequests, facet } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TopRow } from '../store/store.ts'
import { slices } from '../whole-results.ts'

/** Addresses of one query. */
const addressesAtOnce = 2_000

/** A signal and the addresses that its responses block. */
export interface AnsweredSignal {
  readonly signal: SignalFacts
  readonly ips: ReadonlySet<string>
}

/**
 * What blocking does to the attacks: requests of a signal's blocked addresses that were stopped since it opened. They
 * carry no login event, so the rule itself no longer sees them, but they show that the campaign goes on.
 */
export async function readBlocked(
  store: Store,
  answered: readonly AnsweredSignal[],
  nowMs: number,
): Promise<ReadonlyMap<string, { readonly blocked: number; readonly lastSeenMs: number }>> {
  const byIp = new Map<string, TopRow>()
  const ips = new Set(answered.flatMap((one) => [...one.ips]))
  const fromMs = answered.reduce((earliest, { signal }) => Math.min(earliest, Date.parse(signal.openedAt)), nowMs)
  for (const some of slices([...ips], addressesAtOnce)) {
    const query = `${blockedRequests} ${anyValue(facet.ip, some)}`
    const rows = await store.top(
      query,
      { fromMs, toMs: nowMs + 60_000 },
      { by: [facet.ip], aggregates: ['count'], limit: some.length },
    )
    for (const row of rows) byIp.set(row.group[facet.ip] ?? '', row)
  }
  return new Map(
    answered.map(({ signal, ips }) => {
      const rows = [...ips].flatMap((ip) => byIp.get(ip) ?? [])
      return [
        signal.id,
        {
          blocked: rows.reduce((sum, row) => sum + (row.values[0] ?? 0), 0),
          lastSeenMs: rows.reduce((latest, row) => Math.max(latest, row.lastSeenMs), 0),
        },
      ]
    }),
  )
}
