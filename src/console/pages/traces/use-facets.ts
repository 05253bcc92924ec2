import { call, pathOf } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import type { TimeRange } from '../../text/typed-time.ts'

export interface ObservedFacet {
  readonly facet: string
  readonly type: 'string' | 'number' | 'boolean' | 'list'
  readonly count: number
}

/** The fields that were observed in a stretch of time. */
export function useFacets(range: TimeRange): readonly ObservedFacet[] {
  const facets = useData<{ readonly items: readonly ObservedFacet[] }>({
    key: ['spans', 'facets', range.from, range.to],
    load: (signal) => call('GET', pathOf('/api/spans/facets', { ...range }), undefined, signal),
  })
  return facets.data?.items ?? []
}
