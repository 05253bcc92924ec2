import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import './services.css'
import { call } from '../../api/call.ts'
import type { Page, SeenService } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { count } from '../../text/figures.ts'
import { protectionOf } from './protection.ts'
import { ServicePanel } from './service-panel.tsx'
import { SetUp } from './set-up.tsx'

const columns: readonly Column<SeenService>[] = [
  { key: 'name', title: 'Service', cell: ({ name }) => <Raw text={name} max={80} /> },
  {
    key: 'state',
    title: 'Protection',
    width: 180,
    cell: (service) => {
      const { look, says } = protectionOf(service)
      return <span class={`badge ${look}`}>{says}</span>
    },
  },
  {
    key: 'envs',
    title: 'Environments',
    fromPx: 720,
    cell: ({ versions }) => <Raw text={[...new Set(versions.map(({ env }) => env))].join(', ') || '–'} />,
  },
  {
    key: 'tracers',
    title: 'Tracers',
    width: 80,
    number: true,
    fromPx: 520,
    cell: ({ tracers }) => count(tracers.filter(({ connected }) => connected).length),
  },
  {
    key: 'findings',
    title: 'To mend',
    width: 84,
    number: true,
    fromPx: 420,
    cell: ({ findings }) =>
      findings.length === 0 ? <span class="muted">0</span> : <span class="badge warn">{findings.length}</span>,
  },
  { key: 'spans', title: 'Spans, 24 h', width: 100, number: true, fromPx: 720, cell: ({ spans }) => count(spans) },
  {
    key: 'last',
    title: 'Last seen',
    width: 110,
    fromPx: 480,
    cell: ({ lastSeen }) => (lastSeen === null ? <span class="muted">never</span> : <Time at={lastSeen} />),
  },
]

const readAgainMs = 5_000

/** Who sends, how each is protected, what is missing, and a guided set-up for the next one. */
export function ServicesPage(): JSX.Element {
  const services = useData<Page<SeenService>>({
    key: ['services'],
    load: (signal) => call('GET', '/api/services', undefined, signal),
    everyMs: readAgainMs,
  })
  const [isSettingUp, setSettingUp] = useState(false)
  const chosen = parameter('service')
  const service = services.data?.items.find(({ name }) => name === chosen)
  return (
    <div class="page">
      <div class="page-head">
        <h1>Services</h1>
        <Button icon="plus" look="primary" pressed={isSettingUp} onPress={() => setSettingUp(!isSettingUp)}>
          Set up a service
        </Button>
      </div>
      <View data={services}>
        {({ items }) => (
          <>
            {isSettingUp || items.length === 0 ? <SetUp services={items} /> : null}
            {items.length === 0 ? null : (
              <section class="card">
                <Table
                  label="Services"
                  rows={items}
                  columns={columns}
                  keyOf={({ name }) => name}
                  selectedKey={chosen}
                  onOpen={({ name }) => setParameters({ service: name })}
                />
              </section>
            )}
          </>
        )}
      </View>
      {service === undefined ? null : (
        <ServicePanel key={service.name} service={service} onClose={() => setParameters({ service: undefined })} />
      )}
    </div>
  )
}
