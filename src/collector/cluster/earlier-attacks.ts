import { falsePositiveReason } from '../../model/signal.ts'
import { campaignRange, clusteredTags, isWide } from '../campaign.ts'
import type { SignalFacts, State } from '../state/state.ts'
import type { TimeRange } from '../store/store.ts'
import { guardMs } from './onset.ts'

/** The signals of a service (undefined: of any) that fall into a stretch of time. */
export type ReadSignals = (service: string | undefined, range: TimeRange) => Promise<readonly SignalFacts[]>

const pageSize = 500
/** Signals that are looked through, newest first. */
const maxLooked = 2_000

export function signalsOf(state: Pick<State, 'signals'>): ReadSignals {
  return async (service, range) => {
    const filter = { ...range, ...(service === undefined ? {} : { service }) }
    const signals: SignalFacts[] = []
    for (let cursor: string | undefined; signals.length < maxLooked;) {
      const page = await state.signals(filter, { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) })
      signals.push(...page.items)
      if (page.next === null) break
      cursor = page.next
    }
    return signals
  }
}

/**
 * The stretches of a range in which the service of a signal was under an attack of its own, oldest first: what is
 * usual cannot be learned from them. Attacks of one address or account leave the service as it is.
 */
export function earlierAttacks(
  signal: SignalFacts,
  others: readonly SignalFacts[],
  { fromMs, toMs }: TimeRange,
): readonly TimeRange[] {
  const stretches = others
    .filter((other) => other.id !== signal.id && isAttackOn(signal.group, other))
    .map((other) => {
      const range = campaignRange(other)
      return { fromMs: Math.max(fromMs, range.fromMs - guardMs), toMs: Math.min(toMs, range.toMs + guardMs) }
    })
    .filter((stretch) => stretch.fromMs < stretch.toMs)
    .sort((one, other) => one.fromMs - other.fromMs)
  const merged: { readonly fromMs: number; toMs: number }[] = []
  for (const stretch of stretches) {
    const last = merged.at(-1)
    if (last !== undefined && stretch.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, stretch.toMs)
    else merged.push({ ...stretch })
  }
  return merged
}

/** Whether it is of the whole of a service that the group names, and nobody said that it is no attack. */
function isAttackOn(group: SignalFacts['group'], other: SignalFacts): boolean {
  if (other.archiveReason === falsePositiveReason || !other.tags.some((tag) => clusteredTags.includes(tag)))
    return false
  return Object.entries(other.group).every(
    ([by, value]) => isWide(by) && (group[by] === undefined || group[by] === value),
  )
}
