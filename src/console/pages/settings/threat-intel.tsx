import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Menu } from '../../design/menu.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { count, many } from '../../text/figures.ts'
import type { ThreatIntelList } from './settings-shapes.ts'
import { ThreatIntelDialog } from './threat-intel-dialog.tsx'

type Open = { readonly kind: 'add' } | { readonly kind: 'remove'; readonly list: ThreatIntelList }

const root = '/api/threat-intel'
const readAgainMs = 10_000

/** Lists of known bad addresses: they mark what is seen, and never block by themselves. */
export function ThreatIntel(): JSX.Element {
  const [open, setOpen] = useState<Open>()
  const lists = useData<Page<ThreatIntelList>>({
    key: ['threat-intel'],
    load: (signal) => call('GET', root, undefined, signal),
    everyMs: readAgainMs,
  })
  const close = (): void => setOpen(undefined)
  return (
    <Card
      title="Lists of known addresses"
      actions={
        <Button small needs="admin" icon="plus" onPress={() => setOpen({ kind: 'add' })}>
          Add a list …
        </Button>
      }
      flush
    >
      <View
        data={lists}
        empty={({ items }) =>
          items.length > 0 ? (
            false
          ) : (
            <EmptyState icon="shield" title="There is no list">
              <p>Addresses of a list are marked wherever they are seen, and lower the thresholds of detection rules.</p>
            </EmptyState>
          )
        }
      >
        {({ items }) => (
          <Table
            label="Threat intelligence"
            rows={items}
            columns={columnsOf((list) => setOpen({ kind: 'remove', list }))}
            keyOf={({ name }) => name}
          />
        )}
      </View>
      {open?.kind === 'add' ? <ThreatIntelDialog onClose={close} /> : null}
      {open?.kind === 'remove' ? <RemoveListDialog list={open.list} onClose={close} /> : null}
    </Card>
  )
}

function columnsOf(onRemove: (list: ThreatIntelList) => void): readonly Column<ThreatIntelList>[] {
  return [
    { key: 'name', title: 'List', cell: ({ name }) => <Raw text={name} /> },
    {
      key: 'source',
      title: 'From',
      fromPx: 620,
      cell: ({ source, url, refreshHours }) =>
        source === 'upload' ? (
          'an upload'
        ) : source === 'file' ? (
          'the configuration'
        ) : (
          <>
            <Raw text={url ?? ''} max={60} />
            {refreshHours === null ? null : <span class="muted"> every {count(refreshHours)} h</span>}
          </>
        ),
    },
    { key: 'size', title: 'Addresses', width: 96, number: true, cell: ({ size }) => count(size) },
    {
      key: 'updated',
      title: 'Read',
      width: 104,
      fromPx: 420,
      cell: ({ updatedAt }) => (updatedAt === null ? <span class="muted">never</span> : <Time at={updatedAt} />),
    },
    {
      key: 'error',
      title: 'Last error',
      fromPx: 760,
      cell: ({ lastError }) =>
        lastError === null ? (
          <span class="muted">–</span>
        ) : (
          <span class="badge warn">
            <Raw text={lastError} max={100} />
          </span>
        ),
    },
    {
      key: 'enabled',
      title: 'On',
      width: 64,
      cell: (list) =>
        may('admin') && list.source !== 'file' ? (
          <input
            type="checkbox"
            aria-label={`${list.name} is on`}
            checked={list.enabled}
            onChange={() => void switchList(list).catch(toastError)}
          />
        ) : list.enabled ? (
          'Yes'
        ) : (
          'No'
        ),
    },
    ...(may('admin')
      ? [
          {
            key: 'actions',
            title: <span class="visually-hidden">Actions</span>,
            width: 64,
            cell: (list: ThreatIntelList) =>
              list.source === 'file' ? null : (
                <Menu small look="quiet" icon="more" label={`Actions for ${list.name}`}>
                  {(close) => (
                    <div class="menu">
                      {list.source === 'url' ? (
                        <Button look="quiet" onPress={() => fetchNow(list).finally(close)}>
                          Fetch now
                        </Button>
                      ) : null}
                      <Button
                        look="quiet"
                        onPress={() => {
                          close()
                          onRemove(list)
                        }}
                      >
                        Remove …
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

function RemoveListDialog({
  list,
  onClose,
}: {
  readonly list: ThreatIntelList
  readonly onClose: () => void
}): JSX.Element {
  const run = async (): Promise<void> => {
    await call('DELETE', `${root}/${encodeURIComponent(list.name)}`)
    await refresh('threat-intel')
    toast(`${list.name} was removed.`, async () => {
      await call('POST', `${root}/${encodeURIComponent(list.name)}/undo`)
      await refresh('threat-intel')
    })
  }
  return (
    <Dialog title="Remove a list" onClose={onClose} action={{ says: 'Remove', look: 'danger', run }}>
      <p>
        <Raw text={list.name} />: {many(list.size, 'address', 'addresses')} are no longer marked when they are seen.
        What was marked stays so. The rows are deleted, which can be undone for ten minutes; to keep them, switch the
        list off.
      </p>
    </Dialog>
  )
}

async function switchList({ name, enabled }: ThreatIntelList): Promise<void> {
  const set = async (wanted: boolean): Promise<void> => {
    await call('PUT', `${root}/${encodeURIComponent(name)}`, { enabled: wanted })
    await refresh('threat-intel')
  }
  await set(!enabled)
  toast(`${name} is switched ${enabled ? 'off' : 'on'}.`, () => set(enabled))
}

async function fetchNow({ name }: ThreatIntelList): Promise<void> {
  try {
    const { size } = await call<ThreatIntelList>('POST', `${root}/${encodeURIComponent(name)}/refresh`)
    toast(`${name} was fetched: ${many(size, 'address', 'addresses')}.`)
  } finally {
    await refresh('threat-intel')
  }
}
