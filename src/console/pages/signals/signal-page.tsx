import type { JSX } from 'preact'
import './signal.css'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { SeverityBadge, StateBadge } from '../../design/badges.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { Figure, View } from '../../design/view.tsx'
import type { PageProps } from '../../shell/pages.ts'
import { count, percent } from '../../text/figures.ts'
import { Answers } from './answers.tsx'
import { Clusters } from './clusters.tsx'
import { Course } from './course.tsx'
import { Guide } from './guide.tsx'
import { NextSteps } from './next-steps.tsx'
import { AttackingAddresses, CompromisedUsers, TargetedUsers } from './people.tsx'
import { Responses } from './responses.tsx'
import { outcomeOf, storyOf } from './signal-words.ts'
import { Timeline } from './timeline.tsx'

/** One attack: what happened, who is compromised, what the attackers share, what a block would hit; act and undo. */
export function SignalPage({ params }: PageProps): JSX.Element {
  const id = params['id'] ?? ''
  const signal = useData<Signal>({
    key: ['signals', 'one', id],
    load: (abort) => call('GET', `/api/signals/${encodeURIComponent(id)}`, undefined, abort),
  })
  return (
    <div class="page">
      <View data={signal}>{(found) => <Story signal={found} />}</View>
    </div>
  )
}

function Story({ signal }: { readonly signal: Signal }): JSX.Element {
  const { title, severity, state, counts, archiveReason } = signal
  return (
    <>
      <header class="story">
        <div class="row">
          <SeverityBadge severity={severity} />
          <StateBadge state={state} />
          {archiveReason === null ? null : <span class="muted">{archiveReason}</span>}
          <p class="muted">
            <a href={`/detection-rules/${encodeURIComponent(signal.rule.id)}`}>{signal.rule.name}</a>, first seen{' '}
            <Time at={signal.firstSeen} />, last <Time at={signal.lastSeen} />
          </p>
        </div>
        <h1>
          <Raw text={title} max={200} />
        </h1>
        <p class="sentence">
          <Raw text={storyOf(signal)} max={400} />{' '}
          <b class={signal.compromisedUsers > 0 ? 'critical-text' : undefined}>{outcomeOf(signal)}</b>
        </p>
      </header>
      <div class="figures">
        <Figure
          label="Compromised users"
          value={count(signal.compromisedUsers)}
          critical={signal.compromisedUsers > 0}
        />
        <Figure label="Targeted users" value={count(signal.targetedUsers)} />
        <Figure label="Addresses" value={count(signal.attackingIps)} />
        {Object.entries(counts)
          .filter(([name]) => name in countWords)
          .map(([name, value]) => (
            <Figure key={name} label={countWords[name] ?? name} value={count(value)} />
          ))}
        <Figure label="Known to threat intel" value={percent(signal.threatIntelShare)} says="of the addresses" />
      </div>
      <div class="signal-columns">
        <div class="stack">
          <Course signal={signal} />
          <CompromisedUsers signal={signal} />
          <Clusters signal={signal} />
          <Answers signal={signal} />
          <AttackingAddresses signal={signal} />
          <TargetedUsers signal={signal} />
        </div>
        <div class="stack">
          <NextSteps signal={signal} />
          <Responses signal={signal} />
          <Guide signal={signal} />
          <Timeline signal={signal} />
        </div>
      </div>
    </>
  )
}

const countWords: Readonly<Record<string, string>> = {
  failures: 'Failed logins',
  successes: 'Successful logins',
  blocked: 'Blocked requests',
}
