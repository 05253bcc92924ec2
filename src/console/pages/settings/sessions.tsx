import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import { me } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time, Until } from '../../design/time.tsx'
import { toast } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'
import type { Session, User } from './settings-shapes.ts'

/** Who is signed in, and until when; each session can be ended. */
export function Sessions({ users }: { readonly users: readonly User[] }): JSX.Element {
  const sessions = useData<Page<Session>>({
    key: ['sessions'],
    load: (signal) => call('GET', '/api/sessions', undefined, signal),
  })
  return (
    <Card title="Sessions" flush>
      <View data={sessions}>
        {({ items }) => (
          <Table label="Sessions" rows={items} columns={columnsOf(users)} keyOf={({ id }) => id} height="40vh" />
        )}
      </View>
    </Card>
  )
}

function columnsOf(users: readonly User[]): readonly Column<Session>[] {
  const nameOf = (userId: string): string => users.find(({ id }) => id === userId)?.name ?? userId
  return [
    {
      key: 'user',
      title: 'User',
      cell: ({ userId }) => (
        <>
          <Raw text={nameOf(userId)} max={60} />
          {userId === me.value?.id ? <span class="muted"> (you)</span> : null}
        </>
      ),
    },
    { key: 'since', title: 'Since', width: 104, fromPx: 420, cell: ({ createdAt }) => <Time at={createdAt} /> },
    { key: 'ends', title: 'Ends', width: 104, fromPx: 420, cell: ({ expiresAt }) => <Until at={expiresAt} /> },
    {
      key: 'end',
      title: <span class="visually-hidden">End</span>,
      width: 80,
      cell: (session) => (
        <Button
          small
          label={`End a session of ${nameOf(session.userId)}`}
          onPress={() => end(session, nameOf(session.userId))}
        >
          End
        </Button>
      ),
    },
  ]
}

async function end({ id }: Session, name: string): Promise<void> {
  await call('DELETE', `/api/sessions/${encodeURIComponent(id)}`)
  await refresh('sessions')
  toast(`The session has ended; ${name} signs in again with a new link.`)
}
