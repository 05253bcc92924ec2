import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { BlockDialog } from '../actions/block-dialog.tsx'
import { EntryLine } from '../actions/entry-line.tsx'
import { call } from '../api/call.ts'
import type { EntityFacts, Observed, Signal } from '../api/shapes.ts'
import { useData } from '../api/use-data.ts'
import { SeverityBadge } from '../design/badges.tsx'
import { Button } from '../design/button.tsx'
import { Entity } from '../design/entity.tsx'
import { Note } from '../design/note.tsx'
import { Panel } from '../design/panel.tsx'
import { Raw } from '../design/raw.tsx'
import { Time } from '../design/time.tsx'
import { Figure, View } from '../design/view.tsx'
import { printText } from '../../query/query.ts'
import { count } from '../text/figures.ts'

interface EntityProps {
  readonly kind: 'user' | 'ip'
  readonly value: string
  readonly onClose: () => void
}

/** All that is known of a user or an address: what it did in 30 days, with whom, signals, blocks, and what can be done. */
export function EntityPanel({ kind, value, onClose }: EntityProps): JSX.Element {
  const [blocking, setBlocking] = useState<'denylist' | 'passlist'>()
  const facts = useData<EntityFacts>({
    key: ['entity', kind, value],
    load: (signal) => call('GET', `/api/entities/${kind}/${encodeURIComponent(value)}`, undefined, signal),
  })
  const entryKind = kind === 'ip' ? 'ip' : (facts.data?.userIds.length ?? 0) > 0 ? 'user' : 'login'
  const entryValue = entryKind === 'user' ? (facts.data?.userIds[0]?.value ?? value) : value
  return (
    <Panel
      title={
        <>
          {kind === 'ip' ? 'Address ' : 'User '}
          <Raw text={value} max={60} />
        </>
      }
      onClose={onClose}
      actions={
        <>
          <Button small needs="responder" look="danger" onPress={() => setBlocking('denylist')}>
            Block …
          </Button>
          <Button small needs="responder" onPress={() => setBlocking('passlist')}>
            Never block …
          </Button>
        </>
      }
    >
      <View data={facts}>{(known) => <Known {...known} />}</View>
      {blocking === undefined ? null : (
        <BlockDialog
          list={blocking}
          entries={[{ kind: entryKind, value: entryValue }]}
          onClose={() => setBlocking(undefined)}
        />
      )}
    </Panel>
  )
}

function Known(known: EntityFacts): JSX.Element {
  const { kind, value } = known
  const term =
    kind === 'ip' ? `@http.client_ip:${printText(value)}` : `@appsec.events_data.usr.login:${printText(value)}`
  return (
    <>
      {known.threatIntel.length === 0 ? null : (
        <Note kind="warn">Known to threat intelligence as {known.threatIntel.map((one) => one.value).join(', ')}.</Note>
      )}
      <div class="figures">
        <Figure label="Requests, 30 days" value={count(known.requests)} />
        <Figure label="Logins" value={count(known.successes)} />
        <Figure label="Failed" value={count(known.failures)} />
        <Figure label="Blocked" value={count(known.blocked)} />
      </div>
      <dl class="facts">
        <dt>First seen</dt>
        <dd>{known.firstSeen === null ? 'not in 30 days' : <Time at={known.firstSeen} exact />}</dd>
        <dt>Last seen</dt>
        <dd>{known.lastSeen === null ? 'not in 30 days' : <Time at={known.lastSeen} exact />}</dd>
        <dt>Traces</dt>
        <dd>
          <a href={`/traces?${new URLSearchParams({ q: term, from: 'now-30d' }).toString()}`}>Show in the explorer</a>
        </dd>
      </dl>
      <Signals signals={known.signals} />
      {known.blocks.length + known.passes.length === 0 ? null : (
        <section>
          <h3>Blocks and exceptions</h3>
          <ul class="counted">
            {known.blocks.map((entry) => (
              <EntryLine key={entry.id} list="denylist" entry={entry} />
            ))}
            {known.passes.map((entry) => (
              <EntryLine key={entry.id} list="passlist" entry={entry} />
            ))}
          </ul>
        </section>
      )}
      <Counted title={kind === 'ip' ? 'Users it tried' : 'Names it logs in with'} items={known.logins} as="user" />
      <Counted title="User ids" items={known.userIds} />
      <Counted title="Addresses" items={kind === 'ip' ? [] : known.ips} as="ip" />
      <Counted title="Networks" items={known.networks} />
      <Counted title="Countries" items={known.countries} />
      <Counted title="Routes" items={known.routes} />
      <Counted title="Services" items={known.services} />
      <Counted title="User agents" items={known.userAgents} />
    </>
  )
}

function Signals({ signals }: { readonly signals: readonly Signal[] }): JSX.Element | null {
  if (signals.length === 0) return null
  return (
    <section>
      <h3>Signals</h3>
      <ul class="counted">
        {signals.map(({ id, title, severity, lastSeen }) => (
          <li key={id}>
            <span class="signal-line">
              <SeverityBadge severity={severity} />
              <a href={`/signals/${encodeURIComponent(id)}`}>
                <Raw text={title} />
              </a>
            </span>
            <span class="muted">
              <Time at={lastSeen} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const maxCounted = 10

function Counted(props: {
  readonly title: string
  readonly items: readonly Observed[]
  readonly as?: 'user' | 'ip'
}): JSX.Element | null {
  const { title, items, as } = props
  const [open, setOpen] = useState(false)
  if (items.length === 0) return null
  return (
    <section>
      <h3>
        {title} <span class="muted">{count(items.length)}</span>
      </h3>
      <ul class="counted">
        {(open ? items : items.slice(0, maxCounted)).map((one) => (
          <li key={one.value}>
            {as === undefined ? <Raw text={one.value} /> : <Entity kind={as} value={one.value} />}
            <span class="muted">{count(one.count)}</span>
          </li>
        ))}
      </ul>
      {items.length <= maxCounted ? null : (
        <div>
          <Button small look="quiet" onPress={() => setOpen(!open)}>
            {open ? 'Fewer' : `All ${count(items.length)}`}
          </Button>
        </div>
      )}
    </section>
  )
}
