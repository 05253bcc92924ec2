import type { DetectionRule, DictionaryOptions, RuleQuery } from '../../model/detection-rule.ts'
import { anyValue, suppressions } from '../campaign.ts'
import type { Store, TopRow, WindowCounts } from '../store/store.ts'
import { slices, topAll, valuesAtOnce } from '../whole-results.ts'
import { groupKey } from './group.ts'

/** Windows that end within the same stretch are asked about together: what a value's list says is exact to it. */
const slotMs = 6 * 3_600_000
/** When a group tried a value is exact to this. */
const stepMs = 60_000
/** Groups and values of one step that are read, those with the most tries first. */
const maxTries = 2_000
/** Values of one group that are looked up; an attacker of more is seen by other rules as well. */
const maxValuesOfGroup = 500
const dayMs = 86_400_000

type CardinalityQuery = Extract<RuleQuery, { aggregate: 'cardinality' }>

/**
 * For each window that tries at least `minimum` values: how many of them stand on the list by its end, that is, were
 * tried by `others` further addresses (or whatever `by` names) of the same place in the days before. What an address
 * tries itself puts nothing on its own list, so that nobody is suspected for a typo made at home and on the train.
 */
export async function findListed(
  store: Store,
  rule: DetectionRule,
  options: DictionaryOptions,
  windows: readonly WindowCounts[],
): Promise<ReadonlyMap<WindowCounts, number>> {
  const listed = new Map<WindowCounts, number>()
  const slots = new Map<number, WindowCounts[]>()
  for (const window of windows) {
    if ((window.counts[options.query] ?? 0) < options.minimum) continue
    const slot = Math.floor(window.toMs / slotMs)
    slots.set(slot, [...(slots.get(slot) ?? []), window])
  }
  for (const some of slots.values()) {
    for (const [window, count] of await listedOf(store, rule, options, some)) listed.set(window, count)
  }
  return listed
}

async function listedOf(
  store: Store,
  rule: DetectionRule,
  options: DictionaryOptions,
  windows: readonly WindowCounts[],
): Promise<readonly (readonly [WindowCounts, number])[]> {
  const query = rule.queries[options.query]
  if (query?.aggregate !== 'cardinality') return []
  const windowMs = rule.windowSeconds * 1000
  const tries = await readTries(store, rule, query, options.by, windows)
  const listedAt = await readList(store, rule, query, options, [...tries.values()].flat(), windows)
  const listedTries = new Map(
    [...tries].map(([key, own]) => [key, own.filter(({ group }) => listedAt.has(groupKey(group)))]),
  )
  return windows.map((window) => {
    const values = new Set<string>()
    for (const { group, firstSeenMs, lastSeenMs } of listedTries.get(groupKey(window.group)) ?? []) {
      const isInWindow = firstSeenMs <= window.toMs && lastSeenMs > window.toMs - windowMs
      if (isInWindow && (listedAt.get(groupKey(group)) ?? Infinity) <= window.toMs) values.add(group[query.of] ?? '')
    }
    return [window, values.size]
  })
}

/** What the groups of the windows tried, by group and minute. */
async function readTries(
  store: Store,
  rule: DetectionRule,
  query: CardinalityQuery,
  by: string,
  windows: readonly WindowCounts[],
): Promise<ReadonlyMap<string, readonly WindowCounts[]>> {
  const wanted = new Set(windows.map(({ group }) => groupKey(group)))
  const ends = windows.map(({ toMs }) => toMs)
  const toMs = Math.max(...ends)
  const steps = Math.ceil((toMs - Math.min(...ends)) / stepMs + (rule.windowSeconds * 1000) / stepMs)
  const range = { fromMs: toMs - steps * stepMs, toMs }
  const groupBy = [...rule.groupBy, query.of]
  const tries = new Map<string, WindowCounts[]>()
  const valuesOf = new Map<string, Set<string>>()
  for (const some of slices([...new Set(windows.map(({ group }) => group[by] ?? ''))], valuesAtOnce)) {
    const queries = { tries: { filter: `(${query.filter}) ${anyValue(by, some)}`, aggregate: 'count' as const } }
    const suppress = rule.suppress ?? []
    for (const row of await store.counts({ queries, suppress, groupBy, range, stepMs, live: false, limit: maxTries })) {
      const key = groupKey(pick(row.group, rule.groupBy))
      const values = valuesOf.get(key) ?? new Set()
      const value = row.group[query.of] ?? ''
      if (!wanted.has(key) || (values.size >= maxValuesOfGroup && !values.has(value))) continue
      valuesOf.set(key, values.add(value))
      const own = tries.get(key) ?? []
      own.push(row)
      tries.set(key, own)
    }
  }
  return tries
}

/** When what a group tried came to stand on the list for it, by group and value; absent: it did not. */
async function readList(
  store: Store,
  rule: DetectionRule,
  query: CardinalityQuery,
  { by, others, days }: DictionaryOptions,
  tries: readonly WindowCounts[],
  windows: readonly WindowCounts[],
): Promise<ReadonlyMap<string, number>> {
  const place = [...rule.groupBy.filter((field) => field !== by), query.of]
  const ends = windows.map(({ toMs }) => toMs)
  const range = { fromMs: Math.min(...ends) - days * dayMs, toMs: Math.max(...ends) + 1 }
  const values = new Set(tries.map(({ group }) => group[query.of] ?? ''))
  const filter = [`(${query.filter})`, ...suppressions(rule)].join(' ')
  const triedBy = new Map<string, TopRow[]>()
  for (const some of slices([...values], valuesAtOnce)) {
    const text = `${filter} ${anyValue(query.of, some)}`
    for (const row of await topAll(store, text, range, [...rule.groupBy, query.of], [])) {
      const key = groupKey(pick(row.group, place))
      const rows = triedBy.get(key) ?? []
      rows.push(row)
      triedBy.set(key, rows)
    }
  }
  const listedAt = new Map<string, number>()
  for (const { group } of tries) {
    const rows = triedBy.get(groupKey(pick(group, place))) ?? []
    const times = rows.flatMap((row) => (row.group[by] === group[by] ? [] : [row.firstSeenMs])).sort((a, b) => a - b)
    const atMs = times[others - 1]
    if (atMs !== undefined) listedAt.set(groupKey(group), atMs)
  }
  return listedAt
}

function pick(group: Readonly<Record<string, string>>, fields: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, group[field] ?? '']))
}
