import { signal } from '@preact/signals'
import type { QueryState } from '@tanstack/query-core'
import { cache } from './use-data.ts'

export interface ReadQuery {
  readonly state: Pick<QueryState, 'data' | 'fetchMeta' | 'fetchStatus'>
}

/** When the last event came that told of a change of a resource; milliseconds since 1970. */
export const changedAtMs = signal<ReadonlyMap<string, number>>(new Map())

/**
 * Whether a list was read on from its first page, or is being so. Nothing of it is read again by itself: that would be
 * all of its pages, and whoever looks at it would lose his place.
 */
export function isReadOn({ state: { data, fetchMeta, fetchStatus } }: ReadQuery): boolean {
  const pages = (data as { readonly pages?: readonly unknown[] } | undefined)?.pages
  if (!Array.isArray(pages)) return false
  return pages.length > 1 || (fetchStatus === 'fetching' && fetchMeta?.fetchMore !== undefined)
}

/**
 * Reads again what events made stale: the resources, and when the last event of each came. What is being read goes on,
 * and is read once more when it is there: begun anew with every event, a dear answer would never come. A list that was
 * read on stays as it is, and says by `changedAtMs` that there is a newer one.
 */
export async function readAgain(staleAtMs: ReadonlyMap<string, number>): Promise<void> {
  changedAtMs.value = new Map([...changedAtMs.value, ...staleAtMs])
  const stale = cache
    .getQueryCache()
    .findAll({ predicate: (query) => staleAtMs.has(String(query.queryKey[0])) && !isReadOn(query) })
  const begun = stale.filter(({ state }) => state.fetchStatus === 'fetching')
  for (const some of [new Set(stale), new Set(begun)]) {
    await cache.invalidateQueries(
      { predicate: (query) => some.has(query) && !isReadOn(query) },
      { cancelRefetch: false },
    )
  }
}
