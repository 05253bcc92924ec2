import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../../design/button.tsx'
import { Menu } from '../../design/menu.tsx'
import { Raw } from '../../design/raw.tsx'
import { toast } from '../../design/toast.tsx'
import { savedQueries } from '../../shell/preferences.ts'

const offered = [
  { name: 'Failed logins', query: '@appsec.security_activity:business_logic.users.login.failure' },
  { name: 'Logins', query: '@appsec.security_activity:business_logic.users.login.success' },
  { name: 'Blocked', query: '@appsec.blocked:true' },
  {
    name: 'Failed logins of accounts that exist',
    query: '@appsec.security_activity:business_logic.users.login.failure @appsec.events_data.usr.exists:true',
  },
  { name: 'Known to threat intelligence', query: '@appsec.threat_intel:true' },
]
const maxName = 80

/** Queries kept in this browser, and some to begin with. */
export function SavedQueries({
  query,
  onChange,
}: {
  readonly query: string
  readonly onChange: (query: string) => void
}): JSX.Element {
  const [name, setName] = useState('')
  const saved = savedQueries.value
  return (
    <Menu label="Saved queries" says="Saved" small>
      {(close) => (
        <div class="menu">
          {[...saved, ...offered].map((one, index) => (
            <div key={`${index}${one.name}`} class="row">
              <button
                type="button"
                class="grow"
                onClick={() => {
                  close()
                  onChange(one.query)
                }}
              >
                <Raw text={one.name} max={50} />
              </button>
              {index < saved.length ? (
                <Button
                  small
                  look="quiet"
                  icon="close"
                  label={`Forget ${one.name}`}
                  onPress={() => {
                    savedQueries.value = saved.filter((other) => other !== one)
                    toast('Forgotten.', async () => void (savedQueries.value = saved))
                  }}
                />
              ) : null}
            </div>
          ))}
          <form
            class="row"
            style={{ padding: '6px 8px' }}
            onSubmit={(event) => {
              event.preventDefault()
              if (name.trim() === '') return
              savedQueries.value = [{ name: name.trim(), query }, ...saved.filter((one) => one.name !== name.trim())]
              setName('')
              close()
              toast('Saved in this browser.')
            }}
          >
            <input
              class="input grow"
              aria-label="Name"
              placeholder="Name this query"
              maxLength={maxName}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <Button small type="submit" disabled={name.trim() === ''}>
              Save
            </Button>
          </form>
        </div>
      )}
    </Menu>
  )
}
