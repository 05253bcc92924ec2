import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { Page, Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'
import { EmptyState, View } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import { Boxes } from '../settings/field.tsx'
import { recipientKindWords, type Recipient } from '../settings/settings-shapes.ts'

/** Sends a signal to recipients by hand, whatever the notification rules say. */
export function TellDialog({
  signal,
  onClose,
}: {
  readonly signal: Signal
  readonly onClose: () => void
}): JSX.Element {
  const [chosen, choose] = useState<readonly string[]>([])
  const recipients = useData<Page<Recipient>>({
    key: ['notifications', 'recipients'],
    load: (abort) => call('GET', '/api/notifications/recipients', undefined, abort),
  })
  const run = async (): Promise<void> => {
    const body = { kind: 'notify', recipients: chosen }
    await call('POST', `/api/signals/${encodeURIComponent(signal.id)}/respond`, body)
    toast(`${many(chosen.length, 'recipient')}: on its way.`)
  }
  return (
    <Dialog
      title="Tell somebody of this signal"
      onClose={onClose}
      action={{ says: 'Send', disabled: chosen.length === 0, run }}
    >
      <View
        data={recipients}
        empty={({ items }) =>
          items.length > 0 ? (
            false
          ) : (
            <EmptyState icon="bell" title="There is no recipient">
              <p>
                An administrator adds one under <a href="/settings?part=notifications">Settings, Notifications</a>.
              </p>
            </EmptyState>
          )
        }
      >
        {({ items }) => (
          <Boxes
            label="Who is told"
            options={items.map(({ id, name, kind }) => ({ value: id, says: `${name} (${recipientKindWords[kind]})` }))}
            chosen={chosen}
            onChange={choose}
          />
        )}
      </View>
    </Dialog>
  )
}
