import type { SpanRecord } from '../model/span-record.ts'
import { anyValue } from './campaign.ts'
import type { Page, PageRequest } from './state/state.ts'
import type { Store, TimeRange, TopRow } from './store/store.ts'

/** Values of one list in a query; well under what the query language takes. */
export const valuesAtOnce = 1_000
/** Rows of one page of a store query. */
const rowsAtOnce = 5_000

/** All items of a list that comes in pages. */
export async function readPages<T>(read: (page: PageRequest) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await read({ limit: rowsAtOnce, ...(cursor === null ? {} : { cursor }) })
    all.push(...page.items)
    cursor = page.next
  } while (cursor !== null)
  return all
}

/** All records of a query, oldest first. */
export async function searchAll(store: Store, query: string, range: TimeRange): Promise<readonly SpanRecord[]> {
  const records: SpanRecord[] = []
  let cursor: string | null = null
  do {
    const page = await store.search(query, range, {
      limit: rowsAtOnce,
      sort: 'timestamp',
      ...(cursor === null ? {} : { cursor }),
    })
    records.push(...page.records)
    cursor = page.next
  } while (cursor !== null)
  return records
}

/** All groups of a query, however many. */
export async function topAll(
  store: Store,
  query: string,
  range: TimeRange,
  by: readonly string[],
  distinct: readonly { readonly cardinality: string }[],
): Promise<readonly TopRow[]> {
  const all: TopRow[] = []
  for (;;) {
    const rows = await store.top(query, range, {
      by,
      aggregates: ['count', ...distinct],
      limit: rowsAtOnce,
      offset: all.length,
    })
    all.push(...rows)
    if (rows.length < rowsAtOnce) return all
  }
}

/** How many records of a query each of these values of a facet has; values without any are absent. */
export async function countsBy(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  values: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const some of slices(values, valuesAtOnce)) {
    const rows = await store.top(`(${query}) ${anyValue(by, some)}`, range, {
      by: [by],
      aggregates: ['count'],
      limit: some.length,
    })
    for (const row of rows) counts.set(row.group[by] ?? '', row.values[0] ?? 0)
  }
  return counts
}

/** The items in slices of at most this many. */
export function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
