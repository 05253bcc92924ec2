import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Menu } from '../../design/menu.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { Deliveries } from './deliveries.tsx'
import { NotificationRuleDialog, saveRule } from './notification-rule-dialog.tsx'
import { OnceDialog, type ShownOnce } from './once-dialog.tsx'
import { RecipientDialog } from './recipient-dialog.tsx'
import { RemoveRecipientDialog } from './remove-recipient-dialog.tsx'
import { recipientKindWords, type Delivery, type NotificationRule, type Recipient } from './settings-shapes.ts'

type Open =
  | { readonly kind: 'rule'; readonly rule: NotificationRule | undefined }
  | { readonly kind: 'recipient'; readonly recipient: Recipient | undefined }
  | { readonly kind: 'remove'; readonly recipient: Recipient }

const root = '/api/notifications'
const tableHeight = '40vh'

/** Which signals are told to whom, who can be told, and what was delivered. */
export function Notifications(): JSX.Element {
  const [open, setOpen] = useState<Open>()
  const [secret, setSecret] = useState<ShownOnce>()
  const rules = useData<Page<NotificationRule>>({
    key: ['notifications', 'rules'],
    load: (signal) => call('GET', `${root}/rules`, undefined, signal),
  })
  const recipients = useData<Page<Recipient>>({
    key: ['notifications', 'recipients'],
    load: (signal) => call('GET', `${root}/recipients`, undefined, signal),
  })
  const known = recipients.data?.items ?? []
  const close = (): void => setOpen(undefined)
  return (
    <div class="stack">
      <Card
        title="Rules"
        actions={
          known.length === 0 ? null : (
            <Button small needs="admin" icon="plus" onPress={() => setOpen({ kind: 'rule', rule: undefined })}>
              Tell somebody …
            </Button>
          )
        }
        flush
      >
        <View
          data={rules}
          empty={({ items }) =>
            items.length > 0 ? (
              false
            ) : (
              <EmptyState icon="bell" title="Nobody is told of a signal">
                <p>
                  {known.length === 0
                    ? 'Add a recipient below, then say which signals it is told of.'
                    : 'Say which signals the recipients below are told of.'}
                </p>
              </EmptyState>
            )
          }
        >
          {({ items }) => (
            <Table
              label="Notification rules"
              rows={items}
              columns={ruleColumns(known, (rule) => setOpen({ kind: 'rule', rule }))}
              keyOf={({ id }) => id}
              height={tableHeight}
            />
          )}
        </View>
      </Card>
      <Card
        title="Recipients"
        actions={
          <Button small needs="admin" icon="plus" onPress={() => setOpen({ kind: 'recipient', recipient: undefined })}>
            Add a recipient …
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
              <EmptyState icon="user" title="There is no recipient">
                <p>A webhook, Slack, Teams, PagerDuty or an e-mail address.</p>
              </EmptyState>
            )
          }
        >
          {({ items }) => (
            <Table
              label="Recipients"
              rows={items}
              columns={recipientColumns(setOpen)}
              keyOf={({ id }) => id}
              height={tableHeight}
            />
          )}
        </View>
      </Card>
      <Deliveries recipients={known} />
      {open?.kind === 'rule' ? <NotificationRuleDialog rule={open.rule} recipients={known} onClose={close} /> : null}
      {open?.kind === 'recipient' ? (
        <RecipientDialog recipient={open.recipient} onSecret={setSecret} onClose={close} />
      ) : null}
      {open?.kind === 'remove' ? (
        <RemoveRecipientDialog recipient={open.recipient} rules={rules.data?.items ?? []} onClose={close} />
      ) : null}
      {secret === undefined ? null : <OnceDialog shown={secret} onClose={() => setSecret(undefined)} />}
    </div>
  )
}

