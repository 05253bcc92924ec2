import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { AddEntriesDialog } from '../../actions/add-entries-dialog.tsx'
import { isActive } from '../../actions/entry-line.tsx'
import { rescindEntries, type ListName } from '../../actions/lists.ts'
import { kindWords } from '../../actions/read-entries.ts'
import { pathOf } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { DenylistEntry } from '../../api/shapes.ts'
import { usePages } from '../../api/use-pages.ts'
import { Button, Segments } from '../../design/button.tsx'
import { Entity } from '../../design/entity.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time, Until } from '../../design/time.tsx'
import { EmptyState, View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { count } from '../../text/figures.ts'
import { ExtendDialog } from './extend-dialog.tsx'

const words = {
  denylist: {
    title: 'Denylist',
    says: 'Stopped by every tracer before the request reaches the service.',
    add: 'Block …',
    none: 'Nothing is blocked',
    hint: 'Blocks of signals, and your own, stand here while they hold.',
  },
  passlist: {
    title: 'Passlist',
    says: 'Never blocked, by automation neither: offices, monitoring, partners.',
    add: 'Never block …',
    none: 'Nothing is exempt from blocking',
    hint: 'Add what no rule may ever stop: the addresses of your offices, monitoring and partners.',
  },
} as const

export function DenylistPage(): JSX.Element {
  return <ListPage list="denylist" />
}

export function PasslistPage(): JSX.Element {
  return <ListPage list="passlist" />
}

function columnsOf(): readonly Column<DenylistEntry>[] {
  return [
    { key: 'value', title: 'Value', cell: (entry) => <Value entry={entry} /> },
    { key: 'kind', title: 'Kind', width: 110, fromPx: 520, cell: ({ kind }) => kindWords[kind][0] },
    {
      key: 'end',
      title: 'Ends',
      width: 112,
      cell: (entry) =>
        entry.rescindedAt !== null ? (
          <span class="muted">taken back</span>
        ) : isActive(entry) ? (
          <Until at={entry.expiresAt} />
        ) : (
          <span class="muted">has ended</span>
        ),
    },
    { key: 'reason', title: 'Why', fromPx: 760, folds: true, cell: ({ reason }) => <Raw text={reason} max={200} /> },
    {
      key: 'signal',
      title: 'Signal',
      width: 70,
      fromPx: 860,
      cell: ({ signalId }) =>
        signalId === null ? (
          <span class="muted">–</span>
        ) : (
          <a href={`/signals/${encodeURIComponent(signalId)}`}>Open</a>
        ),
    },
    { key: 'author', title: 'By', width: 120, fromPx: 640, cell: ({ author }) => <Raw text={author} max={30} /> },
    { key: 'created', title: 'Since', width: 104, fromPx: 520, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
}

function ListPage({ list }: { readonly list: ListName }): JSX.Element {
  const value = parameter('value')
  const kind = parameter('kind')
  const all = parameter('all') === 'true'
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const [dialog, setDialog] = useState<'add' | 'extend'>()
  const signalId = parameter('signalId')
  const parameters = { value, kind, signalId, ...(all ? { all: 'true' } : {}) }
  const entries = usePages<DenylistEntry>({ key: [list], path: `/api/${list}`, parameters })
  const picked = (entries.data ?? []).filter((entry) => chosen.has(entry.id) && isActive(entry))
  const isFiltered = value !== '' || kind !== '' || signalId !== ''
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>
            {words[list].title} <span class="muted">{entries.total === undefined ? '' : count(entries.total)}</span>
          </h1>
          <p class="muted">{words[list].says}</p>
        </div>
        <div class="row">
          <a class="button" href={pathOf(`/api/${list}`, { ...parameters, format: 'csv' })} download>
            CSV
          </a>
          <Button needs="responder" look="primary" icon="plus" onPress={() => setDialog('add')}>
            {words[list].add}
          </Button>
        </div>
      </div>
      <div class="row">
        <input
          class="input find"
          type="search"
          data-key="/"
          aria-label="Find a value"
          placeholder="Find an address, a user …"
          value={value}
          onChange={(event) => setParameters({ value: event.currentTarget.value.trim() })}
        />
        <select
          class="input"
          aria-label="Kind"
          value={kind}
          onChange={(event) => setParameters({ kind: event.currentTarget.value })}
        >
          <option value="">Any kind</option>
          {Object.entries(kindWords).map(([one, [, several]]) => (
            <option key={one} value={one}>
              {several}
            </option>
          ))}
        </select>
        <Segments
          label="Which entries"
          options={[
            { value: 'active', says: 'In force' },
            { value: 'all', says: 'Ended too' },
          ]}
          value={all ? 'all' : 'active'}
          onChange={(next) => setParameters({ all: next === 'all' ? 'true' : undefined })}
        />
        {picked.length === 0 ? null : (
          <>
            <Button
              needs="responder"
              icon="undo"
              onPress={async () => {
                await rescindEntries(list, picked)
                choose(new Set())
              }}
            >
              {list === 'denylist' ? 'Unblock' : 'Take off'} {count(picked.length)}
            </Button>
            <Button needs="responder" icon="clock" onPress={() => setDialog('extend')}>
              Move the end …
            </Button>
          </>
        )}
      </div>
      <section class="card">
        <View
          data={entries}
          empty={(found) =>
            found.length > 0 ? (
              false
            ) : isFiltered ? (
              <EmptyState icon="filter" title="No entry matches">
                <Button onPress={() => setParameters({ value: undefined, kind: undefined, signalId: undefined })}>
                  Take the filters away
                </Button>
              </EmptyState>
            ) : (
              <EmptyState icon={list} title={words[list].none}>
                <p>{words[list].hint}</p>
              </EmptyState>
            )
          }
        >
          {(found) => (
            <Table
              label={words[list].title}
              rows={found}
              columns={columnsOf()}
              keyOf={({ id }) => id}
              reading={entries}
              height="calc(100dvh - 250px)"
              {...(may('responder') ? { chosen, onChoose: choose } : {})}
            />
          )}
        </View>
      </section>
      {dialog === 'add' ? <AddEntriesDialog list={list} onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'extend' ? <ExtendDialog list={list} entries={picked} onClose={() => setDialog(undefined)} /> : null}
    </div>
  )
}

function Value({ entry }: { readonly entry: DenylistEntry }): JSX.Element {
  const { kind, value } = entry
  if (kind === 'ip') return <Entity kind="ip" value={value} />
  if (kind === 'user' || kind === 'login') return <Entity kind="user" value={value} max={60} />
  return <Raw text={value} max={120} />
}
