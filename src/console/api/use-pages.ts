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
  const { path, parameters = {} } = wanted
  const options = {
    queryKey: [...wanted.key, path, parameters],
    initialPageParam: '',
    queryFn: ({
      pageParam,
      signal,
    }: {
      readonly pageParam: string
      readonly signal: AbortSignal
    }): Promise<Listed<T>> =>
      call('GET', pathOf(path, { limit: pageSize, ...parameters, cursor: pageParam }), undefined, signal),
    getNextPageParam: (last: Listed<T>): string | null => last.next,
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
  useEffect(() => observer.setOptions(options), [JSON.stringify(options.queryKey)])
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
