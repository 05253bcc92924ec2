import type { JSX } from 'preact'
import { print } from '../../../query/query.ts'
import { call } from '../../api/call.ts'
import type { Series } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { EmptyState } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import type { TimeRange } from '../../text/typed-time.ts'
import { join, partsOf, readQuery } from './edit-query.ts'

const maxTerms = 6

/** Nothing was found: says without which term there would be something. */
export function NoMatch(props: {
  readonly query: string
  readonly range: TimeRange
  readonly onChange: (query: string) => void
}): JSX.Element {
  const { query, range, onChange } = props
  const read = readQuery(query)
  const parts = 'query' in read ? partsOf(read.query).slice(0, maxTerms) : []
  const without = useData<readonly { readonly term: string; readonly rest: string; readonly found: number }[]>({
    key: ['spans', 'without', query, range.from, range.to],
    enabled: parts.length > 0,
    load: (signal) =>
      Promise.all(
        parts.map(async (part, index) => {
          const rest = join(parts.filter((_, other) => other !== index))
          const { series } = await call<Series>('POST', '/api/spans/timeseries', { query: rest, ...range }, signal)
          const found = (series[0]?.points ?? []).reduce((sum, [, value]) => sum + value, 0)
          return { term: print(part), rest, found }
        }),
      ),
  })
  if (parts.length === 0) {
    return (
      <EmptyState icon="traces" title="No span in this stretch of time">
        <p>
          Choose a longer one, or <a href="/services">connect a service</a>.
        </p>
      </EmptyState>
    )
  }
  return (
    <EmptyState icon="filter" title="Nothing matches">
      <ul class="stack tight">
        {(without.data ?? []).map(({ term, rest, found }) => (
          <li key={term} class="row">
            Without{' '}
            <code>
              <Raw text={term} max={80} />
            </code>
            : {many(found, 'span')}
            {found === 0 ? null : (
              <Button small onPress={() => onChange(rest)}>
                Take it out
              </Button>
            )}
          </li>
        ))}
      </ul>
    </EmptyState>
  )
}
