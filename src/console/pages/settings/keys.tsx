import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { toast } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { KeyDialog } from './key-dialog.tsx'
import type { ShownOnce } from './once-dialog.tsx'
import type { Key } from './settings-shapes.ts'

/** API tokens and ingest keys. */
export function Keys({ onSecret }: { readonly onSecret: (shown: ShownOnce) => void }): JSX.Element {
  const [isAdding, setAdding] = useState(false)
  const [revoked, setRevoked] = useState<Key>()
  const keys = useData<Page<Key>>({
    key: ['keys'],
    load: (signal) => call('GET', '/api/keys', undefined, signal),
  })
  return (
    <Card
      title="Keys"
      actions={
        <Button small icon="plus" onPress={() => setAdding(true)}>
          Make a key …
        </Button>
      }
      flush
    >
      <View
        data={keys}
        empty={({ items }) =>
          items.length > 0 ? (
            false
          ) : (
            <EmptyState icon="link" title="There is no key">
              <p>Services send with an ingest key; scripts call the API with a token of a role.</p>
            </EmptyState>
          )
        }
      >
        {({ items }) => (
          <Table label="Keys" rows={items} columns={columnsOf(setRevoked)} keyOf={({ id }) => id} height="50vh" />
        )}
      </View>
      {isAdding ? <KeyDialog onSecret={onSecret} onClose={() => setAdding(false)} /> : null}
      {revoked === undefined ? null : <RevokeDialog revoked={revoked} onClose={() => setRevoked(undefined)} />}
    </Card>
  )
}

function columnsOf(onRevoke: (key: Key) => void): readonly Column<Key>[] {
  return [
    { key: 'name', title: 'Key', cell: ({ name }) => <Raw text={name} max={60} /> },
    { key: 'role', title: 'Role', width: 96, cell: ({ role }) => role },
    {
      key: 'limits',
      title: 'Speaks for',
      fromPx: 620,
      cell: ({ role, services, envs }) =>
        role === 'ingest' ? (
          <Raw text={`${services?.join(', ') ?? 'all services'} / ${envs?.join(', ') ?? 'all envs'}`} />
        ) : (
          ''
        ),
    },
    { key: 'since', title: 'Since', width: 104, fromPx: 460, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      key: 'revoke',
      title: <span class="visually-hidden">Revoke</span>,
      width: 128,
      cell: (key) =>
        key.revokedAt === null ? (
          <Button small label={`Revoke ${key.name}`} onPress={() => onRevoke(key)}>
            Revoke …
          </Button>
        ) : (
          <span class="muted">revoked</span>
        ),
    },
  ]
}

function RevokeDialog({ revoked, onClose }: { readonly revoked: Key; readonly onClose: () => void }): JSX.Element {
  const run = async (): Promise<void> => {
    await call('DELETE', `/api/keys/${encodeURIComponent(revoked.id)}`)
    await refresh('keys')
    toast(`${revoked.name} was revoked.`, async () => {
      await call('POST', `/api/keys/${encodeURIComponent(revoked.id)}/undo`)
      await refresh('keys')
    })
  }
  return (
    <Dialog title="Revoke a key" onClose={onClose} action={{ says: 'Revoke', look: 'danger', run }}>
      <p>
        Whatever uses <Raw text={revoked.name} /> is refused from now on
        {revoked.role === 'ingest' ? ': services that send with it are no longer watched' : ''}. Make a new key and put
        it in place first; this can be undone for ten minutes only.
      </p>
    </Dialog>
  )
}
