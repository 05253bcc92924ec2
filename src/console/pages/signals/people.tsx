import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { BlockDialog } from '../../actions/block-dialog.tsx'
import type { WantedEntry } from '../../actions/lists.ts'
import { call, pathOf } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { AttackingIp, CompromisedAccount, Signal, TargetedUser } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { usePages } from '../../api/use-pages.ts'
import { Button } from '../../design/button.tsx'
import { Entity } from '../../design/entity.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { toast } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { setParameters } from '../../shell/address.ts'
import { count, many } from '../../text/figures.ts'

interface PeopleProps<Row> {
  readonly signal: Signal
  readonly path: 'compromised-users' | 'users' | 'ips'
  readonly title: string
  readonly total: number
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  readonly entryOf: (row: Row) => WantedEntry
  readonly entityOf: (row: Row) => string
  readonly emptySays: string
  /** What else can be done with chosen rows. */
  readonly also?: (rows: readonly Row[], done: () => void) => JSX.Element
}

/** One of a signal's complete lists: opened row by row, blocked by choice, exported whole. */
function People<Row>(props: PeopleProps<Row>): JSX.Element {
  const { signal, path, title, total, columns, keyOf, entryOf, entityOf, emptySays, also } = props
  const url = `/api/signals/${encodeURIComponent(signal.id)}/${path}`
  const pages = usePages<Row>({ key: ['signals', 'people'], path: url })
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const [isBlocking, setBlocking] = useState(false)
  const rows = pages.data ?? []
  const chosenRows = rows.filter((row) => chosen.has(keyOf(row)))
  const entries = chosenRows.map((row) => entryOf(row))
  return (
    <Card
      title={
        <>
          {title} <span class="muted">{count(total)}</span>
        </>
      }
      actions={
        <>
          {chosen.size === 0 ? null : also?.(chosenRows, () => choose(new Set()))}
          {chosen.size === 0 ? null : (
            <Button small look="danger" needs="responder" onPress={() => setBlocking(true)}>
              Block {count(chosen.size)} …
            </Button>
          )}
          <a class="button small" href={pathOf(url, { format: 'csv' })} download>
            CSV
          </a>
        </>
      }
      flush
    >
      <View data={pages} empty={(found) => (found.length > 0 ? false : <EmptyState icon="check" title={emptySays} />)}>
        {(found) => (
          <Table
            label={title}
            rows={found}
            columns={columns}
            keyOf={keyOf}
            onOpen={(row) => setParameters({ entity: entityOf(row) })}
            reading={pages}
            height="340px"
            {...(may('responder') ? { chosen, onChoose: choose } : {})}
          />
        )}
      </View>
      {isBlocking ? (
        <BlockDialog
          entries={entries}
          signalId={signal.id}
          onClose={() => {
            setBlocking(false)
            choose(new Set())
          }}
        />
      ) : null}
    </Card>
  )
}

/** By id where there is one: a login can be typed in many ways. */
function userEntry({ usrId, usrLogin }: { readonly usrId: string | null; readonly usrLogin: string }): WantedEntry {
  return usrId === null ? { kind: 'login', value: usrLogin } : { kind: 'user', value: usrId }
}

const compromisedColumns: readonly Column<CompromisedAccount>[] = [
  { key: 'login', title: 'User', cell: ({ usrLogin }) => <Entity kind="user" value={usrLogin} /> },
  { key: 'id', title: 'Id', width: 130, fromPx: 820, cell: ({ usrId }) => <Raw text={usrId ?? '–'} /> },
  { key: 'ip', title: 'From', width: 150, fromPx: 420, cell: ({ ip }) => <Entity kind="ip" value={ip} /> },
  { key: 'at', title: 'First login', width: 110, cell: ({ at }) => <Time at={at} /> },
  {
    key: 'state',
    title: 'Account',
    width: 96,
    fromPx: 360,
    cell: ({ state }) => <span class={state === 'open' ? 'badge critical' : 'badge'}>{accountStates[state].says}</span>,
  },
  {
    key: 'trace',
    title: 'Trace',
    width: 90,
    fromPx: 520,
    cell: ({ traceId, at }) => (
      <a href={`/traces?${new URLSearchParams({ q: `trace_id:${traceId}`, from: dayBefore(at) }).toString()}`}>Show</a>
    ),
  },
]

const accountStates = {
  open: { says: 'taken over', act: 'Open again' },
  reset: { says: 'reset', act: 'Was reset' },
  cleared: { says: 'the owner', act: 'It was the owner' },
} as const
type AccountState = keyof typeof accountStates

