import type { DetectionRule } from '../../model/detection-rule.ts'
import { bareName } from '../campaign.ts'
import type { SignalFacts } from '../state/state.ts'
import type { WindowCounts } from '../store/store.ts'
import type { SignalMemory } from './signal-memory.ts'

/** The windows in which no rule of `unless` has a signal for the same values of the fields that both group by. */
export function withoutSignalled(
  rule: DetectionRule,
  windows: readonly WindowCounts[],
  memory: Pick<SignalMemory, 'ofRule'>,
): readonly WindowCounts[] {
  if (rule.unless === undefined || windows.length === 0) return windows
  const signals = rule.unless.flatMap((id) => memory.ofRule(id))
  if (signals.length === 0) return windows
  const fields = rule.groupBy.map(bareName)
  const byShared = new Map<string, SignalFacts[]>()
  for (const signal of signals) {
    const key = sharedKey(fields, (field) => signal.group[field])
    byShared.set(key, [...(byShared.get(key) ?? []), signal])
  }
  /** Which of the fields signals have: one set for each rule of `unless`. */
  const shapes = new Set(signals.map(({ group }) => fields.filter((field) => field in group).join(' ')))
  return windows.filter(({ group, toMs }) => {
    const fromMs = toMs - rule.windowSeconds * 1000
    for (const shape of shapes) {
      const shared = new Set(shape.split(' '))
      const key = sharedKey(fields, (field) => (shared.has(field) ? (group[field] ?? group[`@${field}`]) : undefined))
      const known = byShared.get(key) ?? []
      if (known.some((one) => Date.parse(one.firstSeen) <= toMs && Date.parse(one.lastSeen) > fromMs)) return false
    }
    return true
  })
}

function sharedKey(fields: readonly string[], valueOf: (field: string) => string | undefined): string {
  return JSON.stringify(fields.map((field) => valueOf(field) ?? null))
}
