import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { Segments } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { many } from '../../text/figures.ts'
import { Field } from './field.tsx'
import type { ThreatIntelList } from './settings-shapes.ts'

const sources = [
  { value: 'csv', says: 'A CSV file' },
  { value: 'url', says: 'A URL' },
] as const

/** A new list of known addresses, from a file or from a URL that is fetched again and again. */
export function ThreatIntelDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [name, setName] = useState('')
  const [source, setSource] = useState<(typeof sources)[number]['value']>('csv')
  const [file, setFile] = useState<File>()
  const [url, setUrl] = useState('')
  const [hours, setHours] = useState('24')
  const run = async (): Promise<void> => {
    const content =
      source === 'csv' ? { csv: (await file?.text()) ?? '' } : { url: url.trim(), refreshHours: Number(hours) }
    const made = await call<ThreatIntelList>('POST', '/api/threat-intel', { name: name.trim(), ...content })
    await refresh('threat-intel')
    toast(`${made.name} was added: ${many(made.size, 'address', 'addresses')}.`, async () => {
      await call('DELETE', `/api/threat-intel/${encodeURIComponent(made.name)}`)
      await refresh('threat-intel')
    })
  }
  const lacks = source === 'csv' ? file === undefined : url.trim() === '' || !(Number(hours) > 0)
  return (
    <Dialog
      title="Add a list of known addresses"
      onClose={onClose}
      action={{ says: 'Add', disabled: name.trim() === '' || lacks, run }}
    >
      <Field
        id="list-name"
        label="Name"
        value={name}
        onInput={setName}
        placeholder="proxies"
        hint="Lower-case letters, digits, - and _."
      />
      <div>
        <Segments label="From" options={sources} value={source} onChange={setSource} />
      </div>
      {source === 'csv' ? (
        <div class="field">
          <label for="list-file">File</label>
          <input
            id="list-file"
            type="file"
            accept=".csv,text/csv"
            aria-describedby="list-file-hint"
            onChange={(event) => setFile(event.currentTarget.files?.[0])}
          />
          <span class="hint" id="list-file-hint">
            With the header <code>ip_address,additional_data,category,intention,source</code>.
          </span>
        </div>
      ) : (
        <>
          <Field
            id="list-url"
            label="URL"
            type="url"
            value={url}
            onInput={setUrl}
            placeholder="https://"
            hint="Fetched by the collector; the same CSV."
          />
          <Field id="list-hours" label="Fetched every so many hours" type="number" value={hours} onInput={setHours} />
        </>
      )}
    </Dialog>
  )
}
