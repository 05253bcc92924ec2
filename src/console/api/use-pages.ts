import { InfiniteQueryObserver, type InfiniteData } from '@tanstack/query-core'
import { useEffect, useReducer, useState } from 'preact/hooks'
import { call, pathOf, type ApiError } from './call.ts'
import type { Page } from './shapes.ts'
import { cache } from './use-data.ts'

const pageSize = 1_000

export interface Pages<T> {
  readonly data: readonly T[] | undefined
  readonly error: ApiError | null
  readonly refetch: () => Promise<unknown>
  /** Reads on; undefined when there is no more. */
  readonly more: (() => void) | undefined
  /** How many there are in all, where the API says so. */
  readonly total: number | undefined
}

type Listed<T> = Page<T> & { readonly total?: number }
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

/** The same for any call that pages by a cursor; the first has an empty one. */
export function usePagesOf<T>(wanted: {
  readonly key: Key
  readonly load: (cursor: string, signal: AbortSignal) => Promise<Listed<T>>
  readonly everyMs?: number | undefined
}): Pages<T> {
  const { key, load, everyMs } = wanted
  const options = {
    queryKey: key,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }: { readonly pageParam: string; readonly signal: AbortSignal }) =>
      load(pageParam, signal),
    getNextPageParam: (last: Listed<T>): string | null => last.next,
    refetchInterval: everyMs ?? (false as const),
  }
  const [observer] = useState(
    () =>
      new InfiniteQueryObserver<Listed<T>, ApiError, InfiniteData<Listed<T>, string>, readonly unknown[], string>(
        cache,
        options,
      ),
  )
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => observer.subscribe(() => redraw(undefined)), [observer])
  useEffect(() => observer.setOptions(options), [JSON.stringify(key), everyMs])
  const result = observer.getOptimisticResult(cache.defaultQueryOptions(options as never) as never)
  const { hasNextPage, isFetchingNextPage } = result
  return {
    data: result.data?.pages.flatMap(({ items }) => items),
    error: result.error,
    refetch: () => observer.refetch(),
    more: hasNextPage ? () => (isFetchingNextPage ? undefined : void observer.fetchNextPage()) : undefined,
    total: result.data?.pages[0]?.total,
  }
}
