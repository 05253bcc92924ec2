import type { Campaign } from '../campaign.ts'
import type { Store } from '../store/store.ts'
import type { SignalFacts } from '../state/state.ts'
import { readPages } from '../whole-results.ts'
import { namesAddress, ordinaryAddresses } from './ordinary-addresses.ts'
import type { AnswerLists } from './respond.ts'

/** An address that looked ordinary is looked at again after this long: an answer that goes on asks every second. */
const holdMs = 30_000
/** Addresses that are held at once; beyond, the oldest are looked at again. */
const maxHeld = 100_000

/** Tells which of the addresses of a campaign are left out of its answer, and why. */
export type SpareOrdinary = (
  campaign: Campaign & { readonly signal: SignalFacts },
  ips: readonly string[],
  nowMs: number,
) => Promise<ReadonlyMap<string, string>>

export function keepOrdinary({ store, lists }: { readonly store: Store; readonly lists: AnswerLists }): SpareOrdinary {
  const held = new Map<string, { readonly why: string; readonly untilMs: number }>()
  return async (campaign, ips, nowMs) => {
    const ordinary = new Map<string, string>()
    if (ips.length === 0 || namesAddress(campaign)) return ordinary
    const { signal } = campaign
    const keyOf = (ip: string): string => `${signal.id} ${ip}`
    for (const ip of ips) {
      const known = held.get(keyOf(ip))
      if (known !== undefined && nowMs < known.untilMs) ordinary.set(ip, known.why)
    }
    const unknown = ips.filter((ip) => !ordinary.has(ip))
    if (unknown.length === 0) return ordinary
    const compromised = await readPages((page) => lists.compromisedUsers(signal, { ...page, asOfNow: true }))
    for (const [ip, why] of await ordinaryAddresses(store, campaign, { ips: unknown, compromised, nowMs })) {
      ordinary.set(ip, why)
      held.delete(keyOf(ip))
      held.set(keyOf(ip), { why, untilMs: nowMs + holdMs })
    }
    for (const oldest of held.keys()) {
      if (held.size <= maxHeld) break
      held.delete(oldest)
    }
    return ordinary
  }
}