function ruleColumns(
  recipients: readonly Recipient[],
  onChange: (rule: NotificationRule) => void,
): readonly Column<NotificationRule>[] {
  const nameOf = (id: string): string => recipients.find((one) => one.id === id)?.name ?? 'a recipient that was removed'
  return [
    { key: 'name', title: 'Rule', cell: ({ name }) => <Raw text={name} max={60} /> },
    {
      key: 'signals',
      title: 'Signals',
      fromPx: 620,
      cell: ({ severities, tags, services }) => (
        <Raw text={[severities.join(', ') || 'any severity', ...tags, ...services].join(' · ')} />
      ),
    },
    {
      key: 'recipients',
      title: 'Told',
      fromPx: 460,
      cell: ({ recipients: ids }) => <Raw text={ids.map((id) => nameOf(id)).join(', ')} />,
    },
    {
      key: 'enabled',
      title: 'On',
      width: 64,
      cell: (rule) =>
        may('admin') ? (
          <input
            type="checkbox"
            aria-label={`${rule.name} is on`}
            checked={rule.enabled}
            onChange={() => void switchRule(rule).catch(toastError)}
          />
        ) : rule.enabled ? (
          'Yes'
        ) : (
          'No'
        ),
    },
    ...(may('responder')
      ? [
          {
            key: 'actions',
            title: <span class="visually-hidden">Actions</span>,
            width: 64,
            cell: (rule: NotificationRule) => (
              <Menu small look="quiet" icon="more" label={`Actions for ${rule.name}`}>
                {(close) => (
                  <div class="menu">
                    <Button look="quiet" onPress={() => (close(), testRule(rule))}>
                      Send a test
                    </Button>
                    <Button needs="admin" look="quiet" onPress={() => (close(), onChange(rule))}>
                      Change …
                    </Button>
                    <Button needs="admin" look="quiet" onPress={() => (close(), removeRule(rule))}>
                      Remove
                    </Button>
                  </div>
                )}
              </Menu>
            ),
          },
        ]
      : []),
  ]
}

function recipientColumns(onOpen: (open: Open) => void): readonly Column<Recipient>[] {
  return [
    { key: 'name', title: 'Recipient', cell: ({ name }) => <Raw text={name} max={60} /> },
    { key: 'kind', title: 'Kind', width: 100, cell: ({ kind }) => recipientKindWords[kind] },
    {
      key: 'to',
      title: 'Where',
      fromPx: 460,
      cell: ({ url, to }) => <Raw text={url ?? to?.join(', ') ?? ''} />,
    },
    ...(may('responder')
      ? [
          {
            key: 'actions',
            title: <span class="visually-hidden">Actions</span>,
            width: 116,
            cell: (recipient: Recipient) => (
              <span class="row nowrap" style={{ flexWrap: 'nowrap' }}>
                <Button small onPress={() => testRecipient(recipient)}>
                  Test
                </Button>
                {may('admin') ? (
                  <Menu small look="quiet" icon="more" label={`Actions for ${recipient.name}`}>
                    {(close) => (
                      <div class="menu">
                        <Button look="quiet" onPress={() => (close(), onOpen({ kind: 'recipient', recipient }))}>
                          Change …
                        </Button>
                        <Button look="quiet" onPress={() => (close(), onOpen({ kind: 'remove', recipient }))}>
                          Remove …
                        </Button>
                      </div>
                    )}
                  </Menu>
                ) : null}
              </span>
            ),
          },
        ]
      : []),
  ]
}

async function switchRule(rule: NotificationRule): Promise<void> {
  await saveRule({ ...rule, enabled: !rule.enabled }, rule.id)
  toast(`${rule.name} is switched ${rule.enabled ? 'off' : 'on'}.`, () => saveRule(rule, rule.id))
}

async function removeRule(rule: NotificationRule): Promise<void> {
  await call('DELETE', `${root}/rules/${encodeURIComponent(rule.id)}`)
  await refresh('notifications')
  toast(`${rule.name} was removed.`, () => saveRule(rule, undefined))
}

async function testRule({ id, name }: NotificationRule): Promise<void> {
  const { items } = await call<Page<Delivery>>('POST', `${root}/rules/${encodeURIComponent(id)}/test`)
  await refresh('notifications')
  tellOutcome(name, items)
}

async function testRecipient({ id, name }: Recipient): Promise<void> {
  const outcome = await call<Delivery>('POST', `${root}/recipients/${encodeURIComponent(id)}/test`)
  await refresh('notifications')
  tellOutcome(name, [outcome])
}

function tellOutcome(name: string, outcomes: readonly Delivery[]): void {
  const failed = outcomes.filter(({ state }) => state !== 'delivered')
  if (failed.length === 0) toast(`The test of ${name} was delivered.`)
  else {
    const why = failed.map(({ lastError, state }) => lastError ?? state).join('; ')
    toastError(new Error(`The test of ${name} was not delivered: ${why}`))
  }
}
