import type { DetectionRule } from '../../model/detection-rule.ts'
import { facet, groupQuery, loginSuccess, suppressions } from '../campaign.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { countsBy } from '../whole-results.ts'
import { groupKey, signalGroup } from './group.ts'

/** An address from which somebody logged in within this time is one of the service's own. */
const knownMs = 7 * 86_400_000
/** Addresses that are looked up of one window, those that fail most first. */
const maxAddresses = 5_000
/** Windows of a group that end within the same stretch get the answer of the last of them. */
const slotMs = 10_000

const dayMs = 86_400_000
/** Earlier days whose same time says how many strangers are usual; a week ago it was the same weekday. */
const comparedDays = [1, 2, 7]

/** How many failures of a window come from strangers. */
export interface StrangerCount {
  readonly now: number
  /** The most of those on earlier days at the same time; undefined: the service had no logins then. */
  readonly usual: number | undefined
}

/**
 * For each window, how many of its failures come from addresses nobody logged in from, neither in the days before nor in
 * the window itself. People on a bad day fail where they always are; attackers come from elsewhere.
 */
export async function countStrangers(
  store: Store,
  rule: DetectionRule,
  queryName: string,
  windows: readonly WindowCounts[],
): Promise<ReadonlyMap<WindowCounts, StrangerCount>> {
  const slots = new Map<string, WindowCounts[]>()
  for (const window of windows) {
    const key = `${Math.floor(window.toMs / slotMs)} ${groupKey(window.group)}`
    slots.set(key, [...(slots.get(key) ?? []), window])
  }
  const counts = new Map<WindowCounts, StrangerCount>()
  for (const some of slots.values()) {
    const last = some.at(-1)
    if (last === undefined) continue
    const { strange: now } = await strangersAt(store, rule, queryName, last)
    const earlier: number[] = []
    for (const days of comparedDays) {
      const { strange, all } = await strangersAt(store, rule, queryName, { ...last, toMs: last.toMs - days * dayMs })
      if (all > 0) earlier.push(strange)
    }
    const usual = earlier.length === 0 ? undefined : Math.max(...earlier)
    for (const window of some) counts.set(window, { now, usual })
  }
  return counts
}

async function strangersAt(
  store: Store,
  rule: DetectionRule,
  queryName: string,
  { group, toMs }: Pick<WindowCounts, 'group' | 'toMs'>,
): Promise<{ readonly all: number; readonly strange: number }> {
  const place = groupQuery(rule, signalGroup(group))
  const filter = rule.queries[queryName]?.filter ?? ''
  const range = { fromMs: toMs - rule.windowSeconds * 1000 + 1, toMs: toMs + 1 }
  const text = [place, `(${filter})`, ...suppressions(rule)].join(' ')
  const rows = await store.top(text, range, { by: [facet.ip], aggregates: ['count'], limit: maxAddresses })
  const ips = rows.map((row) => row.group[facet.ip] ?? '')
  // Of the whole service: a tool that attackers use has no successes of its own.
  const service = rule.groupBy.filter((by) => !by.startsWith('@'))
  const logins = [groupQuery({ groupBy: service }, signalGroup(group)), loginSuccess].join(' ')
  const known = await countsBy(store, logins, { fromMs: range.fromMs - knownMs, toMs: range.toMs }, facet.ip, ips)
  let all = 0
  let strange = 0
  for (const [index, row] of rows.entries()) {
    const failures = row.values[0] ?? 0
    all += failures
    if (!known.has(ips[index] ?? '')) strange += failures
  }
  return { all, strange }
}
