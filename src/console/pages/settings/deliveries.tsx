import type { JSX } from 'preact'
import { usePages } from '../../api/use-pages.ts'
import { Button, Segments } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { count } from '../../text/figures.ts'
import type { Delivery, Recipient } from './settings-shapes.ts'

const stateWords: Readonly<Record<Delivery['state'], readonly [says: string, look: string]>> = {
  waiting: ['Waiting', 'info'],
  delivered: ['Delivered', 'good'],
  failed: ['Given up', 'critical'],
  dropped: ['Dropped', 'critical'],
}

const filters = [
  { value: 'all', says: 'All' },
  { value: 'waiting', says: 'Waiting' },
  { value: 'failed', says: 'Given up' },
] as const

/** What was sent, what waits and what was given up; newest first. */
export function Deliveries({ recipients }: { readonly recipients: readonly Recipient[] }): JSX.Element {
  const wanted = parameter('state')
  const state = filters.find(({ value }) => value === wanted)?.value ?? 'all'
  const deliveries = usePages<Delivery>({
    key: ['notifications', 'deliveries'],
    path: '/api/notifications/deliveries',
    parameters: { state: state === 'all' ? undefined : state },
  })
  const set = (next: string): void => setParameters({ state: next === 'all' ? undefined : next })
  return (
    <Card
      title="Deliveries"
      actions={<Segments label="Which deliveries" options={filters} value={state} onChange={set} />}
      flush
    >
      <View
        data={deliveries}
        empty={(found) =>
          found.length > 0 ? (
            false
          ) : state === 'all' ? (
            <EmptyState icon="bell" title="Nothing was sent yet" />
          ) : (
            <EmptyState icon="filter" title="No delivery is in this state">
              <Button onPress={() => set('all')}>Show all</Button>
            </EmptyState>
          )
        }
      >
        {(found) => (
          <Table
            label="Deliveries"
            rows={found}
            columns={columnsOf(recipients)}
            keyOf={({ id }) => id}
            reading={deliveries}
            height="50vh"
          />
        )}
      </View>
    </Card>
  )
}

function columnsOf(recipients: readonly Recipient[]): readonly Column<Delivery>[] {
  const nameOf = (id: string): string => recipients.find((one) => one.id === id)?.name ?? 'removed'
  return [
    {
      key: 'title',
      title: 'What',
      cell: ({ title, type, signalId }) =>
        type === 'test' ? (
          <Raw text={title} max={80} />
        ) : (
          <a href={`/signals/${encodeURIComponent(signalId)}`}>
            <Raw text={title} max={80} />
          </a>
        ),
    },
    { key: 'to', title: 'To', fromPx: 460, cell: ({ recipientId }) => <Raw text={nameOf(recipientId)} max={60} /> },
    {
      key: 'state',
      title: 'State',
      width: 104,
      cell: ({ state }) => {
        const [says, look] = stateWords[state]
        return <span class={`badge ${look}`}>{says}</span>
      },
    },
    { key: 'attempts', title: 'Attempts', width: 84, number: true, fromPx: 620, cell: (one) => count(one.attempts) },
    {
      key: 'error',
      title: 'Last error',
      fromPx: 760,
      cell: ({ lastError }) => (lastError === null ? <span class="muted">–</span> : <Raw text={lastError} max={200} />),
    },
    { key: 'at', title: 'When', width: 104, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
}
