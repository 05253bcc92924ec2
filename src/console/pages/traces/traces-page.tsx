import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import './traces.css'
import { call, pathOf } from '../../api/call.ts'
import type { Span } from '../../api/shapes.ts'
import { usePagesOf } from '../../api/use-pages.ts'
import { Button, Segments } from '../../design/button.tsx'
import { Menu } from '../../design/menu.tsx'
import { Table } from '../../design/table.tsx'
import { chosenRange, TimePicker } from '../../design/time-picker.tsx'
import { View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { Analysis } from './analysis.tsx'
import { chosenColumns, ColumnMenu, spanColumns } from './columns.tsx'
import { FacetList } from './facet-list.tsx'
import { NoMatch } from './no-match.tsx'
import { QueryBar } from './query-bar.tsx'
import { SavedQueries } from './saved-queries.tsx'
import { SpanSeries } from './series.tsx'
import { SpanPanel } from './span-panel.tsx'
import { keyOf } from './span-words.ts'
import { useFacets } from './use-facets.ts'

const pageSize = 500
const tailMs = 2_000

/** The explorer: every span of a query, over time, by field, one by one. All of its state is in the address. */
export function TracesPage(): JSX.Element {
  const query = parameter('q')
  const range = chosenRange()
  const view = parameter('view') === 'analysis' ? 'analysis' : 'list'
  const isLive = parameter('live') === '1' && range.to === 'now'
  const [areFacetsShown, showFacets] = useState(true)
  const facets = useFacets(range)
  const setQuery = (next: string): void => setParameters({ q: next, span: undefined })
  const everyMs = isLive ? tailMs : undefined
  const spans = usePagesOf<Span>({
    key: ['spans', 'search', query, range.from, range.to],
    everyMs,
    load: async (cursor, signal) => {
      const body = { query, ...range, limit: pageSize, ...(cursor === '' ? {} : { cursor }) }
      const found = await call<{ spans: readonly Span[]; next?: string }>('POST', '/api/spans/search', body, signal)
      return { items: found.spans, next: found.next ?? null }
    },
  })
  const chosenSpan = parameter('span')
  const exportOf = (format: string): string => pathOf('/api/spans/export', { query, ...range, format })
  return (
    <div class="page">
      <div class="page-head">
        <h1>Traces</h1>
        <div class="row">
          <TimePicker />
          <Button
            icon={isLive ? 'pause' : 'play'}
            pressed={isLive}
            onPress={() => setParameters({ live: isLive ? undefined : '1', to: undefined })}
          >
            Live
          </Button>
          <SavedQueries query={query} onChange={setQuery} />
          <Menu label="Export" says="Export" small>
            {(close) => (
              <div class="menu">
                <a href={exportOf('csv')} download onClick={close}>
                  CSV
                </a>
                <a href={exportOf('ndjson')} download onClick={close}>
                  NDJSON
                </a>
              </div>
            )}
          </Menu>
        </div>
      </div>
      <QueryBar query={query} onChange={setQuery} facets={facets} range={range} />
      <SpanSeries query={query} range={range} facets={facets} everyMs={everyMs} />
      <div class="row apart">
        <Segments
          label="View"
          options={[
            { value: 'list', says: 'Spans' },
            { value: 'analysis', says: 'Analysis' },
          ]}
          value={view}
          onChange={(value) => setParameters({ view: value === 'list' ? undefined : value })}
        />
        <div class="row">
          <Button small icon="filter" pressed={areFacetsShown} onPress={() => showFacets(!areFacetsShown)}>
            Fields
          </Button>
          <ColumnMenu facets={facets} />
        </div>
      </div>
      {view === 'analysis' ? (
        <Analysis query={query} range={range} onChange={setQuery} />
      ) : (
        <div class={areFacetsShown ? 'explorer' : 'explorer wide'}>
          {areFacetsShown ? <FacetList facets={facets} query={query} range={range} onChange={setQuery} /> : null}
          <section class="card">
            <View
              data={spans}
              empty={(found) =>
                found.length > 0 ? false : <NoMatch query={query} range={range} onChange={setQuery} />
              }
            >
              {(found) => (
                <Table
                  label="Spans"
                  rows={found}
                  columns={spanColumns(chosenColumns())}
                  keyOf={keyOf}
                  selectedKey={chosenSpan}
                  onOpen={(span) => setParameters({ span: keyOf(span) })}
                  reading={spans}
                  height="max(420px, calc(100dvh - 440px))"
                />
              )}
            </View>
          </section>
        </div>
      )}
      {chosenSpan === '' ? null : (
        <SpanPanel
          key={chosenSpan}
          spanKey={chosenSpan}
          known={spans.data?.find((span) => keyOf(span) === chosenSpan)}
          query={query}
          onChange={setQuery}
        />
      )}
    </div>
  )
}
