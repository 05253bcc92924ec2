import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { count } from '../../text/figures.ts'

interface IntelList {
  readonly name: string
  readonly source: 'upload' | 'url' | 'file'
  readonly url: string | null
  readonly enabled: boolean
  readonly size: number
  readonly updatedAt: string | null
  readonly lastError: string | null
}

const root = '/api/threat-intel'
const refreshHours = 24

/** Lists of addresses that are known to attack: uploaded, or fetched every day. */
export function ThreatIntel(): JSX.Element {
  const lists = useData<Page<IntelList>>({
    key: ['threat-intel'],
    load: (signal) => call('GET', root, undefined, signal),
  })
  return (
    <Card title="Threat intelligence" flush>
      {may('admin') ? <NewList /> : null}
      <View
        data={lists}
        empty={({ items }) =>
          items.length > 0 ? (
            false
          ) : (
            <EmptyState icon="shield" title="No list">
              <p>
                A CSV with the header <code>ip_address,additional_data,category,intention,source</code>, uploaded or
                fetched.
              </p>
            </EmptyState>
          )
        }
      >
        {({ items }) => (
          <ul class="lines">
            {items.map((list) => (
              <li key={list.name}>
                <span class="grow">
                  <Raw text={list.name} max={64} /> <span class="muted small">{list.url ?? list.source}</span>
                  {list.lastError === null ? null : (
                    <>
                      <br />
                      <span class="warn-text small">
                        <Raw text={list.lastError} max={160} />
                      </span>
                    </>
                  )}
                </span>
                <span class="muted">
                  {count(list.size)}
                  {list.updatedAt === null ? null : (
                    <>
                      , <Time at={list.updatedAt} />
                    </>
                  )}
                </span>
                {list.source === 'url' ? (
                  <Button
                    small
                    needs="admin"
                    onPress={() => act('POST', `${root}/${encodeURIComponent(list.name)}/refresh`, 'Fetched.')}
                  >
                    Fetch
                  </Button>
                ) : null}
                {list.source === 'file' ? null : (
                  <Button
                    small
                    needs="admin"
                    look="quiet"
                    icon="close"
                    label={`Remove ${list.name}`}
                    onPress={() =>
                      act('DELETE', `${root}/${encodeURIComponent(list.name)}`, `${list.name} is removed.`)
                    }
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      </View>
    </Card>
  )
}

async function act(method: string, path: string, says: string, body?: object): Promise<void> {
  await call(method, path, body)
  await refresh('threat-intel')
  toast(says)
}

function NewList(): JSX.Element {
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const [file, setFile] = useState<File>()
  return (
    <form
      class="form-line"
      onSubmit={(event) => {
        event.preventDefault()
        const add = async (): Promise<void> => {
          const content = file === undefined ? { url: url.trim(), refreshHours } : { csv: await file.text() }
          await act('POST', root, `${name.trim()} is in force.`, { name: name.trim(), ...content })
          setName('')
          setUrl('')
        }
        add().catch(toastError)
      }}
    >
      <div class="field">
        <label for="intel-name">Name</label>
        <input
          id="intel-name"
          class="input"
          maxLength={64}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </div>
      <div class="field grow">
        <label for="intel-url">URL, fetched every day</label>
        <input
          id="intel-url"
          class="input"
          value={url}
          disabled={file !== undefined}
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for="intel-file">or a file</label>
        <input
          id="intel-file"
          type="file"
          accept=".csv,text/csv"
          onChange={(event) => setFile(event.currentTarget.files?.[0])}
        />
      </div>
      <Button type="submit" look="primary" disabled={name.trim() === '' || (url.trim() === '' && file === undefined)}>
        Add
      </Button>
    </form>
  )
}
