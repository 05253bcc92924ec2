import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import { useData } from '../../api/use-data.ts'
import { Button, Segments } from '../../design/button.tsx'
import { Note } from '../../design/note.tsx'
import { toastError } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import { changeSettings } from './change-settings.ts'
import { RetentionDialog } from './retention-dialog.tsx'
import type { Settings } from '../../api/shapes.ts'
import { StopBlockingDialog } from './stop-blocking-dialog.tsx'

/** The switches of all services: blocking, automation, retention. */
export function Switches(): JSX.Element {
  const settings = useData<Settings>({
    key: ['settings'],
    load: (signal) => call('GET', '/api/settings', undefined, signal),
  })
  return (
    <View data={settings}>
      {(now) => (
        <div class="columns">
          <Blocking settings={now} />
          <Automation settings={now} />
          <Retention settings={now} />
        </div>
      )}
    </View>
  )
}

function Blocking({ settings: { blocking } }: { readonly settings: Settings }): JSX.Element {
  const [isStopping, setStopping] = useState(false)
  return (
    <Card
      title="Blocking"
      actions={<span class={`badge ${blocking ? 'good' : 'warn'}`}>{blocking ? 'On' : 'Off everywhere'}</span>}
    >
      <div class="stack tight">
        <p>
          The kill switch: with blocking off no request is stopped in any service, whatever stands on the denylist or in
          a rule. Detection goes on, and nothing is removed.
        </p>
        {blocking ? (
          <div>
            <Button needs="responder" look="danger" onPress={() => setStopping(true)}>
              Stop all blocking …
            </Button>
          </div>
        ) : (
          <>
            <Note kind="warn">All blocking is off: attackers on the denylist reach your services.</Note>
            <div>
              <Button
                needs="responder"
                look="primary"
                onPress={() => changeSettings({ blocking: true }, 'Blocking is on again.', { blocking: false })}
              >
                Block again
              </Button>
            </div>
          </>
        )}
      </div>
      {isStopping ? <StopBlockingDialog onClose={() => setStopping(false)} /> : null}
    </Card>
  )
}

type Automated = 'configured' | 'on' | 'off'

function Automation({ settings: { automation, own, configured } }: { readonly settings: Settings }): JSX.Element {
  const value: Automated = own.automation === null ? 'configured' : own.automation ? 'on' : 'off'
  const change = (wanted: Automated): void => {
    const next = wanted === 'configured' ? null : wanted === 'on'
    const says =
      (next ?? configured.automation) ? 'Detection rules may block by themselves.' : 'Detection rules only recommend.'
    changeSettings({ automation: next }, says, { automation: own.automation }).catch(toastError)
  }
  return (
    <Card
      title="Automation"
      actions={<span class={`badge ${automation ? 'good' : ''}`}>{automation ? 'On' : 'Off'}</span>}
    >
      <div class="stack tight">
        <p>
          With automation on, detection rules that say so block by themselves, for the time that their cases give. Off,
          the same blocks are recommended on the signal, for a person to take.
        </p>
        {may('admin') ? (
          <div>
            <Segments
              label="Automation"
              options={[
                { value: 'configured', says: `As configured (${configured.automation ? 'on' : 'off'})` },
                { value: 'on', says: 'On' },
                { value: 'off', says: 'Off' },
              ]}
              value={value}
              onChange={change}
            />
          </div>
        ) : null}
      </div>
    </Card>
  )
}

function Retention({ settings }: { readonly settings: Settings }): JSX.Element {
  const [isChanging, setChanging] = useState(false)
  const { retentionDays, own } = settings
  return (
    <Card title="Retention" actions={<span class="badge">{many(retentionDays, 'day')}</span>}>
      <div class="stack tight">
        <p>
          Spans are kept for {many(retentionDays, 'day')}
          {own.retentionDays === null ? ', as the collector is configured' : ''}. Signals, lists and the audit log stay.
        </p>
        <div>
          <Button needs="admin" onPress={() => setChanging(true)}>
            Change …
          </Button>
        </div>
      </div>
      {isChanging ? <RetentionDialog settings={settings} onClose={() => setChanging(false)} /> : null}
    </Card>
  )
}
