import type { SignalEventType } from '../../model/notification.ts'
import type { NotifiedMark } from '../state/notification-records.ts'
import type { SignalFacts } from '../state/state.ts'

/** What is to be told of a signal, given what has been told: in the order in which it happened. */
export function newsOf(signal: SignalFacts, told: NotifiedMark | undefined): readonly SignalEventType[] {
  const now = markOf(signal)
  if (told === undefined || (told.closed && !now.closed)) {
    return [
      told === undefined ? 'signal.opened' : 'signal.reopened',
      ...(now.compromised && told?.compromised !== true ? (['signal.compromised'] as const) : []),
      ...(now.closed ? (['signal.closed'] as const) : []),
    ]
  }
  return [
    ...(now.severity !== told.severity || now.case !== told.case ? (['signal.escalated'] as const) : []),
    ...(now.compromised && !told.compromised ? (['signal.compromised'] as const) : []),
    ...(now.closed && !told.closed ? (['signal.closed'] as const) : []),
  ]
}

/** How a signal is, as far as it matters for what is told. One that a person archived is over. */
export function markOf(signal: SignalFacts): NotifiedMark {
  return {
    id: signal.id,
    case: signal.case,
    severity: signal.severity,
    compromised: signal.compromisedUsers > 0,
    closed: signal.closedAt !== null || signal.state === 'archived',
  }
}

export function isSameMark(a: NotifiedMark, b: NotifiedMark | undefined): boolean {
  return (
    b !== undefined &&
    a.case === b.case &&
    a.severity === b.severity &&
    a.compromised === b.compromised &&
    a.closed === b.closed
  )
}
