import { InfiniteQueryObserver, type InfiniteData } from '@tanstack/query-core'
import { useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import { call, pathOf, type ApiError } from './call.ts'
import { changedAtMs, isReadOn, type ReadQuery } from './read-again.ts'
import type { Page } from './shapes.ts'
import { cache } from './use-data.ts'

const pageSize = 1_000
/** Nobody reads further by scrolling, and the page has to hold what was read. */
const mostRows = 20_000

export interface Pages<T> {
  readonly data: readonly T[] | undefined
  readonly error: ApiError | null
  readonly refetch: () => Promise<unknown>
  /** Reads on; undefined when there is no more, or no more is read. */
  readonly more: (() => void) | undefined
  /** Whether the next page is being read. */
  readonly isReading: boolean
  /** Whether there is more than is read. */
  readonly isCut: boolean
  /** Begins anew; undefined while what was read on in is as new as can be. */
  readonly renew: (() => Promise<unknown>) | undefined
  /** How many there are in all, where the API says so. */
  readonly total: number | undefined
}

type Listed<T> = Page<T> & { readonly total?: number }
type Read<T> = InfiniteData<Listed<T> & { readonly askedAtMs: number }, string>
type Key = readonly [resource: string, ...rest: unknown[]]

/** A list of the API, read a page at a time as it is looked at. */
export function usePages<T>(wanted: {
  readonly key: Key
  readonly path: string
  readonly parameters?: Readonly<Record<string, string | number | undefined>>
}): Pages<T> {
  const { key, path, parameters = {} } = wanted
  return usePagesOf<T>({
    key: [...key, path, parameters],
    load: (cursor, signal) => call('GET', pathOf(path, { limit: pageSize, ...parameters, cursor }), undefined, signal),
  })
}

/**
 * The same for any call that pages by a cursor; the first has an empty one. A first page follows what happens; once it
 * was read on from, all of it stays as it was, until whoever reads it wants it renewed.
 */
export function usePagesOf<T>(wanted: {
  readonly key: Key
  readonly load: (cursor: string, signal: AbortSignal) => Promise<Listed<T>>
  readonly everyMs?: number | undefined
}): Pages<T> {
  const { key, load, everyMs } = wanted
  const options = {
    queryKey: key,
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }: { readonly pageParam: string; readonly signal: AbortSignal }) => {
      const askedAtMs = Date.now()
      return { ...(await load(pageParam, signal)), askedAtMs }
    },
    getNextPageParam: (last: Listed<T>): string | null => last.next,
    refetchInterval: (query: ReadQuery) => (isReadOn(query) ? false : (everyMs ?? false)),
    refetchOnMount: isFirstPage,
    refetchOnWindowFocus: isFirstPage,
    refetchOnReconnect: isFirstPage,
  }
  const [observer] = useState(
    () => new InfiniteQueryObserver<Read<T>['pages'][0], ApiError, Read<T>, readonly unknown[], string>(cache, options),
  )
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => observer.subscribe(() => redraw(undefined)), [observer])
  useEffect(() => observer.setOptions(options), [JSON.stringify(key), everyMs])
  const result = observer.getOptimisticResult(cache.defaultQueryOptions(options as never) as never)
  const { data: read, hasNextPage, isFetchingNextPage } = result
  const rows = useMemo(() => read?.pages.flatMap(({ items }) => items), [read])
  const isFull = (rows?.length ?? 0) >= mostRows
  const first = read?.pages[0]
  const isChanged = (changedAtMs.value.get(key[0]) ?? 0) > (first?.askedAtMs ?? Infinity)
  const isOld = (read?.pages.length ?? 0) > 1 && (everyMs !== undefined || isChanged)
  return {
    data: rows,
    error: result.error,
    refetch: () => observer.refetch(),
    more: hasNextPage && !isFull ? () => (isFetchingNextPage ? undefined : void observer.fetchNextPage()) : undefined,
    isReading: isFetchingNextPage,
    isCut: hasNextPage && isFull,
    renew: isOld
      ? () => {
          cache.setQueryData<Read<T>>(key, (all) => all && { pages: all.pages.slice(0, 1), pageParams: [''] })
          return observer.refetch()
        }
      : undefined,
    total: first?.total,
  }
}

function isFirstPage(query: ReadQuery): boolean {
  return !isReadOn(query)
}
