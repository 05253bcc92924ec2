import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { SeenService, Tracer } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import type { Span } from '../../api/shapes.ts'
import { may } from '../../api/session.ts'
import { Segments } from '../../design/button.tsx'
import { Entity } from '../../design/entity.tsx'
import { Note } from '../../design/note.tsx'
import { Panel } from '../../design/panel.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { View } from '../../design/view.tsx'
import { percent } from '../../text/figures.ts'
import { termText } from '../traces/edit-query.ts'
import { outcomeOf, valueOf } from '../traces/span-words.ts'
import { protectionOf } from './protection.ts'

const switches = [
  { value: 'service', says: 'As the service says' },
  { value: 'on', says: 'On' },
  { value: 'off', says: 'Off' },
] as const
type Switch = (typeof switches)[number]['value']

/** One service: its switch, what to mend, its tracers with what they applied, and its last logins. */
export function ServicePanel({
  service,
  onClose,
}: {
  readonly service: SeenService
  readonly onClose: () => void
}): JSX.Element {
  const { name, appsec, findings, tracers, versions } = service
  const { look, says } = protectionOf(service)
  const now: Switch = appsec.enabled === null ? 'service' : appsec.enabled ? 'on' : 'off'
  return (
    <Panel title={<Raw text={name} max={60} />} onClose={onClose}>
      <section>
        <h3>Protection</h3>
        <p>
          <span class={`badge ${look}`}>{says}</span>
        </p>
        {may('admin') ? (
          <div>
            <Segments label="AppSec" options={switches} value={now} onChange={(value) => void change(service, value)} />
          </div>
        ) : null}
        <p class="muted small">
          Switched by remote configuration, without a new deployment: tracers take it over within about a second.
        </p>
      </section>
      {findings.length === 0 ? null : (
        <section>
          <h3>What makes detection weaker</h3>
          {findings.map(({ code, says: what, share }) => (
            <Note key={code} kind="warn">
              {percent(share)} of them: {what}. <code>{code}</code>
            </Note>
          ))}
        </section>
      )}
      <section>
        <h3>
          Tracers <span class="muted">{tracers.filter(({ connected }) => connected).length} connected</span>
        </h3>
        {tracers.length === 0 ? (
          <p class="muted">None is connected: spans arrive by OpenTelemetry, or remote configuration is off.</p>
        ) : (
          <ul class="stack">
            {tracers.map((tracer) => (
              <TracerState key={tracer.clientId} tracer={tracer} />
            ))}
          </ul>
        )}
      </section>
      <section>
        <h3>Versions</h3>
        <ul class="counted">
          {versions.map(({ env, version, lastSeen }) => (
            <li key={`${env} ${version}`}>
              <Raw text={[env, version].filter(Boolean).join(' / ') || 'without a name'} />
              <span class="muted">
                <Time at={lastSeen} />
              </span>
            </li>
          ))}
        </ul>
      </section>
      <LastLogins name={name} />
    </Panel>
  )
}

async function change({ name, appsec }: SeenService, value: Switch): Promise<void> {
  const set = async (enabled: boolean | null): Promise<void> => {
    await call('PATCH', `/api/services/${encodeURIComponent(name)}`, { appsec: { enabled } })
    await refresh('services', 'overview')
  }
  try {
    await set(value === 'service' ? null : value === 'on')
    toast(value === 'service' ? `${name} decides for itself.` : `AppSec of ${name} is switched ${value}.`, () =>
      set(appsec.enabled),
    )
  } catch (error) {
    toastError(error)
  }
}

/** Apply states of remote configuration. */
const applyWords: Readonly<Record<number, string>> = { 0: 'unknown', 1: 'waiting', 2: 'applied', 3: 'failed' }

function TracerState({ tracer }: { readonly tracer: Tracer }): JSX.Element {
  const { kind, tracerVersion, env, connected, upToDate, lastSeen, configurations, error, language } = tracer
  return (
    <li class="tracer">
      <span class="row apart">
        <b>
          {kind === 'portcullis' ? 'Portcullis' : 'Datadog'} {tracerVersion}, {language}
        </b>
        <span class={`badge ${connected ? (upToDate ? 'good' : 'warn') : ''}`}>
          {connected ? (upToDate ? 'up to date' : 'under way') : 'gone'}
        </span>
      </span>
      <span class="muted small">
        <Raw text={env} />, asked <Time at={lastSeen} />
      </span>
      {error === null ? null : (
        <Note kind="danger">
          <Raw text={error} />
        </Note>
      )}
      {configurations.length === 0 ? null : (
        <ul class="small">
          {configurations.map(({ id, product, apply_state: state, apply_error: why }) => (
            <li key={`${product}/${id}`}>
              <span class="mono">
                {product}/{id}
              </span>
              : {applyWords[state] ?? state}
              {why === undefined || why === '' ? null : (
                <>
                  , <Raw text={why} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

const shownLogins = 8

function LastLogins({ name }: { readonly name: string }): JSX.Element {
  const query = `${termText('service', name)} @appsec.security_activity:business_logic.users.login.*`
  const logins = useData<{ readonly spans: readonly Span[] }>({
    key: ['spans', 'last-logins', name],
    load: (signal) =>
      call('POST', '/api/spans/search', { query, from: 'now-24h', to: 'now', limit: shownLogins }, signal),
    everyMs: 5_000,
  })
  return (
    <section>
      <h3>Last login events</h3>
      <View
        data={logins}
        empty={({ spans }) =>
          spans.length > 0 ? (
            false
          ) : (
            <Note kind="warn">
              None in 24 hours. Call <code>trackLoginSuccess</code> and <code>trackLoginFailure</code> where people log
              in.
            </Note>
          )
        }
      >
        {({ spans }) => (
          <ul class="counted">
            {spans.map((span) => {
              const { says, look } = outcomeOf(span)
              return (
                <li key={span.spanId}>
                  <span class="row">
                    <span class={`badge ${look}`}>{says}</span>
                    <Entity kind="user" value={valueOf(span, '@appsec.events_data.usr.login')} />
                  </span>
                  <span class="muted">
                    <Time at={span.timestamp} />
                  </span>
                </li>
              )
            })}
          </ul>
        )}
      </View>
    </section>
  )
}
