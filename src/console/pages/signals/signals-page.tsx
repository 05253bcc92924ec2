import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { severities } from '../../../model/detection-rule.ts'
import { pathOf } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Signal } from '../../api/shapes.ts'
import { usePages } from '../../api/use-pages.ts'
import { SeverityBadge, StateBadge } from '../../design/badges.tsx'
import { Button, Segments } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { EmptyState, View } from '../../design/view.tsx'
import { go, parameter, setParameters } from '../../shell/address.ts'
import { count } from '../../text/figures.ts'
import { AttributeLine } from './cluster-attributes.tsx'
import { SmallCourse } from './small-course.tsx'
import { TriageDialog } from './triage-dialog.tsx'

const states = [
  { value: 'open,under_review', says: 'Open' },
  { value: 'archived', says: 'Archived' },
  { value: 'closed', says: 'Closed' },
  { value: 'all', says: 'All' },
] as const
type States = (typeof states)[number]['value']

const columns: readonly Column<Signal>[] = [
  { key: 'severity', title: 'Severity', width: 108, cell: ({ severity }) => <SeverityBadge severity={severity} /> },
  {
    key: 'title',
    title: 'Signal',
    folds: true,
    cell: ({ id, title }) => (
      <a href={`/signals/${encodeURIComponent(id)}`}>
        <Raw text={title} max={200} />
      </a>
    ),
  },
  {
    key: 'service',
    title: 'Service',
    width: 130,
    fromPx: 1_450,
    cell: ({ group }) => <Raw text={[group['service'], group['env']].filter(Boolean).join(' / ')} />,
  },
  {
    key: 'share',
    title: 'Attackers share',
    width: 220,
    fromPx: 1_250,
    cell: ({ clusters = [] }) => {
      const first = clusters[0]?.attributes[0]
      if (first === undefined) return <span class="muted">–</span>
      const more = clusters.reduce((sum, { attributes }) => sum + attributes.length, 0) - 1
      return (
        <>
          <AttributeLine attribute={first} />
          {more === 0 ? '' : ` +${count(more)}`}
        </>
      )
    },
  },
  {
    key: 'course',
    title: 'Course',
    width: 112,
    fromPx: 900,
    cell: (signal) => <SmallCourse signal={signal} />,
  },
  {
    key: 'compromised',
    title: 'Taken over',
    width: 96,
    number: true,
    fromPx: 520,
    cell: ({ compromisedUsers }) =>
      compromisedUsers === 0 ? <span class="muted">0</span> : <b class="critical-text">{count(compromisedUsers)}</b>,
  },
  {
    key: 'users',
    title: 'Targeted',
    width: 76,
    number: true,
    fromPx: 760,
    cell: ({ targetedUsers }) => count(targetedUsers),
  },
  {
    key: 'ips',
    title: 'Addresses',
    width: 88,
    number: true,
    fromPx: 1_100,
    cell: ({ attackingIps }) => count(attackingIps),
  },
  { key: 'state', title: 'State', width: 108, fromPx: 640, cell: ({ state }) => <StateBadge state={state} /> },
  { key: 'first', title: 'First seen', width: 100, fromPx: 1_400, cell: ({ firstSeen }) => <Time at={firstSeen} /> },
  { key: 'last', title: 'Last seen', width: 100, fromPx: 520, cell: ({ lastSeen }) => <Time at={lastSeen} /> },
]

/** What was detected, newest first: filtered, and triaged in bulk. */
export function SignalsPage(): JSX.Element {
  const state = (parameter('state') || 'open,under_review') as States
  const severity = parameter('severity')
  const service = parameter('service')
  const rule = parameter('rule')
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const [isTriaging, setTriaging] = useState(false)
  const parameters = { state: state === 'all' ? undefined : state, severity, service, rule }
  const signals = usePages<Signal>({ key: ['signals', 'list'], path: '/api/signals', parameters })
  const isFiltered = severity !== '' || service !== '' || rule !== ''
  return (
    <div class="page">
      <div class="page-head">
        <h1>Signals</h1>
        <div class="row">
          <Segments
            label="State"
            options={states}
            value={state}
            onChange={(value) => setParameters({ state: value === 'open,under_review' ? undefined : value })}
          />
          <select
            class="input"
            aria-label="Severity"
            data-key="/"
            value={severity}
            onChange={(event) => setParameters({ severity: event.currentTarget.value })}
          >
            <option value="">Any severity</option>
            {severities.map((one) => (
              <option key={one} value={one}>
                {one[0]?.toUpperCase()}
                {one.slice(1)}
              </option>
            ))}
          </select>
          <input
            class="input"
            type="search"
            aria-label="Service"
            placeholder="Service"
            value={service}
            onChange={(event) => setParameters({ service: event.currentTarget.value.trim() })}
          />
          <a class="button" href={pathOf('/api/signals', { ...parameters, format: 'csv' })} download>
            CSV
          </a>
        </div>
      </div>
      {chosen.size === 0 ? null : (
        <div class="row">
          <b>{count(chosen.size)} chosen</b>
          <Button needs="responder" onPress={() => setTriaging(true)}>
            Triage …
          </Button>
          <Button look="quiet" onPress={() => choose(new Set())}>
            None
          </Button>
        </div>
      )}
      <section class="card">
        <View
          data={signals}
          empty={(found) =>
            found.length > 0 ? (
              false
            ) : (
              <EmptyState
                icon={isFiltered ? 'filter' : 'check'}
                title={isFiltered ? 'No signal matches' : emptyTitle(state)}
              >
                {isFiltered ? (
                  <>
                    <p>
                      {severity === '' ? '' : `Severity is ${severity}. `}
                      {service === '' ? '' : `Service is ${service}. `}
                      {rule === '' ? '' : `Rule is ${rule}. `}
                    </p>
                    <Button onPress={() => setParameters({ severity: undefined, service: undefined, rule: undefined })}>
                      Take the filters away
                    </Button>
                  </>
                ) : (
                  <p>A signal is opened within about a second after an attack on logins crosses a rule’s bounds.</p>
                )}
              </EmptyState>
            )
          }
        >
          {(found) => (
            <Table
              label="Signals"
              rows={found}
              columns={columns}
              keyOf={({ id }) => id}
              onOpen={({ id }) => go(`/signals/${encodeURIComponent(id)}`)}
              reading={signals}
              height="calc(100dvh - 190px)"
              {...(may('responder') ? { chosen, onChoose: choose } : {})}
            />
          )}
        </View>
      </section>
      {isTriaging ? (
        <TriageDialog
          signals={(signals.data ?? []).filter(({ id }) => chosen.has(id))}
          onClose={() => {
            setTriaging(false)
            choose(new Set())
          }}
        />
      ) : null}
    </div>
  )
}

function emptyTitle(state: States): string {
  if (state === 'all') return 'Nothing has been detected yet'
  return state === 'open,under_review' ? 'No open signal: nothing looks like an attack now' : `No ${state} signal`
}
