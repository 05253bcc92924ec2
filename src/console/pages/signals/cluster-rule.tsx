import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Cluster } from '../../../model/cluster.ts'
import { EndField, secondsOf, standardEnd } from '../../actions/ends.tsx'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button, Segments } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { toast } from '../../design/toast.tsx'
import { many, percent } from '../../text/figures.ts'

type Mode = 'monitoring' | 'blocking'
interface Rule {
  readonly id: string
  readonly mode: 'draft' | 'monitoring' | 'blocking' | 'disabled'
}

const modes = [
  { value: 'monitoring', says: 'Watch first' },
  { value: 'blocking', says: 'Block at once' },
] as const
/** The longest a rule of a cluster may hold. */
const longestSeconds = 90 * 86_400
const touched = ['signals', 'waf-rules', 'mitigations']

/** Makes a WAF rule of a cluster, or moves the one it has from watching to blocking and back. */
export function ClusterRule({
  signal,
  cluster,
}: {
  readonly signal: Signal
  readonly cluster: Cluster
}): JSX.Element | null {
  const [isMaking, setMaking] = useState(false)
  const id = cluster.wafRuleId
  const rule = useData<Rule>({
    key: ['waf-rules', 'one', id],
    enabled: id !== null,
    load: (abort) => call('GET', `/api/waf-rules/${encodeURIComponent(id ?? '')}`, undefined, abort),
  })
  if (id === null) {
    return (
      <>
        <Button small needs="responder" look="primary" icon="shield" onPress={() => setMaking(true)}>
          Make a rule …
        </Button>
        {isMaking ? <MakeRule signal={signal} cluster={cluster} onClose={() => setMaking(false)} /> : null}
      </>
    )
  }
  const mode = rule.data?.mode
  return (
    <>
      <a class="badge accent" href={`/waf/${encodeURIComponent(id)}`}>
        Rule: {mode ?? '…'}
      </a>
      {mode === 'monitoring' || mode === 'disabled' || mode === 'draft' ? (
        <Button small needs="responder" look="danger" onPress={() => setRuleMode(id, 'blocking', mode)}>
          Block
        </Button>
      ) : mode === 'blocking' ? (
        <Button small needs="responder" onPress={() => setRuleMode(id, 'monitoring', mode)}>
          Only watch
        </Button>
      ) : null}
    </>
  )
}

/** Moves a rule to another mode, with the way back. */
export async function setRuleMode(id: string, mode: Rule['mode'], before: Rule['mode']): Promise<void> {
  const set = async (wanted: Rule['mode']): Promise<void> => {
    await call('PATCH', `/api/waf-rules/${encodeURIComponent(id)}`, { mode: wanted })
    await refresh(...touched)
  }
  await set(mode)
  toast(mode === 'blocking' ? 'The rule blocks.' : 'The rule only watches.', () => set(before))
}

function MakeRule(props: {
  readonly signal: Signal
  readonly cluster: Cluster
  readonly onClose: () => void
}): JSX.Element {
  const { signal, cluster, onClose } = props
  const [mode, setMode] = useState<Mode>('monitoring')
  const [end, setEnd] = useState(standardEnd)
  const { days, requests, successfulLogins, users, share, measuredOn } = cluster.collateral
  const run = async (): Promise<void> => {
    const made = await call<{ readonly id: string }>('POST', '/api/clusters/to-rule', {
      signalId: signal.id,
      clusterId: cluster.id,
      mode,
      forSeconds: secondsOf(end) ?? longestSeconds,
    })
    await refresh(...touched)
    toast(mode === 'blocking' ? 'The rule blocks.' : 'The rule watches, and stops nothing yet.', async () => {
      await call('DELETE', `/api/waf-rules/${encodeURIComponent(made.id)}`)
      await refresh(...touched)
    })
  }
  return (
    <Dialog
      title="A rule of what the attackers share"
      onClose={onClose}
      action={{ says: mode === 'blocking' ? 'Block' : 'Watch', look: mode === 'blocking' ? 'danger' : 'primary', run }}
    >
      <Note kind={successfulLogins === 0 ? 'good' : 'warn'}>
        Would have stopped <b>{many(requests, 'request')}</b> in the {days} days before the attack ({percent(share)} of{' '}
        {measuredOn})
        {successfulLogins === 0 ? (
          ', none of them a successful login.'
        ) : (
          <>
            , <b>{many(successfulLogins, 'successful login')}</b> by {many(users, 'user')} among them.
          </>
        )}
      </Note>
      <div class="field">
        <span class="label">It is to</span>
        <div>
          <Segments label="Mode" options={modes} value={mode} onChange={setMode} />
        </div>
        <span class="hint">
          {mode === 'monitoring'
            ? 'Tracers mark what it matches and stop nothing; switch it to blocking when it hits the attack alone.'
            : 'Tracers stop what it matches within about a second. It is taken back by itself if it hits ordinary users.'}
        </span>
      </div>
      <EndField end={end} onChange={setEnd} />
    </Dialog>
  )
}
