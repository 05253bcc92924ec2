import { keepPreviousData, QueryClient, QueryObserver, type QueryObserverResult } from '@tanstack/query-core'
import { useEffect, useReducer, useState } from 'preact/hooks'
import { ApiError } from './call.ts'

/** How long what was read counts as new, unless an event says otherwise. */
const staleMs = 10_000
const maxRetries = 2

/** What was read of the API, by key: the first part is the resource that events make stale. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: staleMs,
      retry: (count, error) => count < maxRetries && error instanceof ApiError && isTransient(error),
      networkMode: 'always',
      placeholderData: keepPreviousData,
    },
  },
})

export type Data<T> = QueryObserverResult<T, ApiError>

export interface Wanted<T> {
  readonly key: readonly [resource: string, ...rest: unknown[]]
  readonly load: (signal: AbortSignal) => Promise<T>
  /** Nothing is read while false. */
  readonly enabled?: boolean
  /** Read again this often. */
  readonly everyMs?: number
}

/** Reads of the API, shared by all that ask for the same key; what was read last stays until the next is there. */
export function useData<T>({ key, load, enabled = true, everyMs }: Wanted<T>): Data<T> {
  const options = cache.defaultQueryOptions<T, ApiError, T, T>({
    queryKey: key,
    queryFn: ({ signal }) => load(signal),
    enabled,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  })
  const [observer] = useState(() => new QueryObserver<T, ApiError, T, T>(cache, options))
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => observer.subscribe(() => redraw(undefined)), [observer])
  useEffect(() => observer.setOptions(options), [options.queryHash, enabled, everyMs])
  return observer.getOptimisticResult(options)
}

/** What was read of these resources, without any of all, is read again where it is shown. */
export function refresh(...resources: readonly string[]): Promise<unknown> {
  if (resources.length === 0) return cache.invalidateQueries()
  return Promise.all(resources.map((resource) => cache.invalidateQueries({ queryKey: [resource] })))
}

function isTransient({ status }: ApiError): boolean {
  return status === 0 || status === 429 || status >= 500
}
