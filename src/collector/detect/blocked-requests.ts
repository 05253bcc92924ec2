import { anyValue, blockedRequests, facet } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { Store, TimeRange, TopRow } from '../store/store.ts'
import { slices } from '../whole-results.ts'

/** Addresses of one query. */
const addressesAtOnce = 2_000

/** A signal, the addresses that its responses block, and the WAF rules that are among them. */
export interface AnsweredSignal {
  readonly signal: SignalFacts
  readonly ips: ReadonlySet<string>
  readonly wafRuleIds: ReadonlySet<string>
}

/**
 * What blocking does to the attacks: requests that a signal's own responses stopped since it opened, whichever of the rules
 * that say the same came first (`ruleIdsOf` gives their ids). They carry no login event, so the rule itself no longer sees
 * them, but they show that the campaign goes on.
 */
export async function readBlocked(
  store: Store,
  answered: readonly AnsweredSignal[],
  { nowMs, ruleIdsOf }: { readonly nowMs: number; readonly ruleIdsOf: (ruleId: string) => readonly string[] },
): Promise<ReadonlyMap<string, { readonly blocked: number; readonly lastSeenMs: number }>> {
  const byIp = new Map<string, TopRow>()
  const ips = new Set(answered.flatMap((one) => [...one.ips]))
  const fromMs = answered.reduce((earliest, { signal }) => Math.min(earliest, Date.parse(signal.openedAt)), nowMs)
  const range = { fromMs, toMs: nowMs + 60_000 }
  for (const some of slices([...ips], addressesAtOnce)) {
    const query = `${blockedRequests} ${anyValue(facet.ip, some)}`
    const rows = await store.top(query, range, { by: [facet.ip], aggregates: ['count'], limit: some.length })
    for (const row of rows) byIp.set(row.group[facet.ip] ?? '', row)
  }
  const found = new Map<string, { readonly blocked: number; readonly lastSeenMs: number }>()
  for (const { signal, ips: own, wafRuleIds } of answered) {
    const rows = [...own].flatMap((ip) => byIp.get(ip) ?? [])
    for (const id of wafRuleIds) rows.push(...(await stoppedBy(store, id, ruleIdsOf(id), range)))
    found.set(signal.id, {
      blocked: rows.reduce((sum, row) => sum + (row.values[0] ?? 0), 0),
      lastSeenMs: rows.reduce((latest, row) => Math.max(latest, row.lastSeenMs), 0),
    })
  }
  return found
}

/** Requests that a managed WAF rule stopped; its events carry one of these ids, or one that begins with its own (wire-rule.ts). */
function stoppedBy(store: Store, ruleId: string, ids: readonly string[], range: TimeRange): Promise<readonly TopRow[]> {
  const query = `${blockedRequests} (${anyValue('@appsec.rules', ids)} OR @appsec.rules:${ruleId}-*)`
  return store.top(query, range, { by: [], aggregates: ['count'], limit: 1 })
}
