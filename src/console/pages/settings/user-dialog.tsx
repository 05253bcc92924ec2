import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Role } from '../../api/session.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Choice, Field } from './field.tsx'
import type { ShownOnce } from './once-dialog.tsx'
import type { User } from './settings-shapes.ts'

export const roleWords: Readonly<Record<Role, string>> = {
  viewer: 'viewer: sees everything, changes nothing',
  responder: 'responder: triages and blocks',
  admin: 'admin: also settings, users and keys',
}

/** A new user, with the link that signs in the first time. */
export function UserDialog(props: {
  readonly onLink: (shown: ShownOnce) => void
  readonly onClose: () => void
}): JSX.Element {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('responder')
  const run = async (): Promise<void> => {
    const made = await call<User & { signInLink: string }>('POST', '/api/users', { name: name.trim(), role })
    await refresh('users')
    props.onLink({
      title: 'A sign-in link',
      says: `It signs ${made.name} in once, within 15 minutes.`,
      secret: made.signInLink,
    })
  }
  return (
    <Dialog title="Add a user" onClose={props.onClose} action={{ says: 'Add', disabled: name.trim() === '', run }}>
      <Field id="user-name" label="Name" value={name} onInput={setName} placeholder="ann" />
      <Choice
        id="user-role"
        label="Role"
        options={Object.entries(roleWords) as [Role, string][]}
        value={role}
        onChange={setRole}
      />
    </Dialog>
  )
}
