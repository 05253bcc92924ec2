import type { JSX } from 'preact'
import './mitigations.css'
import { rescindEntries } from '../../actions/lists.ts'
import { kindWords } from '../../actions/read-entries.ts'
import type { DenylistKind } from '../../../model/denylist-entry.ts'
import { call } from '../../api/call.ts'
import type { Acknowledgement, DenylistEntry, Point, Signal } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { usePages } from '../../api/use-pages.ts'
import { SeverityBadge } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Chart } from '../../design/chart.tsx'
import { Note } from '../../design/note.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time, Until } from '../../design/time.tsx'
import { toast } from '../../design/toast.tsx'
import { EmptyState, View } from '../../design/view.tsx'
import { count, many } from '../../text/figures.ts'

interface Mitigation {
  readonly signal: Signal | null
  readonly entries: readonly DenylistEntry[]
  readonly entryCount: number
  readonly byKind: Readonly<Partial<Record<DenylistKind, number>>>
  readonly rules: readonly {
    readonly id: string
    readonly name: string
    readonly mode: string
    readonly endsAt: string | null
  }[]
  readonly endsAt: string | null
  readonly hits: readonly Point[]
  readonly attack: readonly Point[]
  readonly hitCount: number
  readonly hitsOutsideWaves: number
  readonly lastHit: string | null
  readonly cleanUp: boolean
  readonly acknowledgements: readonly Acknowledgement[]
}

/** What is blocked now, by signal: what it stops, whom it may hit by mistake, and the way to end it. */
export function MitigationsPage(): JSX.Element {
  const mitigations = usePages<Mitigation>({
    key: ['mitigations'],
    path: '/api/mitigations',
    parameters: { limit: 20 },
  })
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Mitigations</h1>
          <p class="muted">
            Everything that is blocked now, by the signal that it answers, beside the course of its attack.
          </p>
        </div>
      </div>
      <View
        data={mitigations}
        empty={(found) =>
          found.length > 0 ? (
            false
          ) : (
            <EmptyState icon="mitigations" title="Nothing is blocked at the moment">
              <p>
                Blocks of <a href="/signals">signals</a> and of the <a href="/denylist">denylist</a> are shown here
                while they hold.
              </p>
            </EmptyState>
          )
        }
      >
        {(found) => (
          <>
            {mitigations.renew === undefined ? null : <Button onPress={mitigations.renew}>Show the newest</Button>}
            {found.map((mitigation) => (
              <Group key={mitigation.signal?.id ?? 'by hand'} mitigation={mitigation} />
            ))}
            {mitigations.more === undefined ? null : <Button onPress={mitigations.more}>More</Button>}
          </>
        )}
      </View>
    </div>
  )
}

