import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { me, type Role } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'
import { SecretDialog } from './secret-dialog.tsx'

interface User {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly disabledAt: string | null
  readonly lastSignInAt: string | null
}

const roleWords: readonly (readonly [Role, string])[] = [
  ['viewer', 'Viewer: sees everything'],
  ['responder', 'Responder: blocks and triages'],
  ['admin', 'Admin: changes rules and settings'],
]

/** Who may sign in, as what; links that sign in once. */
export function Users(): JSX.Element {
  const [link, setLink] = useState<string>()
  const users = useData<Page<User>>({ key: ['users'], load: (signal) => call('GET', '/api/users', undefined, signal) })
  return (
    <Card title="People" flush>
      <NewUser onLink={setLink} />
      <View data={users}>
        {({ items }) => (
          <ul class="lines">
            {items.map(({ id, name, role, disabledAt, lastSignInAt }) => (
              <li key={id}>
                <span class="grow">
                  <Raw text={name} max={60} /> {id === me.value?.id ? <span class="badge accent">you</span> : null}
                  {disabledAt === null ? null : <span class="badge">disabled</span>}
                  <br />
                  <span class="muted small">
                    {lastSignInAt === null ? (
                      'has not signed in'
                    ) : (
                      <>
                        signed in <Time at={lastSignInAt} />
                      </>
                    )}
                  </span>
                </span>
                <select
                  class="input"
                  aria-label={`Role of ${name}`}
                  value={role}
                  onChange={(event) => void change(id, { role: event.currentTarget.value as Role }).catch(toastError)}
                >
                  {roleWords.map(([value]) => (
                    <option key={value}>{value}</option>
                  ))}
                </select>
                <Button
                  small
                  disabled={disabledAt !== null}
                  onPress={async () =>
                    setLink(
                      (await call<{ signInLink: string }>('POST', `/api/users/${encodeURIComponent(id)}/sign-in-link`))
                        .signInLink,
                    )
                  }
                >
                  Sign-in link
                </Button>
                <Button small onPress={() => change(id, { disabled: disabledAt === null })}>
                  {disabledAt === null ? 'Disable' : 'Enable'}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </View>
      {link === undefined ? null : (
        <SecretDialog title="A sign-in link" secret={link} onClose={() => setLink(undefined)}>
          It signs in once, within 15 minutes; send it on a way that others do not read.
        </SecretDialog>
      )}
    </Card>
  )
}

async function change(id: string, body: object): Promise<void> {
  await call('PATCH', `/api/users/${encodeURIComponent(id)}`, body)
  await refresh('users')
  toast('Changed.')
}

function NewUser({ onLink }: { readonly onLink: (link: string) => void }): JSX.Element {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('responder')
  return (
    <form
      class="form-line"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() === '') return
        call<{ signInLink: string }>('POST', '/api/users', { name: name.trim(), role }).then(async ({ signInLink }) => {
          onLink(signInLink)
          setName('')
          await refresh('users')
        }, toastError)
      }}
    >
      <div class="field">
        <label for="user-name">Name</label>
        <input id="user-name" class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <div class="field">
        <label for="user-role">May</label>
        <select
          id="user-role"
          class="input"
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        >
          {roleWords.map(([value, says]) => (
            <option key={value} value={value}>
              {says}
            </option>
          ))}
        </select>
      </div>
      <Button type="submit" look="primary" disabled={name.trim() === ''}>
        Add
      </Button>
    </form>
  )
}
