import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import { ShareBar } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Note } from '../../design/note.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { count, percent } from '../../text/figures.ts'
import { timeOf, type TimeRange } from '../../text/typed-time.ts'
import { join, partsOf, readQuery, termText } from './edit-query.ts'
import type { ObservedFacet } from './use-facets.ts'

interface Found {
  readonly facet: string
  readonly value: string
  readonly share: number
  readonly before: number
  readonly excess: number
}

interface AnalysisProps {
  readonly query: string
  readonly range: TimeRange
  readonly facets: readonly ObservedFacet[]
  readonly onChange: (query: string) => void
}

/** Attributes looked at: what tells one client from another. */
const telling =
  /^@(http\.(useragent|request\.headers\.|useragent_details\.)|appsec\.fingerprint\.|network\.client\.(asn|as_name|country|range)|threat_intel\.|http\.route)/
const own = /\.(x-forwarded-for|content-length|host|cookie|x-request-id|traceparent)$/
/** What no tracer can tell a request by before it is answered. */
const unblockable = /^@(http\.useragent_details\.|network\.|threat_intel\.)/
const maxFacets = 40
const valuesOfEach = 3
const minShare = 0.02

/** What the spans of a query have in common that those of the time before had not: by share, and by excess. */
export function Analysis({ query, range, facets, onChange }: AnalysisProps): JSX.Element {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const looked = facets.filter(({ facet }) => telling.test(facet) && !own.test(facet)).slice(0, maxFacets)
  const found = useData<readonly Found[]>({
    key: ['spans', 'analysis', query, range.from, range.to, looked.length],
    enabled: looked.length > 0,
    load: (signal) => analyse(query, range, looked, signal),
  })
  const rows = found.data ?? []
  const columns: readonly Column<Found>[] = [
    { key: 'facet', title: 'Attribute', fromPx: 560, cell: ({ facet }) => <Raw text={facet} max={60} /> },
    { key: 'value', title: 'Value', cell: ({ value }) => <Raw text={value} max={120} /> },
    { key: 'share', title: 'Share now', width: 150, cell: ({ share }) => <ShareBar share={share} /> },
    { key: 'before', title: 'Before', width: 80, number: true, fromPx: 620, cell: ({ before }) => percent(before) },
    {
      key: 'excess',
      title: 'More than before',
      width: 130,
      number: true,
      fromPx: 480,
      cell: ({ excess }) => count(excess),
    },
    {
      key: 'blockable',
      title: 'Can be blocked',
      width: 112,
      fromPx: 760,
      cell: ({ facet }) => (unblockable.test(facet) ? <span class="muted">no</span> : 'yes'),
    },
  ]
  return (
    <Card
      title="What these spans have in common"
      actions={
        <Button
          small
          disabled={chosen.size === 0}
          onPress={() => {
            const read = readQuery(query)
            const parts = 'query' in read ? partsOf(read.query) : []
            const terms = rows.filter((row) => chosen.has(idOf(row))).map(({ facet, value }) => termText(facet, value))
            onChange([join(parts), ...terms].filter((part) => part !== '').join(' '))
            choose(new Set())
          }}
        >
          Narrow to {chosen.size}
        </Button>
      }
      flush
    >
      <View
        data={found}
        empty={(all) => (all.length > 0 ? false : <EmptyState title="Nothing stands out against the time before" />)}
      >
        {(all) => (
          <>
            <Table
              label="Attributes"
              rows={all}
              columns={columns}
              keyOf={idOf}
              chosen={chosen}
              onChoose={choose}
              height="60vh"
            />
            <div class="inside">
              <Note>
                Compared with the stretch of time before, of the same length. An attribute that attackers share and
                others do not is what to block by.
              </Note>
            </div>
          </>
        )}
      </View>
    </Card>
  )
}

function idOf({ facet, value }: Found): string {
  return `${facet} ${value}`
}

async function analyse(
  query: string,
  range: TimeRange,
  facets: readonly ObservedFacet[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const nowMs = Date.now()
  const from = timeOf(range.from, nowMs)
  const to = timeOf(range.to, nowMs)
  const window = { from, to }
  const baseline = { from: from - (to - from), to: from }
  const total = async (within: { readonly from: number; readonly to: number }): Promise<number> => {
    const body = { query, ...within, by: ['service'], limit: 1_000 }
    const { rows } = await call<{ rows: readonly { values: readonly number[] }[] }>(
      'POST',
      '/api/spans/top',
      body,
      signal,
    )
    return rows.reduce((sum, { values }) => sum + (values[0] ?? 0), 0)
  }
  const [all, before] = await Promise.all([total(window), total(baseline)])
  if (all === 0) return []
  const found = await Promise.all(
    facets.map(async ({ facet }) => {
      const body = { query, ...window, baseline, by: [facet], limit: valuesOfEach }
      const { rows } = await call<{
        rows: readonly {
          group: Record<string, string>
          values: readonly number[]
          baseline: readonly number[]
          excess: number
        }[]
      }>('POST', '/api/spans/compare', body, signal)
      return rows.map(({ group, values, baseline: was, excess }) => ({
        facet,
        value: group[facet] ?? '',
        share: (values[0] ?? 0) / all,
        before: before === 0 ? 0 : (was[0] ?? 0) / before,
        excess,
      }))
    }),
  )
  return found
    .flat()
    .filter(({ share, excess }) => share >= minShare && excess > 0)
    .sort((a, b) => b.share - b.before - (a.share - a.before) || b.share - a.share)
}
