import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Settings, Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Icon } from '../../design/icon.tsx'
import { Card } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import { changeSettings } from '../settings/change-settings.ts'
import { clustersId } from './clusters.tsx'
import { RespondDialog } from './respond-dialog.tsx'
import { TellDialog } from './tell-dialog.tsx'
import { TriageDialog } from './triage-dialog.tsx'

/** What to do next, the most useful first; each says before it acts whom it would hit. */
export function NextSteps({ signal }: { readonly signal: Signal }): JSX.Element {
  const [step, setStep] = useState<'ips' | 'compromisedUsers' | 'triage' | 'tell'>()
  const close = (): void => setStep(undefined)
  const explorer = `/traces?${new URLSearchParams({ q: signal.query, from: signal.firstSeen }).toString()}`
  const isWithoutRule = signal.clusters?.some(({ wafRuleId }) => wafRuleId === null) ?? false
  return (
    <Card id="next-steps" title="Next steps">
      <div class="steps">
        {may('responder') ? null : <p class="muted">Your role is viewer: a responder can block and triage.</p>}
        {signal.attackingIps === 0 ? null : (
          <Button needs="responder" look="danger" icon="denylist" onPress={() => setStep('ips')}>
            {signal.attackingIps === 1 ? 'Block 1 address …' : 'Block attacking addresses …'}
          </Button>
        )}
        {isWithoutRule ? (
          <Button
            needs="responder"
            icon="shield"
            onPress={() => document.getElementById(clustersId)?.scrollIntoView({ block: 'start' })}
          >
            Make a rule of what they share
          </Button>
        ) : null}
        {signal.compromisedUsers === 0 ? null : (
          <Button needs="responder" icon="user" onPress={() => setStep('compromisedUsers')}>
            Lock out {many(signal.compromisedUsers, 'compromised account')} …
          </Button>
        )}
        <Automation />
        <Button needs="responder" icon="bell" onPress={() => setStep('tell')}>
          Tell somebody …
        </Button>
        <Button needs="responder" icon="check" onPress={() => setStep('triage')}>
          Triage …
        </Button>
        <a class="button" href={explorer}>
          <Icon name="traces" />
          Look at its traces
        </a>
      </div>
      {step === 'triage' ? <TriageDialog signals={[signal]} onClose={close} /> : null}
      {step === 'tell' ? <TellDialog signal={signal} onClose={close} /> : null}
      {step === 'ips' || step === 'compromisedUsers' ? (
        <RespondDialog signal={signal} selection={step} onClose={close} />
      ) : null}
    </Card>
  )
}

/** Offers to let rules block by themselves, where they only recommend so far. */
function Automation(): JSX.Element | null {
  const settings = useData<Settings>({
    key: ['settings'],
    enabled: may('admin'),
    load: (abort) => call('GET', '/api/settings', undefined, abort),
  })
  if (settings.data?.automation !== false) return null
  const { own } = settings.data
  return (
    <Button
      needs="admin"
      icon="rules"
      onPress={() =>
        changeSettings({ automation: true }, 'Detection rules may block by themselves.', { automation: own.automation })
      }
    >
      Let rules block by themselves
    </Button>
  )
}
