import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { BlockDialog } from '../../actions/block-dialog.tsx'
import type { WantedEntry } from '../../actions/lists.ts'
import { call } from '../../api/call.ts'
import type { Span } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Entity } from '../../design/entity.tsx'
import { Menu } from '../../design/menu.tsx'
import { Panel } from '../../design/panel.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { View } from '../../design/view.tsx'
import { may } from '../../api/session.ts'
import { setParameters } from '../../shell/address.ts'
import { termText, withExcluded, withOnly } from './edit-query.ts'
import { attributeText, outcomeOf } from './span-words.ts'
import { WafEvents } from './waf-events.tsx'

interface SpanPanelProps {
  /** `traceId:spanId`. */
  readonly spanKey: string
  readonly known: Span | undefined
  readonly query: string
  readonly onChange: (query: string) => void
}

/** What a client is known again by, the most telling first. */
const likeness = [
  'http.useragent',
  'http.request.headers.accept-language',
  'appsec.fingerprint.header.order',
  'appsec.fingerprint.header.known_headers',
  'http.route',
]
const groups: readonly { readonly title: string; readonly holds: (name: string) => boolean }[] = [
  {
    title: 'Login event',
    holds: (name) =>
      name.startsWith('appsec.events_data.') || name.startsWith('usr.') || name.startsWith('appsec.security'),
  },
  {
    title: 'Address',
    holds: (name) => name.startsWith('network.') || name.startsWith('threat_intel.') || name === 'http.client_ip',
  },
  { title: 'Request headers', holds: (name) => name.startsWith('http.request.headers.') },
  {
    title: 'Fingerprints',
    holds: (name) => name.startsWith('appsec.fingerprint.') || name.startsWith('_dd.appsec.fp.'),
  },
  { title: 'User agent', holds: (name) => name.startsWith('http.useragent') },
  { title: 'Request', holds: (name) => name.startsWith('http.') },
  { title: 'Everything else', holds: () => true },
]

/** One span whole: what it was, what the WAF matched, who sent it; narrow the query by it, or block it. */
export function SpanPanel({ spanKey, known, query, onChange }: SpanPanelProps): JSX.Element {
  const [traceId = '', spanId = ''] = spanKey.split(':')
  const [blocking, setBlocking] = useState<WantedEntry>()
  const found = useData<Span | null>({
    key: ['spans', 'one', spanKey],
    enabled: known === undefined,
    load: async (signal) => {
      const body = { query: `trace_id:${traceId} span_id:${spanId}`, from: 0, to: 'now', limit: 1 }
      return (await call<{ spans: readonly Span[] }>('POST', '/api/spans/search', body, signal)).spans[0] ?? null
    },
  })
  const span = known ?? found.data ?? undefined
  const close = (): void => setParameters({ span: undefined })
  const like = span === undefined ? '' : likenessOf(span)
  return (
    <Panel
      title={span === undefined ? 'Span' : <Raw text={span.resource_name || span.operation_name} max={60} />}
      onClose={close}
      actions={
        span === undefined ? null : (
          <>
            <Button small disabled={like === ''} onPress={() => onChange(like)}>
              More like this
            </Button>
            {may('responder') ? (
              <Menu label="Block this" says="Block …" small>
                {(hide) => (
                  <div class="menu">
                    {entriesOf(span).map((entry) => (
                      <button
                        key={entry.kind}
                        type="button"
                        onClick={() => {
                          hide()
                          setBlocking(entry)
                        }}
                      >
                        {blockWords[entry.kind]}
                        <span class="muted">
                          <Raw text={entry.value.slice(0, 40)} />
                        </span>
                      </button>
                    ))}
                  </div>
                )}
              </Menu>
            ) : null}
          </>
        )
      }
    >
      {span === undefined ? (
        <View data={found}>{() => <p class="muted">This span is not stored (any more).</p>}</View>
      ) : (
        <SpanFacts span={span} query={query} onChange={onChange} />
      )}
      {blocking === undefined ? null : <BlockDialog entries={[blocking]} onClose={() => setBlocking(undefined)} />}
    </Panel>
  )
}

