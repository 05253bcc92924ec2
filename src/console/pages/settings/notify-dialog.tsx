import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { severities, type Severity } from '../../../model/detection-rule.ts'
import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import type { Recipient } from './notification-shapes.ts'

/** What most people want to be told of. */
const standardSeverities: ReadonlySet<Severity> = new Set(['medium', 'high', 'critical'])
const standardTags = 'category:account_takeover'

/** Says which signals are told to whom. */
export function NotifyDialog(props: {
  readonly recipients: readonly Recipient[]
  readonly onClose: () => void
}): JSX.Element {
  const { recipients, onClose } = props
  const [name, setName] = useState('Account takeover')
  const [chosen, setChosen] = useState<ReadonlySet<Severity>>(standardSeverities)
  const [tags, setTags] = useState(standardTags)
  const [services, setServices] = useState('')
  const [told, setTold] = useState<ReadonlySet<string>>(new Set(recipients.map(({ id }) => id)))
  const run = async (): Promise<void> => {
    await call('POST', '/api/notifications/rules', {
      name: name.trim(),
      severities: severities.filter((one) => chosen.has(one)),
      tags: listOf(tags),
      services: listOf(services),
      recipients: [...told],
    })
    await refresh('notifications')
    toast('They are told from now on.')
  }
  return (
    <Dialog
      title="What is told"
      onClose={onClose}
      action={{ says: 'Add', disabled: name.trim() === '' || told.size === 0, run }}
    >
      <div class="field">
        <label for="notify-name">Name</label>
        <input id="notify-name" class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <div class="field">
        <span class="label">Severities; none: any</span>
        <Boxes all={severities.map((one) => [one, one])} chosen={chosen} onChange={setChosen} />
      </div>
      <div class="field">
        <label for="notify-tags">Tags of the rule, separated by commas; empty: any</label>
        <input id="notify-tags" class="input" value={tags} onInput={(event) => setTags(event.currentTarget.value)} />
      </div>
      <div class="field">
        <label for="notify-services">Services, separated by commas; empty: all</label>
        <input
          id="notify-services"
          class="input"
          value={services}
          onInput={(event) => setServices(event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <span class="label">Told to</span>
        <Boxes all={recipients.map(({ id, name: own }) => [id, own])} chosen={told} onChange={setTold} />
      </div>
    </Dialog>
  )
}

function Boxes<T extends string>(props: {
  readonly all: readonly (readonly [T, string])[]
  readonly chosen: ReadonlySet<T>
  readonly onChange: (chosen: ReadonlySet<T>) => void
}): JSX.Element {
  const { all, chosen, onChange } = props
  return (
    <div class="row">
      {all.map(([value, says]) => (
        <label key={value} class="choice">
          <input
            type="checkbox"
            checked={chosen.has(value)}
            onChange={(event) =>
              onChange(
                event.currentTarget.checked
                  ? new Set([...chosen, value])
                  : new Set([...chosen].filter((one) => one !== value)),
              )
            }
          />
          {says}
        </label>
      ))}
    </div>
  )
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}
