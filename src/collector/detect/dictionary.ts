import type { DetectionRule, DictionaryOptions } from '../../model/detection-rule.ts'
import { anyValue, suppressions } from '../campaign.ts'
import type { Store, TopRow, WindowCounts } from '../store/store.ts'
import { slices, topAll, valuesAtOnce } from '../whole-results.ts'
import { groupKey } from './group.ts'

/** Windows that end within the same stretch are asked about together, so their edges are exact to it. */
const slotMs = 60_000
/** Values of one group that are looked up, the most tried first; an attacker of more is seen by other rules as well. */
const maxValuesOfGroup = 500
const dayMs = 86_400_000

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
  const { by, others } = options
  const filter = [`(${query.filter})`, ...suppressions(rule)].join(' ')
  const windowMs = rule.windowSeconds * 1000
  const ends = windows.map(({ toMs }) => toMs)
  const lastMs = Math.max(...ends)
  const read = async (facet: string, values: Iterable<string>, fromMs: number): Promise<readonly TopRow[]> => {
    const rows: TopRow[] = []
    for (const part of slices([...values], valuesAtOnce)) {
      const fields = [...rule.groupBy, query.of]
      rows.push(
        ...(await topAll(store, `${filter} ${anyValue(facet, part)}`, { fromMs, toMs: lastMs + 1 }, fields, [])),
      )
    }
    return rows
  }
  const groupOf = (row: TopRow): string => groupKey(pick(row.group, rule.groupBy))
  const place = rule.groupBy.filter((field) => field !== by)
  const valueOf = ({ group }: TopRow): string => groupKey(pick(group, [...place, query.of]))

  const wanted = new Set(windows.map(({ group }) => groupKey(group)))
  const tries = new Map<string, TopRow[]>()
  const who = new Set(windows.map(({ group }) => group[by] ?? ''))
  for (const row of await read(by, who, Math.min(...ends) - windowMs + 1)) {
    const key = groupOf(row)
    const own = tries.get(key) ?? []
    if (!wanted.has(key) || own.length >= maxValuesOfGroup) continue
    own.push(row)
    tries.set(key, own)
  }
  const values = new Set([...tries.values()].flat().map(({ group }) => group[query.of] ?? ''))
  const triedBy = new Map<string, TopRow[]>()
  for (const row of await read(query.of, values, lastMs - options.days * dayMs)) {
    const key = valueOf(row)
    const rows = triedBy.get(key) ?? []
    rows.push(row)
    triedBy.set(key, rows)
  }
  return windows.map((window) => {
    const own = tries.get(groupKey(window.group)) ?? []
    const isListed = (row: TopRow): boolean => {
      const before = (triedBy.get(valueOf(row)) ?? []).filter(
        ({ group, firstSeenMs }) => group[by] !== window.group[by] && firstSeenMs <= window.toMs,
      )
      return before.length >= others
    }
    const inWindow = own.filter((row) => row.firstSeenMs <= window.toMs && row.lastSeenMs > window.toMs - windowMs)
    return [window, inWindow.filter(isListed).length]
  })
}

function pick(group: Readonly<Record<string, string>>, fields: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, group[field] ?? '']))
}
