import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { me, type Role } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Menu } from '../../design/menu.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'
import { Keys } from './keys.tsx'
import { OnceDialog, type ShownOnce } from './once-dialog.tsx'
import { roleWords, UserDialog } from './user-dialog.tsx'
import { Sessions } from './sessions.tsx'
import type { User } from './settings-shapes.ts'

/** Who may sign in and as what, who has, and the keys that programs use. */
export function People(): JSX.Element {
  const [isAdding, setAdding] = useState(false)
  const [shown, setShown] = useState<ShownOnce>()
  const users = useData<Page<User>>({
    key: ['users'],
    load: (signal) => call('GET', '/api/users', undefined, signal),
  })
  return (
    <div class="stack">
      <Card
        title="Users"
        actions={
          <Button small icon="plus" onPress={() => setAdding(true)}>
            Add a user …
          </Button>
        }
        flush
      >
        <View data={users}>
          {({ items }) => (
            <Table label="Users" rows={items} columns={columnsOf(setShown)} keyOf={({ id }) => id} height="50vh" />
          )}
        </View>
      </Card>
      <Sessions users={users.data?.items ?? []} />
      <Keys onSecret={setShown} />
      {isAdding ? <UserDialog onLink={setShown} onClose={() => setAdding(false)} /> : null}
      {shown === undefined ? null : <OnceDialog shown={shown} onClose={() => setShown(undefined)} />}
    </div>
  )
}

function columnsOf(onLink: (shown: ShownOnce) => void): readonly Column<User>[] {
  return [
    {
      key: 'name',
      title: 'User',
      cell: ({ id, name, disabledAt }) => (
        <>
          <Raw text={name} max={60} />
          {id === me.value?.id ? <span class="muted"> (you)</span> : null}
          {disabledAt === null ? null : (
            <>
              {' '}
              <span class="badge warn">Disabled</span>
            </>
          )}
        </>
      ),
    },
    {
      key: 'role',
      title: 'Role',
      width: 124,
      cell: (user) => (
        <select
          class="input"
          style={{ minHeight: '26px', padding: '0 4px' }}
          aria-label={`Role of ${user.name}`}
          value={user.role}
          onChange={(event) => {
            const select = event.currentTarget
            void changeRole(user, select.value as Role).catch((error: unknown) => {
              select.value = user.role
              toastError(error)
            })
          }}
        >
          {Object.keys(roleWords).map((role) => (
            <option key={role} value={role}>
              {role}
            </option>
          ))}
        </select>
      ),
    },
    {
      key: 'seen',
      title: 'Last signed in',
      width: 120,
      fromPx: 520,
      cell: ({ lastSignInAt }) =>
        lastSignInAt === null ? <span class="muted">never</span> : <Time at={lastSignInAt} />,
    },
    { key: 'since', title: 'Since', width: 104, fromPx: 620, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      key: 'actions',
      title: <span class="visually-hidden">Actions</span>,
      width: 64,
      cell: (user) => (
        <Menu small look="quiet" icon="more" label={`Actions for ${user.name}`}>
          {(close) => (
            <div class="menu">
              {user.disabledAt === null ? (
                <Button look="quiet" onPress={() => newLink(user).then(onLink).finally(close)}>
                  New sign-in link
                </Button>
              ) : null}
              <Button look="quiet" onPress={() => switchUser(user).finally(close)}>
                {user.disabledAt === null ? 'Disable' : 'Enable'}
              </Button>
            </div>
          )}
        </Menu>
      ),
    },
  ]
}

async function patch({ id }: User, change: object): Promise<void> {
  await call('PATCH', `/api/users/${encodeURIComponent(id)}`, change)
  await refresh('users')
}

async function changeRole(user: User, role: Role): Promise<void> {
  await patch(user, { role })
  toast(`${user.name} is ${role}.`, () => patch(user, { role: user.role }))
}

async function switchUser(user: User): Promise<void> {
  const isDisabled = user.disabledAt !== null
  await patch(user, { disabled: !isDisabled })
  const says = isDisabled ? 'may sign in again.' : 'may not sign in any more; every session ended.'
  toast(`${user.name} ${says}`, () => patch(user, { disabled: isDisabled }))
}

async function newLink({ id, name }: User): Promise<ShownOnce> {
  const { signInLink } = await call<{ signInLink: string }>('POST', `/api/users/${encodeURIComponent(id)}/sign-in-link`)
  return { title: 'A sign-in link', says: `It signs ${name} in once, within 15 minutes.`, secret: signInLink }
}
