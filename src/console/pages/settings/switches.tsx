import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button, Segments } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'

interface Settings {
  readonly automation: boolean
  readonly blocking: boolean
  readonly retentionDays: number
}

const onOff = [
  { value: 'on', says: 'On' },
  { value: 'off', says: 'Off' },
] as const

async function set(change: Partial<Settings>): Promise<void> {
  await call('PATCH', '/api/settings', change)
  await refresh('settings', 'overview', 'services', 'mitigations')
}

/** The switches for all services: blocking as a whole, automation, and how long records are kept. */
export function Switches(): JSX.Element {
  const settings = useData<Settings>({
    key: ['settings'],
    load: (signal) => call('GET', '/api/settings', undefined, signal),
  })
  return (
    <Card title="Blocking" flush>
      <View data={settings}>
        {(found) => (
          <>
            <KillSwitch blocking={found.blocking} />
            <div class="switch">
              <div>
                <h3>Automation</h3>
                <p class="muted">
                  Rules block by themselves, each with an end, and never what is on the passlist. Off: they recommend,
                  and people click.
                </p>
              </div>
              {may('admin') ? (
                <Segments
                  label="Automation"
                  options={onOff}
                  value={found.automation ? 'on' : 'off'}
                  onChange={(value) =>
                    void set({ automation: value === 'on' }).then(
                      () => toast(`Automation is ${value}.`, () => set({ automation: found.automation })),
                      toastError,
                    )
                  }
                />
              ) : (
                <span class="badge">{found.automation ? 'On' : 'Off'}</span>
              )}
            </div>
            <Retention key={found.retentionDays} days={found.retentionDays} />
          </>
        )}
      </View>
    </Card>
  )
}

function KillSwitch({ blocking }: { readonly blocking: boolean }): JSX.Element {
  const [isAsking, setAsking] = useState(false)
  return (
    <div class="switch">
      <div>
        <h3>All blocking</h3>
        {blocking ? (
          <p class="muted">
            Tracers stop what the denylist and the rules say. If ordinary users are hit, stop it all at once.
          </p>
        ) : (
          <Note kind="danger">Nothing is blocked anywhere: attacks are only watched.</Note>
        )}
      </div>
      {blocking ? (
        <Button needs="responder" look="danger" onPress={() => setAsking(true)}>
          Stop all blocking …
        </Button>
      ) : (
        <Button
          needs="responder"
          look="primary"
          onPress={() => set({ blocking: true }).then(() => toast('Blocking is on again.'))}
        >
          Block again
        </Button>
      )}
      {isAsking ? (
        <Dialog
          title="Stop all blocking"
          onClose={() => setAsking(false)}
          action={{
            says: 'Stop all blocking',
            look: 'danger',
            run: async () => {
              await set({ blocking: false })
              toast('Nothing is blocked any more.', () => set({ blocking: true }))
            },
          }}
        >
          <p>
            Within about a second, every tracer lets everything through that the denylist or a rule would stop, in all
            services. Entries and rules stay as they are, and are in force again when blocking is switched on.
          </p>
        </Dialog>
      ) : null}
    </div>
  )
}

const longestDays = 3_660

function Retention({ days }: { readonly days: number }): JSX.Element {
  const [typed, setTyped] = useState(String(days))
  const wanted = Number(typed)
  const isSound = Number.isInteger(wanted) && wanted >= 1 && wanted <= longestDays
  return (
    <form
      class="switch"
      onSubmit={(event) => {
        event.preventDefault()
        if (isSound) set({ retentionDays: wanted }).then(() => toast('Older days are dropped.'), toastError)
      }}
    >
      <div>
        <h3>Keep records for</h3>
        <p class="muted">Days of spans and logins. What is older is dropped within an hour, for good.</p>
      </div>
      {may('admin') ? (
        <div class="row">
          <input
            class="input"
            inputMode="numeric"
            aria-label="Days"
            aria-invalid={!isSound}
            size={5}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" disabled={!isSound || wanted === days}>
            Set
          </Button>
        </div>
      ) : (
        <span>{days} days</span>
      )}
    </form>
  )
}
