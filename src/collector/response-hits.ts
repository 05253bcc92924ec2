import type { DenylistKind } from '../model/denylist-entry.ts'
import { anyValue, blockedRequests, facet } from './campaign.ts'
import { facetsOf } from './mitigation.ts'
import type { ResponseRecord } from './state/state.ts'
import type { Store, TimeRange } from './store/store.ts'
import { countsBy } from './whole-results.ts'

type Taken = Pick<ResponseRecord, 'id' | 'kind' | 'value' | 'at' | 'until' | 'undoneAt'>

const kindOf: Partial<Record<ResponseRecord['kind'], DenylistKind>> = {
  block_ip: 'ip',
  block_user: 'user',
  block_login: 'login',
  block_user_agent: 'user_agent',
  block_fingerprint: 'fingerprint',
}

/**
 * How many requests each response stopped, from when it was taken to its end, by the id of the response; those that
 * stop nothing, such as flags, are absent. Responses of one decision are counted together, in few queries.
 * `ruleIdsOf` names the ids that matches of a managed rule carry.
 */
export async function readHits(
  store: Store,
  responses: readonly Taken[],
  { nowMs, ruleIdsOf }: { readonly nowMs: number; readonly ruleIdsOf: (ruleId: string) => readonly string[] },
): Promise<ReadonlyMap<string, number>> {
  const hits = new Map<string, number>()
  const byValue: Taken[] = []
  for (const response of responses) {
    const { id, kind, value } = response
    const isNetwork = kind === 'block_ip' && value.includes('/')
    if (kind !== 'waf_rule' && !isNetwork) {
      if (kindOf[kind] !== undefined) byValue.push(response)
      continue
    }
    const named = isNetwork ? anyValue(facet.ip, [value]) : anyValue('@appsec.rules', ruleIdsOf(value))
    const range = rangeOf(response, nowMs)
    const [row] = await store.top(`${blockedRequests} ${named}`, range, { by: [], aggregates: ['count'], limit: 1 })
    hits.set(id, row?.values[0] ?? 0)
  }
  const decisions = new Map<string, Taken[]>()
  for (const response of byValue) {
    const { kind, at, until, undoneAt } = response
    const key = JSON.stringify([kind, at, until, undoneAt])
    decisions.set(key, [...(decisions.get(key) ?? []), response])
  }
  for (const decision of decisions.values()) await countDecision(store, decision, nowMs, hits)
  return hits
}

/** Adds the hits of responses of one kind that were taken and end at the same times. */
async function countDecision(
  store: Store,
  decision: readonly Taken[],
  nowMs: number,
  hits: Map<string, number>,
): Promise<void> {
  const [first] = decision
  const kind = first === undefined ? undefined : kindOf[first.kind]
  if (first === undefined || kind === undefined) return
  const values = decision.map(({ value }) => value)
  for (const [index, by] of facetsOf[kind].entries()) {
    // A request that has a value in two places is counted in the first.
    const others = facetsOf[kind].slice(0, index).map((other) => `-${anyValue(other, values)}`)
    const query = [blockedRequests, ...others].join(' ')
    const counts = await countsBy(store, query, rangeOf(first, nowMs), by, values)
    for (const { id, value } of decision) hits.set(id, (hits.get(id) ?? 0) + (counts.get(value) ?? 0))
  }
}

function rangeOf({ at, until, undoneAt }: Taken, nowMs: number): TimeRange {
  const ends = [until, undoneAt].flatMap((end) => (end === null ? [] : [Date.parse(end)]))
  const fromMs = Date.parse(at)
  return { fromMs, toMs: Math.max(fromMs, Math.min(nowMs, ...ends)) + 1 }
}
