import type { DetectionRule, TravelOptions } from '../../model/detection-rule.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import { bareName, facet, groupQuery } from '../campaign.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { searchAll } from '../whole-results.ts'
import { kmBetween } from './countries.ts'
import { groupKey, signalGroup } from './group.ts'
import { readGroupValues } from './group-values.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const country = bareName(facet.country)

/**
 * How many journeys each window ends that nobody could have made: from one country to another that is unusual for the
 * group, within a day, faster than `minKmPerHour`.
 */
export async function findTravels(
  store: Store,
  rule: DetectionRule,
  options: TravelOptions,
  windows: readonly WindowCounts[],
): Promise<ReadonlyMap<WindowCounts, number>> {
  const windowMs = rule.windowSeconds * 1000
  const ends = windows.map(({ toMs }) => toMs)
  const lookBackMs = Math.max(1, options.baselineDays) * dayMs
  const range = { fromMs: Math.min(...ends) - windowMs - lookBackMs, toMs: Math.max(...ends) + 1 }
  const seen = await readGroupValues(store, rule, windows, { name: options.query, of: facet.country, range })
  const travels = new Map<WindowCounts, number>()
  for (const window of windows) {
    const rows = seen.get(groupKey(window.group)) ?? []
    const fromMs = window.toMs - windowMs
    const usual = rows.filter(({ firstSeenMs }) => firstSeenMs <= fromMs)
    const isKnown = options.baselineDays === 0 || usual.some(({ firstSeenMs }) => firstSeenMs <= window.toMs - dayMs)
    const isUnusual = rows.length > usual.length || options.baselineDays === 0
    if (rows.length < 2 || !isKnown || !isUnusual) continue
    const names = options.baselineDays === 0 ? [] : usual.map(({ group }) => group[facet.country] ?? '')
    const records = await recordsOf(store, rule, options, window)
    travels.set(window, countJourneys(records, { options, fromMs, usual: new Set(names) }))
  }
  return travels
}

/** The records of a window's group over the day up to its end, oldest first. */
async function recordsOf(
  store: Store,
  rule: DetectionRule,
  { query }: TravelOptions,
  { group, toMs }: WindowCounts,
): Promise<readonly SpanRecord[]> {
  const filter = rule.queries[query]?.filter ?? ''
  const range = { fromMs: toMs - dayMs, toMs: toMs + 1 }
  return searchAll(store, `${groupQuery(rule, signalGroup(group))} (${filter}) ${facet.country}:*`, range)
}

function countJourneys(
  records: readonly SpanRecord[],
  place: { readonly options: TravelOptions; readonly fromMs: number; readonly usual: ReadonlySet<string> },
): number {
  const { options, fromMs, usual } = place
  let count = 0
  for (const [index, record] of records.entries()) {
    const before = records[index - 1]
    if (before === undefined || record.timestampMs <= fromMs) continue
    const [from, to] = [String(before.attributes[country]), String(record.attributes[country])]
    if (from === to || usual.has(to)) continue
    const km = kmBetween(from, to)
    const hours = (record.timestampMs - before.timestampMs) / hourMs
    if (km !== undefined && km >= options.minKm && km > options.minKmPerHour * hours) count++
  }
  return count
}
