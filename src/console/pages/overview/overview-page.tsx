import type { JSX } from 'preact'
import { call, pathOf } from '../../api/call.ts'
import type { Overview, Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { SeverityBadge } from '../../design/badges.tsx'
import { Chart } from '../../design/chart.tsx'
import { chosenRange, setRange, TimePicker } from '../../design/time-picker.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { Card, EmptyState, Figure, View } from '../../design/view.tsx'
import { severities } from '../../../model/detection-rule.ts'
import { count } from '../../text/figures.ts'
import { AutomationToday } from './automation-today.tsx'
import { ServicesState } from './services-state.tsx'

/** Are we under attack? */
export function OverviewPage(): JSX.Element {
  const range = chosenRange()
  const overview = useData<Overview>({
    key: ['overview', range.from, range.to],
    load: (signal) => call('GET', pathOf('/api/overview', { ...range }), undefined, signal),
    everyMs: 15_000,
  })
  return (
    <div class="page">
      <div class="page-head">
        <h1>Overview</h1>
        <TimePicker />
      </div>
      <View data={overview}>{(found) => <Found {...found} />}</View>
      <div class="columns">
        <ServicesState />
        <AutomationToday />
      </div>
    </div>
  )
}

function Found({ logins, blocked, signals, denylist, tracers }: Overview): JSX.Element {
  const open = signals.recent.filter(({ state }) => state === 'open' || state === 'under_review')
  return (
    <>
      <div class="figures">
        <Figure
          label="Open signals"
          value={<a href="/signals">{count(signals.open)}</a>}
          critical={signals.bySeverity.critical > 0}
          says={
            severities
              .filter((severity) => signals.bySeverity[severity] > 0)
              .map((severity) => `${signals.bySeverity[severity]} ${severity}`)
              .join(', ') || 'nothing found in this time'
          }
        />
        <Figure
          label="Compromised users"
          value={count(signals.compromisedUsers)}
          critical={signals.compromisedUsers > 0}
          says="signals of this time added up"
        />
        <Figure label="Users who logged in" value={count(logins.users)} says={`from ${count(logins.ips)} addresses`} />
        <Figure label="Denylist" value={<a href="/denylist">{count(denylist.total)}</a>} says="entries in force" />
        <Figure
          label="Tracers"
          value={<a href="/services">{count(tracers.connected)}</a>}
          says={tracers.connected === tracers.upToDate ? 'all up to date' : `${tracers.upToDate} up to date`}
        />
      </div>
      <Card title="Logins">
        <Chart
          label="Logins over time"
          height={200}
          series={[
            { name: 'Successful', color: '--success', points: logins.successes },
            { name: 'Failed', color: '--failure', points: logins.failures },
            { name: 'Blocked', color: '--blocked', points: blocked },
          ]}
          marks={firstOf(open)}
          onZoom={(from, to) => setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
        />
      </Card>
      <Card title="Latest signals" actions={<a href="/signals">All signals</a>} flush>
        {signals.recent.length === 0 ? (
          <EmptyState icon="check" title="No signal in this time">
            <p>When an attack on logins begins, it is named here within about a second.</p>
          </EmptyState>
        ) : (
          <ul class="lines">
            {signals.recent.slice(0, 6).map((signal) => (
              <li key={signal.id}>
                <SeverityBadge severity={signal.severity} />
                <a class="grow" href={`/signals/${encodeURIComponent(signal.id)}`}>
                  <Raw text={signal.title} />
                </a>
                <span class="muted">
                  {signal.group['service'] === undefined ? '' : `${signal.group['service']}, `}
                  <Time at={signal.lastSeen} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </>
  )
}

function firstOf(open: readonly Signal[]): { readonly atMs: number; readonly says: string }[] {
  const first = open
    .map(({ openedAt }) => Date.parse(openedAt))
    .reduce((least, atMs) => Math.min(least, atMs), Infinity)
  return Number.isFinite(first) ? [{ atMs: first, says: 'First signal' }] : []
}
