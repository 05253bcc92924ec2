import type { AnalysedValue } from '../../../model/cluster.ts'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import type { Page } from '../../api/shapes.ts'
import { ShareBar } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Note } from '../../design/note.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { toast } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { go, parameter } from '../../shell/address.ts'
import { count, percent } from '../../text/figures.ts'
import type { TimeRange } from '../../text/typed-time.ts'
import { attributeName, attributeTest } from '../signals/cluster-words.ts'
import { join, partsOf, readQuery } from './edit-query.ts'

interface AnalysisProps {
  readonly query: string
  readonly range: TimeRange
  readonly onChange: (query: string) => void
}

const maxRows = 200
const maxOfCluster = 4

const columns: readonly Column<AnalysedValue>[] = [
  {
    key: 'attribute',
    title: 'Attribute',
    folds: true,
    fromPx: 560,
    cell: ({ attribute }) => <Raw text={attributeName(attribute)} max={60} />,
  },
  {
    key: 'value',
    title: 'Value',
    cell: (row) => {
      const { says, text } = attributeTest(row)
      return text === '' ? <b>{says}</b> : <Raw text={text} max={120} />
    },
  },
  { key: 'share', title: 'Share', width: 146, cell: ({ share }) => <ShareBar share={share} /> },
  {
    key: 'before',
    title: 'Before',
    width: 76,
    number: true,
    fromPx: 640,
    cell: ({ baselineShare }) => percent(baselineShare),
  },
  { key: 'excess', title: 'Excess', width: 76, number: true, fromPx: 480, cell: ({ excess }) => count(excess) },
  {
    key: 'shape',
    title: 'Follows the increase',
    width: 176,
    fromPx: 820,
    cell: ({ shape }) => <ShareBar share={Math.max(0, shape)} says={shape.toFixed(2)} />,
  },
  {
    key: 'blockable',
    title: 'Can be blocked',
    width: 168,
    fromPx: 900,
    cell: ({ blockable, carriedBy }) =>
      blockable ? `yes, ${percent(carriedBy)} carry it` : <span class="muted">no</span>,
  },
]

/** What the spans of a query have in common that those of before had not; some picked make a custom cluster. */
export function Analysis({ query, range, onChange }: AnalysisProps): JSX.Element {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const signalId = parameter('signal')
  const found = useData<Page<AnalysedValue>>({
    key: ['spans', 'analysis', query, range.from, range.to],
    load: (signal) => call('POST', '/api/clusters/analyze', { query, ...range, limit: maxRows }, signal),
  })
  const picked = (found.data?.items ?? []).filter((row) => chosen.has(idOf(row)))
  const narrow = (): void => {
    const read = readQuery(query)
    const parts = 'query' in read ? partsOf(read.query) : []
    onChange([join(parts), ...picked.map((row) => row.query)].filter((part) => part !== '').join(' '))
    choose(new Set())
  }
  const keep = async (): Promise<void> => {
    const attributes = picked.map(({ attribute, value, absent, regex }) => ({ attribute, value, absent, regex }))
    await call('POST', `/api/signals/${encodeURIComponent(signalId)}/clusters`, { attributes })
    toast('The cluster is kept with its signal.')
    go(`/signals/${encodeURIComponent(signalId)}`)
  }
  return (
    <Card
      title="What these spans have in common"
      actions={
        <>
          <Button small disabled={picked.length === 0} onPress={narrow}>
            Narrow to {picked.length}
          </Button>
          {signalId === '' ? null : (
            <Button
              small
              needs="responder"
              look="primary"
              disabled={
                picked.length === 0 || picked.length > maxOfCluster || picked.some(({ blockable }) => !blockable)
              }
              onPress={keep}
            >
              Make a cluster of {picked.length}
            </Button>
          )}
        </>
      }
      flush
    >
      <View
        data={found}
        empty={({ items }) =>
          items.length > 0 ? false : <EmptyState title="Nothing stands out against the time before" />
        }
      >
        {({ items }) => (
          <>
            <Table
              label="Attributes"
              rows={items}
              columns={columns}
              keyOf={idOf}
              chosen={chosen}
              onChoose={choose}
              height="60vh"
            />
            <div class="inside">
              <Note>
                Compared with the time before. What attackers share and others do not, and what follows the course of
                the increase, is what to block by.
              </Note>
            </div>
          </>
        )}
      </View>
    </Card>
  )
}

function idOf({ attribute, value, absent, regex }: AnalysedValue): string {
  return JSON.stringify([attribute, value, absent, regex])
}
