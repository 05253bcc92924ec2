import type { SignalEvent } from '../../../model/notification.ts'
import { sharedInWords } from '../../../model/cluster.ts'
import type { Severity } from '../../../model/detection-rule.ts'
import { inert } from '../inert.ts'

/** What became of one attempt. A refusal is unlikely to go away by waiting. `why` holds no secret. */
export type Sent =
  | { readonly arrived: true }
  | { readonly arrived: false; readonly why: string; readonly isRefusal: boolean; readonly retryAfterMs?: number }

/** One POST. */
export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The text of a notification in its parts, none of which holds markup; each channel escapes it for itself. */
export interface Summary {
  readonly headline: string
  readonly facts: readonly (readonly [name: string, value: string])[]
}

const happened: Readonly<Record<SignalEvent['type'], string>> = {
  'signal.opened': 'Opened',
  'signal.reopened': 'Reopened',
  'signal.escalated': 'Worse',
  'signal.compromised': 'Accounts compromised',
  'signal.new_ids': 'New',
  'signal.closed': 'Closed',
  'signal.shared': 'Shared',
  test: 'Test',
}
const shownUsers = 10
const shownClusters = 3

export function summarize({ type, signal, compromisedUsers, newIds, message }: SignalEvent): Summary {
  const counts = Object.entries(signal.counts).map(([name, count]) => `${count} ${name}`)
  const facts: [string, string][] = [
    ['Severity', signal.severity],
    ['Case', signal.case],
    ['Where', [signal.group['service'], signal.group['env']].filter((part) => part !== undefined).join(' / ') || 'all'],
    ['Counts', counts.join(', ')],
    ['Accounts tried', String(signal.targetedUsers)],
    ['Attacking addresses', String(signal.attackingIps)],
    ['First seen', signal.firstSeen],
    ['Last seen', signal.lastSeen],
  ]
  const found = (signal.clusters ?? []).filter(({ origin }) => origin === 'found').slice(0, shownClusters)
  for (const { attributes, attackShare } of found) {
    facts.push(['Attackers share', `${sharedInWords(attributes)} (${Math.round(attackShare * 100)} % of the attack)`])
  }
  if (message) facts.unshift(['What', message])
  if (newIds !== null) facts.push([`New ${newIds.attribute}`, listed(newIds.values, newIds.values.length)])
  if (compromisedUsers.length > 0) {
    const names = compromisedUsers.map(({ usrLogin, usrId }) => usrLogin || usrId || '?')
    facts.push(['Compromised', listed(names, Math.max(names.length, signal.compromisedUsers))])
  }
  return {
    headline: inert(`[${signal.severity}] ${happened[type]}: ${signal.title}`, 250),
    facts: facts.map(([name, value]) => [name, inert(value, 1_000)]),
  }
}

export const severityColors: Readonly<Record<Severity, string>> = {
  info: '#6b7280',
  low: '#2563eb',
  medium: '#d97706',
  high: '#ea580c',
  critical: '#dc2626',
}

function listed(values: readonly string[], total: number): string {
  const shown = values.slice(0, shownUsers).map((value) => inert(value, 80))
  return total > shown.length ? `${shown.join(', ')} and ${total - shown.length} more` : shown.join(', ')
}
