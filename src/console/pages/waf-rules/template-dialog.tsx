import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { View } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import type { Template } from './waf-shapes.ts'

/** Makes rules of a form: drafts, to be looked at before they are sent anywhere. */
export function TemplateDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [chosen, choose] = useState('')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const templates = useData<Page<Template>>({
    key: ['waf-rules', 'templates'],
    load: (signal) => call('GET', '/api/waf-rules/templates', undefined, signal),
  })
  const template = templates.data?.items.find(({ id }) => id === chosen) ?? templates.data?.items[0]
  const valueOf = ({ name, standard }: Template['fields'][number]): string => values[name] ?? standard
  const run = async (): Promise<void> => {
    if (template === undefined) return
    const filled = Object.fromEntries(template.fields.map((field) => [field.name, valueOf(field)]))
    const path = `/api/waf-rules/templates/${encodeURIComponent(template.id)}`
    const { rules } = await call<{ rules: readonly object[] }>('POST', path, { values: filled })
    const made: string[] = []
    for (const rule of rules) made.push((await call<{ id: string }>('POST', '/api/waf-rules', rule)).id)
    await refresh('waf-rules')
    toast(`${many(made.length, 'draft')} made.`, async () => {
      for (const id of made) await call('DELETE', `/api/waf-rules/${encodeURIComponent(id)}`)
      await refresh('waf-rules')
    })
  }
  return (
    <Dialog
      title="A rule from a template"
      onClose={onClose}
      action={{
        says: 'Make a draft',
        disabled:
          template === undefined || template.fields.some((field) => field.required && valueOf(field).trim() === ''),
        run,
      }}
    >
      <View data={templates}>
        {({ items }) => (
          <>
            <div class="field">
              <label for="template">Template</label>
              <select
                id="template"
                class="input"
                value={template?.id ?? ''}
                onChange={(event) => {
                  choose(event.currentTarget.value)
                  setValues({})
                }}
              >
                {items.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
              <span class="hint">{template?.says}</span>
            </div>
            {template?.fields.map((field) => (
              <div key={`${template.id} ${field.name}`} class="field">
                <label for={`template-${field.name}`}>
                  {field.name}
                  {field.required ? '' : ' (if wanted)'}
                </label>
                <input
                  id={`template-${field.name}`}
                  class="input"
                  value={valueOf(field)}
                  onInput={(event) => setValues({ ...values, [field.name]: event.currentTarget.value })}
                />
                <span class="hint">{field.says}</span>
              </div>
            ))}
          </>
        )}
      </View>
    </Dialog>
  )
}
