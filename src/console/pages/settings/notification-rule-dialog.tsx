import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Severity } from '../../../model/detection-rule.ts'
import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { Boxes, Field, linesOf } from './field.tsx'
import { recipientKindWords, type NotificationRule, type Recipient } from './settings-shapes.ts'

const severityOptions = (['critical', 'high', 'medium', 'low', 'info'] as const).map((value) => ({
  value,
  says: value[0]?.toUpperCase() + value.slice(1),
}))

const root = '/api/notifications/rules'

/** Writes a rule: a new one without `id`. */
export async function saveRule(
  { name, enabled, severities, tags, services, recipients }: Omit<NotificationRule, 'id'>,
  id: string | undefined,
): Promise<NotificationRule> {
  const body = { name, enabled, severities, tags, services, recipients }
  const saved = await (id === undefined
    ? call<NotificationRule>('POST', root, body)
    : call<NotificationRule>('PUT', `${root}/${encodeURIComponent(id)}`, body))
  await refresh('notifications')
  return saved
}

/** Which signals are told to whom; a new rule starts with account takeovers of medium severity and above. */
export function NotificationRuleDialog(props: {
  readonly rule: NotificationRule | undefined
  readonly recipients: readonly Recipient[]
  readonly onClose: () => void
}): JSX.Element {
  const { rule, recipients, onClose } = props
  const [name, setName] = useState(rule?.name ?? 'Account takeovers')
  const [severities, setSeverities] = useState<readonly string[]>(rule?.severities ?? ['critical', 'high', 'medium'])
  const [tags, setTags] = useState((rule?.tags ?? ['category:account_takeover']).join('\n'))
  const [services, setServices] = useState((rule?.services ?? []).join('\n'))
  const [chosen, choose] = useState<readonly string[]>(
    rule?.recipients ?? recipients.slice(0, recipients.length === 1 ? 1 : 0).map(({ id }) => id),
  )
  // A recipient that was removed since would keep the rule from being written.
  const told = chosen.filter((id) => recipients.some((one) => one.id === id))
  const run = async (): Promise<void> => {
    const wanted = {
      name: name.trim(),
      enabled: rule?.enabled ?? true,
      severities: severities as readonly Severity[],
      tags: linesOf(tags),
      services: linesOf(services),
      recipients: told,
    }
    const saved = await saveRule(wanted, rule?.id)
    toast(rule === undefined ? `${saved.name} was added.` : `${saved.name} was changed.`, async () => {
      if (rule !== undefined) return saveRule(rule, rule.id)
      await call('DELETE', `${root}/${encodeURIComponent(saved.id)}`)
      return refresh('notifications')
    })
  }
  return (
    <Dialog
      title={rule === undefined ? 'Tell somebody of signals' : 'Change a notification rule'}
      onClose={onClose}
      action={{
        says: rule === undefined ? 'Add' : 'Change',
        disabled: name.trim() === '' || told.length === 0,
        run,
      }}
    >
      <Field id="rule-name" label="Name" value={name} onInput={setName} />
      <Boxes
        label="Severity"
        options={severityOptions}
        chosen={severities}
        onChange={setSeverities}
        hint="None chosen: any. A signal is told of again when it rises into one of these."
      />
      <Field
        id="rule-tags"
        label="Tags, one a line"
        rows={2}
        value={tags}
        onInput={setTags}
        hint="The signal has every one of them. None: any signal."
      />
      <Field
        id="rule-services"
        label="Services, one a line"
        rows={2}
        value={services}
        onInput={setServices}
        hint="None: all services."
      />
      <Boxes
        label="Who is told"
        options={recipients.map(({ id, name: says, kind }) => ({
          value: id,
          says: `${says} (${recipientKindWords[kind]})`,
        }))}
        chosen={told}
        onChange={choose}
      />
    </Dialog>
  )
}
