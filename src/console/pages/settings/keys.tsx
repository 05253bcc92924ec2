import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { SecretDialog } from './secret-dialog.tsx'

interface Key {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly createdAt: string
  readonly revokedAt: string | null
}

const keyRoles = [
  ['ingest', 'Tracers: may send'],
  ['viewer', 'Programs: may read'],
  ['responder', 'Programs: may block'],
  ['admin', 'Programs: may change everything'],
] as const

/** Tokens of tracers and programs. */
export function Keys(): JSX.Element {
  const [secret, setSecret] = useState<string>()
  const [name, setName] = useState('')
  const [role, setRole] = useState<string>('ingest')
  const keys = useData<Page<Key>>({ key: ['keys'], load: (signal) => call('GET', '/api/keys', undefined, signal) })
  return (
    <Card title="Keys" flush>
      <form
        class="form-line"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() === '') return
          call<{ secret: string }>('POST', '/api/keys', { name: name.trim(), role }).then(async (made) => {
            setSecret(made.secret)
            setName('')
            await refresh('keys')
          }, toastError)
        }}
      >
        <div class="field">
          <label for="key-name">Name</label>
          <input id="key-name" class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="key-role">For</label>
          <select id="key-role" class="input" value={role} onChange={(event) => setRole(event.currentTarget.value)}>
            {keyRoles.map(([value, says]) => (
              <option key={value} value={value}>
                {says}
              </option>
            ))}
          </select>
        </div>
        <Button type="submit" look="primary" disabled={name.trim() === ''}>
          Make a key
        </Button>
      </form>
      <View data={keys} empty={({ items }) => (items.length > 0 ? false : <EmptyState icon="link" title="No key" />)}>
        {({ items }) => (
          <ul class="lines">
            {items.map(({ id, name: own, role: as, createdAt, revokedAt }) => (
              <li key={id}>
                <span class="badge">{as}</span>
                <span class="grow">
                  <Raw text={own} max={60} />
                </span>
                <span class="muted">
                  {revokedAt === null ? (
                    <Time at={createdAt} />
                  ) : (
                    <>
                      revoked <Time at={revokedAt} />
                    </>
                  )}
                </span>
                {revokedAt === null ? (
                  <Button
                    small
                    onPress={async () => {
                      await call('DELETE', `/api/keys/${encodeURIComponent(id)}`)
                      await refresh('keys')
                      toast(`${own} is revoked.`)
                    }}
                  >
                    Revoke
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </View>
      {secret === undefined ? null : (
        <SecretDialog title="A new key" secret={secret} onClose={() => setSecret(undefined)}>
          Tracers send it as DD_API_KEY, programs as a bearer token.
        </SecretDialog>
      )}
    </Card>
  )
}
