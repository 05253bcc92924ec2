import type { ComponentChildren, JSX } from 'preact'
import type { SignalState } from '../../../model/signal.ts'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { useData, type Data } from '../../api/use-data.ts'
import { StateBadge } from '../../design/badges.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { Card, View } from '../../design/view.tsx'
import { count, many, percent } from '../../text/figures.ts'

type Shares = readonly { readonly value: string; readonly share: number }[]

/** What triage asks, in figures. */
interface Report {
  readonly increase: { readonly attempts: number; readonly usual: number; readonly factor: number | null }
  readonly addresses: { readonly looked: number; readonly firstSeenNow: number }
  readonly outcome: { readonly failures: number; readonly successes: number; readonly oneIn: number | null }
  readonly accounts: {
    readonly attemptsEach: number
    readonly exist: number
    readonly missing: number
    readonly unknown: number
    readonly domains: Shares
  }
  readonly userAgents: Shares
  readonly countries: Shares
  readonly networks: Shares
  readonly samples: readonly { readonly traceId: string; readonly at: string }[]
  readonly related: readonly {
    readonly id: string
    readonly title: string
    readonly state: SignalState
    readonly firstSeen: string
    readonly by: 'address' | 'cluster'
    readonly mitigations: readonly string[]
  }[]
  readonly suggestedSuppression: string | null
}

const shown = 4

/** Reads the report of a signal; shared by all that show a part of it. */
export function useReport(signal: Signal): Data<Report> {
  return useData<Report>({
    key: ['signals', 'report', signal.id],
    load: (abort) => call('GET', `/api/signals/${encodeURIComponent(signal.id)}/report`, undefined, abort),
  })
}

/** The questions of triage, answered in figures. */
export function Answers({ signal }: { readonly signal: Signal }): JSX.Element {
  const report = useReport(signal)
  return (
    <Card title="What triage asks">
      <View data={report}>
        {({ increase, addresses, outcome, accounts, userAgents, countries, networks, samples, related }) => (
          <dl class="facts">
            <Answer asks="More than usual?">
              {many(increase.attempts, 'attempt')}, usually {count(increase.usual)}
              {increase.factor === null ? '' : `: ${count(increase.factor)} times as many`}
            </Answer>
            <Answer asks="New addresses?">
              {count(addresses.firstSeenNow)} of {count(addresses.looked)} were never seen before
            </Answer>
            <Answer asks="Did it work?">
              {many(outcome.successes, 'success', 'successes')}, {many(outcome.failures, 'failure')}
              {outcome.oneIn === null ? '' : `: one login in ${count(outcome.oneIn)} got in`}
            </Answer>
            <Answer asks="Which accounts?">
              {count(accounts.exist)} exist, {count(accounts.missing)} do not, {count(accounts.unknown)} unknown;{' '}
              {accounts.attemptsEach.toFixed(1)} attempts each
              <ShareList shares={accounts.domains} />
            </Answer>
            <Answer asks="Which clients?">
              <ShareList shares={userAgents} />
            </Answer>
            <Answer asks="From where?">
              {countries.length + networks.length === 0 ? 'No database of countries and networks is set up' : null}
              <ShareList shares={countries} />
              <ShareList shares={networks} />
            </Answer>
            <Answer asks="Seen before?">
              {related.length === 0 ? 'No earlier signal shares an address or a cluster' : null}
              {related.slice(0, shown).map(({ id, title, state, firstSeen, by, mitigations }) => (
                <div key={id}>
                  <a href={`/signals/${encodeURIComponent(id)}`}>
                    <Raw text={title} max={80} />
                  </a>{' '}
                  <StateBadge state={state} /> <Time at={firstSeen} />, by {by}
                  {mitigations.length === 0 ? '' : `; answered by ${mitigations.slice(0, shown).join(', ')}`}
                </div>
              ))}
            </Answer>
            <Answer asks="For example">
              {samples.slice(0, shown).map(({ traceId, at }, index) => (
                <span key={traceId}>
                  {index === 0 ? '' : ', '}
                  <a href={`/traces?${new URLSearchParams({ q: `trace_id:${traceId}`, from: at }).toString()}`}>
                    <Time at={at} exact />
                  </a>
                </span>
              ))}
            </Answer>
          </dl>
        )}
      </View>
    </Card>
  )
}

function Answer({ asks, children }: { readonly asks: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <>
      <dt>{asks}</dt>
      <dd>{children}</dd>
    </>
  )
}

function ShareList({ shares }: { readonly shares: Shares }): JSX.Element | null {
  return shares.length === 0 ? null : (
    <ul>
      {shares.slice(0, shown).map(({ value, share }) => (
        <li key={value}>
          <Raw text={value === '' ? '(none)' : value} max={70} /> <span class="muted">{percent(share)}</span>
        </li>
      ))}
    </ul>
  )
}