function SpanFacts({
  span,
  query,
  onChange,
}: {
  readonly span: Span
  readonly query: string
  readonly onChange: (query: string) => void
}): JSX.Element {
  const { says, look } = outcomeOf(span)
  const left = new Map(Object.entries(span.attributes).filter(([name]) => !name.startsWith('_dd.appsec.json')))
  left.delete('appsec.event')
  return (
    <>
      <dl class="facts">
        <dt>What</dt>
        <dd>
          <span class={`badge ${look}`}>
            <Raw text={says} />
          </span>
        </dd>
        <dt>When</dt>
        <dd>
          <Time at={span.timestamp} exact />, took {span.durationMs.toFixed(1)} ms
        </dd>
        <dt>Service</dt>
        <dd>
          <Raw text={[span.service, span.env, span.version].filter(Boolean).join(' / ')} />
        </dd>
        <dt>Trace</dt>
        <dd class="mono">
          <a href={`/traces?${new URLSearchParams({ q: `trace_id:${span.traceId}`, from: 'now-30d' }).toString()}`}>
            {span.traceId}
          </a>
        </dd>
      </dl>
      <WafEvents span={span} />
      {groups.map(({ title, holds }) => {
        const own = [...left.keys()].filter((name) => holds(name)).sort()
        const rows = own.map((name) => [name, attributeText(left.get(name))] as const)
        for (const name of own) left.delete(name)
        if (rows.length === 0) return null
        return (
          <section key={title}>
            <h3>{title}</h3>
            <dl class="attributes">
              {rows.map(([name, value]) => (
                <div key={name}>
                  <dt>
                    <Raw text={`@${name}`} max={80} />
                  </dt>
                  <dd>
                    {name === 'http.client_ip' ? (
                      <Entity kind="ip" value={value} />
                    ) : name === 'appsec.events_data.usr.login' || name === 'usr.login' ? (
                      <Entity kind="user" value={value} max={80} />
                    ) : (
                      <Raw text={value} max={160} />
                    )}
                  </dd>
                  <dd class="choices">
                    <button
                      type="button"
                      aria-label={`Only this ${name}`}
                      onClick={() => onChange(withOnly(query, `@${name}`, firstOf(span, name)))}
                    >
                      Only
                    </button>
                    <button
                      type="button"
                      aria-label={`Exclude this ${name}`}
                      onClick={() => onChange(withExcluded(query, `@${name}`, firstOf(span, name)))}
                    >
                      Exclude
                    </button>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )
      })}
    </>
  )
}

function firstOf(span: Span, name: string): string {
  const value = span.attributes[name]
  return typeof value === 'object' ? (value[0] ?? '') : attributeText(value)
}

function likenessOf(span: Span): string {
  return likeness
    .filter((name) => attributeText(span.attributes[name]) !== '')
    .map((name) => termText(`@${name}`, attributeText(span.attributes[name])))
    .join(' ')
}

const blockWords: Readonly<Record<string, string>> = {
  ip: 'Address',
  user: 'User',
  login: 'Login',
  user_agent: 'User agent',
  fingerprint: 'Fingerprint of its headers',
}

function entriesOf({ attributes }: Span): readonly WantedEntry[] {
  const found: readonly WantedEntry[] = [
    { kind: 'ip', value: attributeText(attributes['http.client_ip']) },
    { kind: 'user', value: attributeText(attributes['appsec.events_data.usr.id'] ?? attributes['usr.id']) },
    { kind: 'login', value: attributeText(attributes['appsec.events_data.usr.login'] ?? attributes['usr.login']) },
    { kind: 'user_agent', value: attributeText(attributes['http.useragent']) },
    { kind: 'fingerprint', value: attributeText(attributes['_dd.appsec.fp.http.header']) },
  ]
  return found.filter(({ value }) => value !== '')
}
