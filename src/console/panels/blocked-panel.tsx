import type { JSX } from 'preact'
import { EntryLine, isActive } from '../actions/entry-line.tsx'
import { takenOff } from '../actions/lists.ts'
import { call } from '../api/call.ts'
import type { DenylistEntry, Span } from '../api/shapes.ts'
import { useData } from '../api/use-data.ts'
import { Button } from '../design/button.tsx'
import { Entity } from '../design/entity.tsx'
import { Panel } from '../design/panel.tsx'
import { Raw } from '../design/raw.tsx'
import { Time } from '../design/time.tsx'
import { View } from '../design/view.tsx'

interface Blocked {
  readonly reason: 'denylist' | 'rule'
  readonly rules: readonly string[]
  readonly wafRules: readonly { readonly id: string; readonly name: string; readonly mode: string }[]
  readonly entries: readonly DenylistEntry[]
  readonly span: Span
}

/** Why a request was stopped, for a person who quotes the id of the block page; and how to let them in again. */
export function BlockedPanel({ id, onClose }: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  const blocked = useData<Blocked>({
    key: ['entity', 'blocked', id],
    load: (signal) => call('GET', `/api/blocked/${encodeURIComponent(id)}`, undefined, signal),
  })
  return (
    <Panel title="Why was this blocked?" onClose={onClose}>
      <View data={blocked}>
        {({ reason, rules, wafRules, entries, span }) => {
          const ip = String(span.attributes['http.client_ip'] ?? '')
          const login = String(span.attributes['appsec.events_data.usr.login'] ?? span.attributes['usr.login'] ?? '')
          return (
            <>
              <p>
                {reason === 'denylist'
                  ? 'The request was stopped by an entry of the denylist.'
                  : 'The request was stopped by a rule of the In-App WAF.'}
              </p>
              <dl class="facts">
                <dt>Id</dt>
                <dd class="mono">{id}</dd>
                <dt>When</dt>
                <dd>
                  <Time at={span.timestamp} exact />
                </dd>
                <dt>Request</dt>
                <dd>
                  <Raw text={span.resource_name} /> of {span.service}
                </dd>
                <dt>Address</dt>
                <dd>{ip === '' ? 'unknown' : <Entity kind="ip" value={ip} />}</dd>
                {login === '' ? null : (
                  <>
                    <dt>User</dt>
                    <dd>
                      <Entity kind="user" value={login} />
                    </dd>
                  </>
                )}
                <dt>Rules</dt>
                <dd>
                  {rules.map((rule) => (
                    <span key={rule} class="badge">
                      <Raw text={rule} />
                    </span>
                  ))}
                  {wafRules.map(({ id: ruleId, name, mode }) => (
                    <a key={ruleId} href={`/waf/${encodeURIComponent(ruleId)}`}>
                      <Raw text={name} max={80} /> ({mode})
                    </a>
                  ))}
                </dd>
              </dl>
              <section>
                <h3>Entries that name it</h3>
                {entries.length === 0 ? (
                  <p class="muted">No entry of the list names it.</p>
                ) : (
                  <ul class="counted">
                    {entries.map((entry) => (
                      <EntryLine key={entry.id} list="denylist" entry={entry} />
                    ))}
                  </ul>
                )}
                {entries.some(isActive) ? (
                  <Button needs="responder" look="primary" onPress={() => unblock(id)}>
                    Let them in again
                  </Button>
                ) : null}
              </section>
            </>
          )
        }}
      </View>
    </Panel>
  )
}

/** Takes back every entry in force that stopped the request: whoever quotes its id is let in again. */
function unblock(id: string): Promise<void> {
  return takenOff('denylist', async () => {
    const { rescinded } = await call<{ rescinded: readonly DenylistEntry[] }>(
      'POST',
      `/api/blocked/${encodeURIComponent(id)}/unblock`,
    )
    return rescinded
  })
}
