import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call, pathOf } from '../../api/call.ts'
import type { Acknowledgement, Page, Signal } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Entity } from '../../design/entity.tsx'
import { Raw } from '../../design/raw.tsx'
import { now, Time, Until } from '../../design/time.tsx'
import { toast } from '../../design/toast.tsx'
import { Card } from '../../design/view.tsx'
import { count, many } from '../../text/figures.ts'

const kindWords = {
  block_ip: 'Address',
  block_user: 'User',
  block_login: 'Login',
  block_user_agent: 'User agent',
  block_fingerprint: 'Fingerprint',
  waf_rule: 'WAF rule',
  flag_ip: 'Flagged address',
  notify: 'Notified',
} as const
const shown = 6

interface Standing {
  readonly id: string
  readonly selection: string
  readonly by: string
  readonly at: string
}

/** What was done against the attack, by whom, until when; each can be taken back. */
export function Responses({ signal }: { readonly signal: Signal }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const inForce = signal.responses.filter(
    ({ kind, undoneAt, until }) =>
      kind !== 'notify' && undoneAt === null && (until === null || Date.parse(until) > now.value),
  )
  const url = `/api/signals/${encodeURIComponent(signal.id)}`
  const acknowledged = useData<Page<{ readonly id: string; readonly acknowledgements: readonly Acknowledgement[] }>>({
    key: ['signals', 'responses', signal.id],
    load: (abort) => call('GET', pathOf(`${url}/responses`, { limit: 1_000 }), undefined, abort),
  })
  const standing = useData<{ readonly items: readonly Standing[] }>({
    key: ['signals', 'standing', signal.id],
    load: (abort) => call('GET', `${url}/respond`, undefined, abort),
  })
  const reached = new Map(acknowledged.data?.items.map((one) => [one.id, one.acknowledgements]))
  const all = isOpen ? signal.responses : signal.responses.slice(0, shown)
  return (
    <Card
      title={
        <>
          Responses <span class="muted">{inForce.length} in force</span>
        </>
      }
      actions={
        inForce.length < 2 ? null : (
          <Button small needs="responder" icon="undo" onPress={() => undo(inForce.map(({ id }) => id))}>
            Take all back
          </Button>
        )
      }
      flush
    >
      {standing.data?.items.map(({ id, selection, by, at }) => (
        <p key={id} class="inside row apart">
          <span>
            {selection === 'ips' ? 'Addresses' : 'Accounts'} that come later are blocked, too{' '}
            <span class="muted small">
              by {by} <Time at={at} />
            </span>
          </span>
          <Button small needs="responder" onPress={() => endStanding(url)}>
            End
          </Button>
        </p>
      ))}
      {signal.responses.length === 0 ? (
        <p class="inside muted">Nothing has been done yet.</p>
      ) : (
        <ul class="lines">
          {all.map((response) => {
            const { id, kind, value, by, at, until, undoneAt } = response
            return (
              <li key={id}>
                <span class="grow">
                  {kindWords[kind]}{' '}
                  {kind === 'block_ip' ? (
                    <Entity kind="ip" value={value} />
                  ) : kind === 'block_user' || kind === 'block_login' ? (
                    <Entity kind="user" value={value} />
                  ) : kind === 'waf_rule' ? (
                    <a href={`/waf/${encodeURIComponent(value)}`}>of what the attackers share</a>
                  ) : (
                    <Raw text={value} />
                  )}
                  <br />
                  <span class="muted small">
                    by {by} <Time at={at} />
                    {kind === 'notify' ? null : undoneAt === null ? (
                      <>
                        , ends <Until at={until} />
                        <Reached acknowledgements={reached.get(id)} />
                      </>
                    ) : (
                      <>
                        , taken back <Time at={undoneAt} />
                      </>
                    )}
                  </span>
                </span>
                {inForce.includes(response) ? (
                  <Button small needs="responder" onPress={() => undo([id])}>
                    Undo
                  </Button>
                ) : null}
              </li>
            )
          })}
          {signal.responses.length <= shown ? null : (
            <li>
              <Button small look="quiet" onPress={() => setOpen(!isOpen)}>
                {isOpen ? 'Fewer' : `All ${signal.responses.length}`}
              </Button>
            </li>
          )}
        </ul>
      )}
    </Card>
  )
}

/** How many of the connected tracers enforce a response. */
function Reached(props: { readonly acknowledgements: readonly Acknowledgement[] | undefined }): JSX.Element | null {
  if (props.acknowledgements === undefined) return null
  const sum = (field: 'connected' | 'acknowledged' | 'unable'): number =>
    props.acknowledgements?.reduce((total, one) => total + one[field], 0) ?? 0
  const unable = sum('unable')
  return (
    <>
      , in force at{' '}
      {sum('connected') === 0 ? 'no tracer' : `${count(sum('acknowledged'))} of ${many(sum('connected'), 'tracer')}`}
      {unable === 0 ? null : <span class="warn-text">, {count(unable)} cannot block</span>}
    </>
  )
}

async function endStanding(url: string): Promise<void> {
  await call('DELETE', `${url}/respond`)
  await refresh('signals')
  toast('What comes later is not blocked any more; what is blocked stays until its end.')
}

async function undo(ids: readonly string[]): Promise<void> {
  for (const id of ids) await call('DELETE', `/api/responses/${encodeURIComponent(id)}`)
  await refresh('signals', 'denylist', 'mitigations', 'entity', 'overview')
  toast(`${many(ids.length, 'response')} taken back.`)
}
