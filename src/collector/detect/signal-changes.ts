import type { SignalUpdate, TimelineEntry, TimelineKind } from '../../model/signal.ts'
import type { Changes, SignalChange, SignalFacts } from '../state/state.ts'

/** Author of what detection does. */
const by = 'portcullis'

const timelineKinds: Readonly<Partial<Record<SignalUpdate['what'], TimelineKind>>> = {
  opened: 'opened',
  escalated: 'case_changed',
  reopened: 'reopened',
  closed: 'closed',
}

/** What to commit for the updates of a tick. `before` gives a signal as the state has it. */
export function signalChanges(
  updates: readonly SignalUpdate[],
  before: (id: string) => SignalFacts | undefined,
  at: string,
): Changes {
  const signals: SignalChange[] = []
  const timeline: TimelineEntry[] = []
  for (const { what, signal: changed } of updates) {
    // Clusters are kept beside the ticks: what a tick began with may be older than what is there.
    const { clusters: _kept, ...signal } = changed
    const known = before(signal.id)
    const change = known === undefined ? { open: signal } : { update: signal.id, set: difference(known, signal) }
    if ('open' in change || Object.keys(change.set).length > 0) signals.push(change)
    const kind = timelineKinds[what]
    if (kind !== undefined) timeline.push({ signalId: signal.id, at, by, kind, text: sentence(what, signal, known) })
  }
  return { signals, timeline }
}

/** Only the fields that differ: what a person changed meanwhile stays. */
export function difference(before: SignalFacts, after: Partial<SignalFacts>): Partial<SignalFacts> {
  return Object.fromEntries(
    Object.entries(after).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof SignalFacts]),
    ),
  )
}

function sentence(what: SignalUpdate['what'], signal: SignalFacts, before: SignalFacts | undefined): string {
  const counts = Object.entries(signal.counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
  if (what === 'closed') return `Quiet since ${signal.lastSeen}`
  if (what === 'opened') return `${signal.case}, ${signal.severity} (${counts})`
  return `${signal.case}, ${signal.severity} instead of ${before?.severity ?? 'less'} (${counts})`
}