function Group({ mitigation }: { readonly mitigation: Mitigation }): JSX.Element {
  const { signal, entryCount, byKind, rules, endsAt, hits, attack, hitCount, hitsOutsideWaves, lastHit, cleanUp } =
    mitigation
  const kinds = Object.entries(byKind) as [DenylistKind, number][]
  const what = [
    ...kinds.map(([kind, number]) => many(number, ...kindWords[kind])),
    ...(rules.length === 0 ? [] : [many(rules.length, 'WAF rule')]),
  ].join(', ')
  return (
    <section class="card mitigation">
      <header>
        <h2 class="row">
          {signal === null ? (
            entryCount === 0 ? (
              'Rules of your own'
            ) : (
              'Blocked by hand'
            )
          ) : (
            <>
              <SeverityBadge severity={signal.severity} />
              <a href={`/signals/${encodeURIComponent(signal.id)}`}>
                <Raw text={signal.title} />
              </a>
            </>
          )}
        </h2>
        {entryCount === 0 && blockingOf(mitigation).length === 0 ? (
          <span class="muted">Only watches</span>
        ) : (
          <Button small needs="responder" look="danger" onPress={() => end(mitigation)}>
            End all of it
          </Button>
        )}
      </header>
      <div class="inside mitigation-body">
        <div class="stack tight">
          <dl class="facts">
            <dt>What</dt>
            <dd>
              <a
                href={
                  signal === null ? '/denylist' : `/denylist?${new URLSearchParams({ signalId: signal.id }).toString()}`
                }
              >
                {what}
              </a>
            </dd>
            <dt>Ends</dt>
            <dd>
              <Until at={endsAt} />
            </dd>
            <dt>Stopped</dt>
            <dd>
              {many(hitCount, 'request')}
              {lastHit === null ? '' : ', the last '}
              {lastHit === null ? null : <Time at={lastHit} />}
            </dd>
            <dt>In force at</dt>
            <dd>
              {mitigation.acknowledgements.length === 0
                ? 'no tracer'
                : mitigation.acknowledgements.map(({ service, env, connected, acknowledged, unable }) => (
                    <div key={`${service} ${env}`}>
                      <Raw text={`${service} / ${env}`} />: {acknowledged} of {many(connected, 'tracer')}
                      {unable === 0 ? null : <span class="warn-text">, {unable} cannot block</span>}
                    </div>
                  ))}
            </dd>
          </dl>
          {rules.map(({ id, name, mode }) => (
            <p key={id}>
              <a href={`/waf/${encodeURIComponent(id)}`}>
                <Raw text={name} max={80} />
              </a>{' '}
              <span class="badge">{mode}</span>
            </p>
          ))}
          {hitsOutsideWaves === 0 ? null : (
            <Note kind="warn">
              {many(hitsOutsideWaves, 'request was', 'requests were')} stopped while the attack rested: probably
              ordinary users.
            </Note>
          )}
          {cleanUp ? (
            <Note>
              It has stopped nothing for days: the attack is over, and{' '}
              {many(entryCount + rules.length, 'entry', 'entries')} can go.
            </Note>
          ) : null}
        </div>
        <Chart
          label="Stopped requests over the course of the attack"
          height={130}
          series={[
            { name: 'Attack', color: '--failure', points: attack },
            { name: 'Stopped', color: '--blocked', points: hits },
          ]}
        />
      </div>
    </section>
  )
}

/** Rules that stop requests; the others only watch. */
function blockingOf({ rules }: Mitigation): Mitigation['rules'] {
  return rules.filter(({ mode }) => mode === 'blocking')
}

const touched = ['mitigations', 'denylist', 'signals', 'entity', 'waf-rules', 'overview']

/** Ends the blocks of a group: its entries are taken back, its rules go on watching only. */
async function end(mitigation: Mitigation): Promise<void> {
  const { signal, entries, entryCount } = mitigation
  const rules = blockingOf(mitigation)
  const all = entryCount <= entries.length ? entries : await allEntries(signal)
  for (const { id } of rules) await call('PATCH', `/api/waf-rules/${encodeURIComponent(id)}`, { mode: 'monitoring' })
  if (rules.length > 0) {
    await refresh(...touched)
    toast(`${count(rules.length)} of its rules only watch now.`, async () => {
      for (const { id, mode } of rules) await call('PATCH', `/api/waf-rules/${encodeURIComponent(id)}`, { mode })
      await refresh(...touched)
    })
  }
  if (all.length > 0) await rescindEntries('denylist', all)
}

const pageSize = 10_000

async function allEntries(signal: Signal | null): Promise<readonly DenylistEntry[]> {
  const found: DenylistEntry[] = []
  let cursor = ''
  do {
    const parameters = new URLSearchParams({
      limit: String(pageSize),
      ...(signal === null ? {} : { signalId: signal.id }),
      ...(cursor === '' ? {} : { cursor }),
    })
    const page = await call<{ items: readonly DenylistEntry[]; next: string | null }>(
      'GET',
      `/api/denylist?${parameters.toString()}`,
    )
    found.push(...page.items.filter(({ signalId }) => signalId === (signal?.id ?? null)))
    cursor = page.next ?? ''
  } while (cursor !== '')
  return found
}
