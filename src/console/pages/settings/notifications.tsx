import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { usePages } from '../../api/use-pages.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { toast } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import type { NotificationRule, Recipient } from './notification-shapes.ts'
import { NotifyDialog } from './notify-dialog.tsx'
import { RecipientDialog } from './recipient-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

interface Delivery {
  readonly id: string
  readonly recipientId: string
  readonly title: string
  readonly type: string
  readonly createdAt: string
  readonly state: 'waiting' | 'delivered' | 'failed' | 'dropped'
  readonly attempts: number
  readonly lastError: string | null
}

const root = '/api/notifications'

/** Who is told of signals, of which, and what became of each message. */
export function Notifications(): JSX.Element {
  const [dialog, setDialog] = useState<'recipient' | 'rule'>()
  const [secret, setSecret] = useState<string>()
  const recipients = useData<Page<Recipient>>({
    key: ['notifications', 'recipients'],
    load: (signal) => call('GET', `${root}/recipients`, undefined, signal),
  })
  const rules = useData<Page<NotificationRule>>({
    key: ['notifications', 'rules'],
    load: (signal) => call('GET', `${root}/rules`, undefined, signal),
  })
  const known = recipients.data?.items ?? []
  const nameOf = (id: string): string => known.find((one) => one.id === id)?.name ?? id
  return (
    <>
      <Card
        title="Recipients"
        actions={
          <Button small needs="admin" icon="plus" onPress={() => setDialog('recipient')}>
            Recipient …
          </Button>
        }
        flush
      >
        <View
          data={recipients}
          empty={({ items }) =>
            items.length > 0 ? (
              false
            ) : (
              <EmptyState icon="bell" title="Nobody is told">
                <p>A webhook, Slack, Teams, PagerDuty, or e-mail.</p>
              </EmptyState>
            )
          }
        >
          {({ items }) => (
            <ul class="lines">
              {items.map(({ id, name, kind, url, to }) => (
                <li key={id}>
                  <span class="badge">{kind}</span>
                  <span class="grow">
                    <Raw text={name} max={60} /> <span class="muted small">{to?.join(', ') ?? url}</span>
                  </span>
                  <Button small needs="responder" onPress={() => test(id, name)}>
                    Test
                  </Button>
                  <Button
                    small
                    needs="admin"
                    look="quiet"
                    icon="close"
                    label={`Remove ${name}`}
                    onPress={() => remove(`${root}/recipients/${id}`, name)}
                  />
                </li>
              ))}
            </ul>
          )}
        </View>
      </Card>
      <Card
        title="What they are told of"
        actions={
          <Button small needs="admin" icon="plus" disabled={known.length === 0} onPress={() => setDialog('rule')}>
            Rule …
          </Button>
        }
        flush
      >
        <View
          data={rules}
          empty={({ items }) =>
            items.length > 0 ? false : <EmptyState icon="bell" title="No rule: signals are told to nobody" />
          }
        >
          {({ items }) => (
            <ul class="lines">
              {items.map((rule) => (
                <li key={rule.id}>
                  <span class="grow">
                    <Raw text={rule.name} max={60} />
                    <br />
                    <span class="muted small">
                      {rule.severities.join(', ') || 'any severity'}
                      {rule.tags.length === 0 ? '' : `, ${rule.tags.join(', ')}`}
                      {rule.services.length === 0 ? '' : `, ${rule.services.join(', ')}`} →{' '}
                      {rule.recipients.map(nameOf).join(', ')}
                    </span>
                  </span>
                  <Button small needs="admin" pressed={rule.enabled} onPress={() => toggle(rule)}>
                    {rule.enabled ? 'On' : 'Off'}
                  </Button>
                  <Button
                    small
                    needs="admin"
                    look="quiet"
                    icon="close"
                    label={`Remove ${rule.name}`}
                    onPress={() => remove(`${root}/rules/${rule.id}`, rule.name)}
                  />
                </li>
              ))}
            </ul>
          )}
        </View>
      </Card>
      <Deliveries nameOf={nameOf} />
      {dialog === 'recipient' ? <RecipientDialog onClose={() => setDialog(undefined)} onSecret={setSecret} /> : null}
      {secret === undefined ? null : (
        <SecretDialog title="The webhook’s signing secret" secret={secret} onClose={() => setSecret(undefined)}>
          Check the header X-Portcullis-Signature with it.
        </SecretDialog>
      )}
      {dialog === 'rule' ? <NotifyDialog recipients={known} onClose={() => setDialog(undefined)} /> : null}
    </>
  )
}

async function test(id: string, name: string): Promise<void> {
  const { state, lastError } = await call<Delivery>('POST', `${root}/recipients/${encodeURIComponent(id)}/test`)
  await refresh('notifications')
  toast(state === 'delivered' ? `${name} got the test.` : `${name} did not get it: ${lastError ?? state}`)
}

async function remove(path: string, name: string): Promise<void> {
  await call('DELETE', path)
  await refresh('notifications')
  toast(`${name} is removed.`)
}

async function toggle(rule: NotificationRule): Promise<void> {
  const { id, ...body } = rule
  const set = async (enabled: boolean): Promise<void> => {
    await call('PUT', `${root}/rules/${encodeURIComponent(id)}`, { ...body, enabled })
    await refresh('notifications')
  }
  await set(!rule.enabled)
  toast(`${rule.name} is ${rule.enabled ? 'off' : 'on'}.`, () => set(rule.enabled))
}

const looks: Readonly<Record<Delivery['state'], string>> = {
  waiting: '',
  delivered: 'good',
  failed: 'critical',
  dropped: 'warn',
}

function Deliveries({ nameOf }: { readonly nameOf: (id: string) => string }): JSX.Element {
  const deliveries = usePages<Delivery>({
    key: ['notifications', 'deliveries'],
    path: `${root}/deliveries`,
    parameters: { limit: 200 },
  })
  const columns: readonly Column<Delivery>[] = [
    { key: 'title', title: 'Message', cell: ({ title }) => <Raw text={title} max={120} /> },
    {
      key: 'to',
      title: 'To',
      width: 160,
      fromPx: 520,
      cell: ({ recipientId }) => <Raw text={nameOf(recipientId)} max={40} />,
    },
    {
      key: 'state',
      title: 'State',
      width: 104,
      cell: ({ state }) => <span class={`badge ${looks[state]}`}>{state}</span>,
    },
    { key: 'why', title: 'Why not', fromPx: 760, cell: ({ lastError }) => <Raw text={lastError ?? ''} max={80} /> },
    { key: 'at', title: 'When', width: 110, fromPx: 420, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
  return (
    <Card title="Deliveries" flush>
      <View
        data={deliveries}
        empty={(found) => (found.length > 0 ? false : <EmptyState icon="bell" title="Nothing was sent yet" />)}
      >
        {(found) => (
          <Table
            label="Deliveries"
            rows={found}
            columns={columns}
            keyOf={({ id }) => id}
            onEnd={deliveries.more}
            height="340px"
          />
        )}
      </View>
    </Card>
  )
}
