import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Segments } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { many } from '../../text/figures.ts'
import { changeSettings } from './change-settings.ts'
import { Field } from './field.tsx'
import type { Settings } from '../../api/shapes.ts'

/** What the collector takes at most. */
const maxDays = 3_660

/** How long spans are kept: as configured, or so many days. */
export function RetentionDialog(props: { readonly settings: Settings; readonly onClose: () => void }): JSX.Element {
  const { settings, onClose } = props
  const { own, configured, retentionDays } = settings
  const [from, setFrom] = useState<'configured' | 'own'>(own.retentionDays === null ? 'configured' : 'own')
  const [typed, setTyped] = useState(String(retentionDays))
  const days = from === 'configured' ? configured.retentionDays : Number(typed)
  const isDays = Number.isInteger(days) && days >= 1 && days <= maxDays
  return (
    <Dialog
      title="How long spans are kept"
      onClose={onClose}
      action={{
        says: 'Set',
        look: isDays && days < retentionDays ? 'danger' : 'primary',
        disabled: !isDays,
        run: () =>
          changeSettings(
            { retentionDays: from === 'configured' ? null : days },
            `Spans are kept for ${many(days, 'day')}.`,
            { retentionDays: own.retentionDays },
          ),
      }}
    >
      <div>
        <Segments
          label="Whose word"
          options={[
            { value: 'configured', says: `As configured (${many(configured.retentionDays, 'day')})` },
            { value: 'own', says: 'Set here' },
          ]}
          value={from}
          onChange={setFrom}
        />
      </div>
      {from === 'own' ? (
        <Field
          id="retention-days"
          label="Days"
          type="number"
          value={typed}
          onInput={setTyped}
          hint={`1 to ${maxDays}`}
        />
      ) : null}
      {isDays && days < retentionDays ? (
        <Note kind="warn">
          Spans older than {many(days, 'day')} are deleted within the hour, and undo does not bring those back.
        </Note>
      ) : null}
    </Dialog>
  )
}
