import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { may } from '../../api/session.ts'
import type { Signal } from '../../api/shapes.ts'
import { Button } from '../../design/button.tsx'
import { Card } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import { RespondDialog } from './respond-dialog.tsx'
import { TriageDialog } from './triage-dialog.tsx'

/** What to do next, the most useful first; each says before it acts whom it would hit. */
export function NextSteps({ signal }: { readonly signal: Signal }): JSX.Element {
  const [step, setStep] = useState<'ips' | 'compromisedUsers' | 'triage'>()
  const close = (): void => setStep(undefined)
  const explorer = `/traces?${new URLSearchParams({ q: signal.query, from: signal.firstSeen }).toString()}`
  return (
    <Card title="Next steps">
      <div class="steps">
        {may('responder') ? null : <p class="muted">Your role is viewer: a responder can block and triage.</p>}
        {signal.attackingIps === 0 ? null : (
          <Button needs="responder" look="danger" icon="denylist" onPress={() => setStep('ips')}>
            {signal.attackingIps === 1 ? 'Block 1 address …' : 'Block attacking addresses …'}
          </Button>
        )}
        {signal.compromisedUsers === 0 ? null : (
          <Button needs="responder" icon="user" onPress={() => setStep('compromisedUsers')}>
            Lock out {many(signal.compromisedUsers, 'compromised account')} …
          </Button>
        )}
        <Button needs="responder" icon="check" onPress={() => setStep('triage')}>
          Triage …
        </Button>
        <a class="button" href={explorer}>
          Look at its traces
        </a>
      </div>
      {step === 'triage' ? <TriageDialog signals={[signal]} onClose={close} /> : null}
      {step === 'ips' || step === 'compromisedUsers' ? (
        <RespondDialog signal={signal} selection={step} onClose={close} />
      ) : null}
    </Card>
  )
}
