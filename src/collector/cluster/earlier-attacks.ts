import { falsePositiveReason } from '../../model/signal.ts'
import { campaignRange, isClustered, isWide } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { TimeRange } from '../store/store.ts'
import { guardMs } from './onset.ts'

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
  if (other.archiveReason === falsePositiveReason || !isClustered(other)) return false
  return Object.entries(other.group).every(
    ([by, value]) => isWide(by) && (group[by] === undefined || group[by] === value),
  )
}
