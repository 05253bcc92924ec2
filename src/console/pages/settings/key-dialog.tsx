import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Role } from '../../api/session.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Choice, Field, linesOf } from './field.tsx'
import type { ShownOnce } from './once-dialog.tsx'
import type { Key } from './settings-shapes.ts'
import { roleWords } from './user-dialog.tsx'

/** A new key; its secret is handed on, to be shown once. */
export function KeyDialog(props: {
  readonly onSecret: (shown: ShownOnce) => void
  readonly onClose: () => void
}): JSX.Element {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role | 'ingest'>('ingest')
  const [services, setServices] = useState('')
  const [envs, setEnvs] = useState('')
  const run = async (): Promise<void> => {
    const limits = role === 'ingest' ? { services: namesOf(services), envs: namesOf(envs) } : {}
    const made = await call<Key & { secret: string }>('POST', '/api/keys', { name: name.trim(), role, ...limits })
    await refresh('keys')
    props.onSecret({ title: 'The new key', says: `${made.name}, ${made.role}`, secret: made.secret })
  }
  return (
    <Dialog title="Make a key" onClose={props.onClose} action={{ says: 'Make', disabled: name.trim() === '', run }}>
      <Field id="key-name" label="Name" value={name} onInput={setName} placeholder="shop, production" />
      <Choice
        id="key-role"
        label="Role"
        options={[['ingest', 'ingest: services send with it'], ...(Object.entries(roleWords) as [Role, string][])]}
        value={role}
        onChange={setRole}
      />
      {role === 'ingest' ? (
        <>
          <Field
            id="key-services"
            label="Services it speaks for, one a line"
            rows={2}
            value={services}
            onInput={setServices}
            hint="None: all."
          />
          <Field
            id="key-envs"
            label="Environments it speaks for, one a line"
            rows={2}
            value={envs}
            onInput={setEnvs}
            hint="None: all."
          />
        </>
      ) : null}
    </Dialog>
  )
}

function namesOf(text: string): readonly string[] | null {
  const names = linesOf(text)
  return names.length === 0 ? null : names
}
