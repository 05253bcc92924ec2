import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import './waf.css'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time, Until } from '../../design/time.tsx'
import { EmptyState, View } from '../../design/view.tsx'
import { go } from '../../shell/address.ts'
import { TemplateDialog } from './template-dialog.tsx'
import { modeWords, type WafRule } from './waf-shapes.ts'

const columns: readonly Column<WafRule>[] = [
  {
    key: 'name',
    title: 'Rule',
    folds: true,
    cell: ({ id, name }) => (
      <a href={`/waf/${encodeURIComponent(id)}`}>
        <Raw text={name} max={120} />
      </a>
    ),
  },
  {
    key: 'mode',
    title: 'Mode',
    width: 116,
    cell: ({ mode }) => <span class={`badge ${modeWords[mode].look}`}>{modeWords[mode].says}</span>,
  },
  {
    key: 'for',
    title: 'For',
    width: 180,
    fromPx: 760,
    cell: ({ services, routes }) => (
      <Raw
        text={[services.join(', ') || 'all services', ...routes.map(({ pathPattern }) => pathPattern)].join(' ')}
        max={60}
      />
    ),
  },
  {
    key: 'tracers',
    title: 'Tracers',
    width: 120,
    fromPx: 640,
    cell: ({ tracers, inForce }) => {
      const applied = tracers.filter(({ state }) => state === 'applied').length
      const refused = tracers.filter(({ state }) => state === 'refused').length
      if (!inForce) return <span class="muted">not sent</span>
      return refused > 0 ? <span class="badge warn">{refused} refused</span> : `${applied} of ${tracers.length}`
    },
  },
  {
    key: 'origin',
    title: 'From',
    width: 110,
    fromPx: 860,
    cell: ({ origin }) =>
      origin.signalId === null ? (
        <Raw text={origin.by} max={24} />
      ) : (
        <a href={`/signals/${encodeURIComponent(origin.signalId)}`}>a signal</a>
      ),
  },
  { key: 'ends', title: 'Ends', width: 104, fromPx: 480, cell: ({ endsAt }) => <Until at={endsAt} /> },
  { key: 'changed', title: 'Changed', width: 110, fromPx: 760, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
]

/** Rules that tracers run in the service: of people, of clusters, of templates. */
export function WafPage(): JSX.Element {
  const [isFilling, setFilling] = useState(false)
  const rules = useData<Page<WafRule>>({
    key: ['waf-rules', 'list'],
    load: (signal) => call('GET', '/api/waf-rules', undefined, signal),
  })
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>In-App WAF</h1>
          <p class="muted">
            Rules that run in your services, beside the default ruleset: written here, or made of a cluster.
          </p>
        </div>
        <div class="row">
          <Button needs="responder" onPress={() => setFilling(true)}>
            From a template …
          </Button>
          <Button needs="responder" look="primary" icon="plus" onPress={() => go('/waf/new')}>
            New rule
          </Button>
        </div>
      </div>
      <section class="card">
        <View
          data={rules}
          empty={({ items }) =>
            items.length > 0 ? (
              false
            ) : (
              <EmptyState icon="shield" title="No rule of your own">
                <p>
                  A signal’s clusters offer one that stops what its attackers share; a template makes one of a form.
                  Each begins by watching, and shows whom it would have stopped.
                </p>
              </EmptyState>
            )
          }
        >
          {({ items }) => (
            <Table
              label="WAF rules"
              rows={items}
              columns={columns}
              keyOf={({ id }) => id}
              onOpen={({ id }) => go(`/waf/${encodeURIComponent(id)}`)}
              height="calc(100dvh - 190px)"
            />
          )}
        </View>
      </section>
      {isFilling ? <TemplateDialog onClose={() => setFilling(false)} /> : null}
    </div>
  )
}
