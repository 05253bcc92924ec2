import type { DetectionRule } from '../../model/detection-rule.ts'
import { facet, groupQuery, loginSuccess, suppressions } from '../campaign.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { groupKey, signalGroup } from './group.ts'
import { keepKnownAddresses, type KnownAddresses } from './known-addresses.ts'
import { isSlow } from './slow-windows.ts'

/** An address from which somebody logged in within this time is one of the service's own. */
const knownMs = 7 * 86_400_000
/** Addresses that are looked up of one window, those that fail most first. */
const maxAddresses = 5_000
/** Fast windows of a group that end within the same stretch get the answer of the last of them. */
const fastSlotMs = 10_000
/** Slow ones that end within this share of their length get the answer of the first: an hour for a day. */
const slowSlotShare = 1 / 24
/** Earlier windows end on a grid of this share of their length, so that they are counted once for many windows. */
const earlierShare = 1 / 4
/** Answers that are kept; of a rule by service they are 28 a day and group. */
const maxKept = 2_000

const dayMs = 86_400_000
/** Earlier days whose same time says how many strangers are usual; a week ago it was the same weekday. */
const comparedDays = [1, 2, 7]

/** How many failures of a window come from strangers. */
export interface StrangerCount {
  readonly now: number
  /** The most of those on earlier days at the same time; undefined: the service had no logins then. */
  readonly usual: number | undefined
}

interface Strange {
  readonly all: number
  readonly strange: number
}

/** Tells the strangers of windows, and keeps what it counted of the past. */
export interface Strangers {
  /**
   * For each window, how many of its failures come from addresses nobody logged in from, neither in the days before nor
   * in the window itself. People on a bad day fail where they always are; attackers come from elsewhere.
   */
  count(queryName: string, windows: readonly WindowCounts[]): Promise<ReadonlyMap<WindowCounts, StrangerCount>>
}

/** Strangers for one rule, live or in one back-test. */
export function keepStrangers(store: Store, rule: DetectionRule): Strangers {
  const kept = new Map<string, Strange>()
  const known = keepKnownAddresses(store)
  const windowMs = rule.windowSeconds * 1000
  const earlierStepMs = Math.max(fastSlotMs, windowMs * earlierShare)
  const slow = isSlow(rule)
  const slotMs = slow ? Math.max(fastSlotMs, windowMs * slowSlotShare) : fastSlotMs

  async function once(key: string, read: () => Promise<Strange>): Promise<Strange> {
    const known = kept.get(key)
    if (known !== undefined) return known
    const counted = await read()
    kept.set(key, counted)
    for (const oldest of kept.keys()) {
      if (kept.size <= maxKept) break
      kept.delete(oldest)
    }
    return counted
  }

  async function usualOf(queryName: string, { group, toMs }: WindowCounts): Promise<number | undefined> {
    const earlier: number[] = []
    for (const days of comparedDays) {
      const endMs = Math.floor((toMs - days * dayMs) / earlierStepMs) * earlierStepMs
      const { strange, all } = await once(`earlier ${endMs} ${groupKey(group)}`, () =>
        strangersAt(store, rule, queryName, { group, toMs: endMs }, known),
      )
      if (all > 0) earlier.push(strange)
    }
    return earlier.length === 0 ? undefined : Math.max(...earlier)
  }

  return {
    async count(queryName, windows) {
      const slots = new Map<string, WindowCounts[]>()
      for (const window of windows) {
        const key = `now ${Math.floor(window.toMs / slotMs)} ${groupKey(window.group)}`
        slots.set(key, [...(slots.get(key) ?? []), window])
      }
      const counts = new Map<WindowCounts, StrangerCount>()
      for (const [key, some] of slots) {
        const last = some.at(-1)
        if (last === undefined) continue
        const read = (): Promise<Strange> => strangersAt(store, rule, queryName, last, known)
        const { strange: now } = slow ? await once(key, read) : await read()
        const usual = await usualOf(queryName, last)
        for (const window of some) counts.set(window, { now, usual })
      }
      return counts
    },
  }
}

async function strangersAt(
  store: Store,
  rule: DetectionRule,
  queryName: string,
  { group, toMs }: Pick<WindowCounts, 'group' | 'toMs'>,
  known: KnownAddresses,
): Promise<Strange> {
  const place = groupQuery(rule, signalGroup(group))
  const filter = rule.queries[queryName]?.filter ?? ''
  const range = { fromMs: toMs - rule.windowSeconds * 1000 + 1, toMs: toMs + 1 }
  const text = [place, `(${filter})`, ...suppressions(rule)].join(' ')
  const rows = await store.top(text, range, { by: [facet.ip], aggregates: ['count'], limit: maxAddresses })
  const ips = rows.map((row) => row.group[facet.ip] ?? '')
  // Of the whole service: a tool that attackers use has no successes of its own.
  const service = rule.groupBy.filter((by) => !by.startsWith('@'))
  const logins = [groupQuery({ groupBy: service }, signalGroup(group)), loginSuccess].join(' ')
  const isKnown = await known.among(logins, { fromMs: range.fromMs - knownMs, toMs: range.toMs }, ips)
  let all = 0
  let strange = 0
  for (const [index, row] of rows.entries()) {
    const failures = row.values[0] ?? 0
    all += failures
    if (!isKnown(ips[index] ?? '')) strange += failures
  }
  return { all, strange }
}