/** Says what became of accounts, and offers to take that back. */
async function setAccounts(signal: Signal, users: readonly CompromisedAccount[], state: AccountState): Promise<void> {
  const set = async (wanted: AccountState, some: readonly CompromisedAccount[]): Promise<void> => {
    if (some.length === 0) return
    await call('PATCH', `/api/signals/${encodeURIComponent(signal.id)}/compromised-users`, {
      users: some.map(({ usrLogin, usrId }) => ({ usrLogin, usrId })),
      state: wanted,
    })
  }
  await set(state, users)
  await refresh('signals')
  toast(`${many(users.length, 'account')}: ${accountStates[state].says}.`, async () => {
    for (const before of ['open', 'reset', 'cleared'] as const) {
      await set(
        before,
        users.filter((user) => user.state === before),
      )
    }
    await refresh('signals')
  })
}

/** Those who got in: the first to look at. */
export function CompromisedUsers({ signal }: { readonly signal: Signal }): JSX.Element {
  return (
    <People<CompromisedAccount>
      signal={signal}
      path="compromised-users"
      title="Compromised users"
      total={signal.compromisedUsers}
      columns={compromisedColumns}
      keyOf={({ usrLogin, usrId }) => `${usrLogin} ${usrId ?? ''}`}
      entryOf={userEntry}
      entityOf={({ usrLogin }) => `user:${usrLogin}`}
      emptySays="No login of the attack succeeded"
      also={(rows, done) => (
        <>
          {(['reset', 'cleared', 'open'] as const)
            .filter((state) => rows.some((row) => row.state !== state))
            .map((state) => (
              <Button
                key={state}
                small
                needs="responder"
                onPress={async () => {
                  await setAccounts(signal, rows, state)
                  done()
                }}
              >
                {accountStates[state].act}
              </Button>
            ))}
        </>
      )}
    />
  )
}

const addressColumns: readonly Column<AttackingIp>[] = [
  { key: 'ip', title: 'Address', cell: ({ ip }) => <Entity kind="ip" value={ip} /> },
  { key: 'country', title: 'Country', width: 76, fromPx: 560, cell: ({ country }) => country ?? '–' },
  { key: 'asn', title: 'Network', width: 130, fromPx: 820, cell: ({ asn }) => <Raw text={asn ?? '–'} max={40} /> },
  {
    key: 'intel',
    title: 'Threat intel',
    width: 100,
    fromPx: 640,
    cell: ({ threatIntel }) => (threatIntel ? <span class="badge warn">known</span> : <span class="muted">no</span>),
  },
  { key: 'attempts', title: 'Attempts', width: 84, number: true, cell: ({ attempts }) => count(attempts) },
  { key: 'users', title: 'Users', width: 70, number: true, fromPx: 440, cell: ({ users }) => count(users) },
  { key: 'successes', title: 'Got in', width: 70, number: true, cell: ({ successes }) => count(successes) },
  { key: 'blocked', title: 'Blocked', width: 78, number: true, fromPx: 440, cell: ({ blocked }) => count(blocked) },
]

export function AttackingAddresses({ signal }: { readonly signal: Signal }): JSX.Element {
  return (
    <People<AttackingIp>
      signal={signal}
      path="ips"
      title="Attacking addresses"
      total={signal.attackingIps}
      columns={addressColumns}
      keyOf={({ ip }) => ip}
      entryOf={({ ip }) => ({ kind: 'ip', value: ip })}
      entityOf={({ ip }) => `ip:${ip}`}
      emptySays="No address is known"
    />
  )
}

const targetedColumns: readonly Column<TargetedUser>[] = [
  { key: 'login', title: 'User', cell: ({ usrLogin }) => <Entity kind="user" value={usrLogin} /> },
  {
    key: 'exists',
    title: 'Account',
    width: 118,
    fromPx: 480,
    cell: ({ exists, compromised }) =>
      compromised ? (
        <span class="badge critical">taken over</span>
      ) : exists === null ? (
        <span class="muted">unknown</span>
      ) : exists ? (
        'exists'
      ) : (
        <span class="muted">no such</span>
      ),
  },
  { key: 'attempts', title: 'Attempts', width: 84, number: true, cell: ({ attempts }) => count(attempts) },
  { key: 'ips', title: 'Addresses', width: 88, number: true, fromPx: 480, cell: ({ ips }) => count(ips) },
  { key: 'first', title: 'First', width: 104, fromPx: 760, cell: ({ firstSeen }) => <Time at={firstSeen} /> },
  { key: 'last', title: 'Last', width: 104, fromPx: 560, cell: ({ lastSeen }) => <Time at={lastSeen} /> },
]

export function TargetedUsers({ signal }: { readonly signal: Signal }): JSX.Element {
  return (
    <People<TargetedUser>
      signal={signal}
      path="users"
      title="Targeted users"
      total={signal.targetedUsers}
      columns={targetedColumns}
      keyOf={({ usrLogin, usrId }) => `${usrLogin} ${usrId ?? ''}`}
      entryOf={userEntry}
      entityOf={({ usrLogin }) => `user:${usrLogin}`}
      emptySays="No account is named"
    />
  )
}

function dayBefore(at: string): string {
  return new Date(Date.parse(at) - 86_400_000).toISOString()
}
