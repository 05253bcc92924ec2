import { severities } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import type { SignalEvent } from '../../model/notification.ts'
import { summarize } from './channels/channel.ts'
import { tagValue } from './message.ts'

/** The variables of a webhook's own payload (spec/detection.md 2.4.2), longest first, so that none hides another. */
const variables: Readonly<Record<string, (event: SignalEvent) => unknown>> = {
  $SECURITY_RULE_MATCHED_QUERIES: ({ signal }) => signal.query,
  $SECURITY_RULE_GROUP_BY_FIELDS: ({ signal }) => signal.group,
  $SECURITY_SIGNAL_ATTRIBUTES: attributesOf,
  $SECURITY_SIGNAL_SEVERITY: ({ signal }) => signal.severity,
  $SECURITY_SIGNAL_TITLE: ({ signal }) => signal.title,
  $SECURITY_SIGNAL_MSG: (event) => event.message || summaryText(event),
  $SECURITY_SIGNAL_ID: ({ signal }) => signal.id,
  $SECURITY_RULE_QUERY: ({ signal }) => signal.query,
  $SECURITY_RULE_NAME: ({ signal }) => signal.rule.name,
  $SECURITY_RULE_TYPE: () => 'Application Security',
  $SECURITY_RULE_ID: ({ signal }) => signal.rule.id,
  $TEXT_ONLY_MSG: (event) => summaryText(event),
  $EVENT_TYPE: ({ type }) => type,
  $PRIORITY: ({ signal }) => severities.indexOf(signal.severity),
  $DATE: ({ at }) => Date.parse(at),
  $LINK: ({ link }) => link,
  $TAGS: ({ signal }) => signal.tags.join(','),
  $ID: ({ id }) => id,
}
const variable = new RegExp(
  `"|\\\\.|\\$TAGS\\[([^\\]"]{1,100})\\]|${Object.keys(variables)
    .map((name) => `\\${name}(?![A-Z_])`)
    .join('|')}`,
  'g',
)

/**
 * A payload with its variables filled in: inside quotes as escaped text, outside as JSON. What attackers put into a name can
 * thus not leave its place.
 */
export function fillPayload(payload: string, event: SignalEvent): string {
  let isQuoted = false
  return payload.replace(variable, (found, tag: string | undefined) => {
    if (found === '"') isQuoted = !isQuoted
    if (found === '"' || found.startsWith('\\')) return found
    const value = tag === undefined ? variables[found]?.(event) : tagValue(event.signal.tags, tag)
    if (!isQuoted) return JSON.stringify(value)
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return JSON.stringify(text).slice(1, -1)
  })
}

/** Throws REQUEST_INVALID for a payload that does not become JSON. */
export function checkPayload(payload: string, sample: SignalEvent): void {
  try {
    JSON.parse(fillPayload(payload, sample))
  } catch (error) {
    throw fail('REQUEST_INVALID', 'payload', `it does not become JSON (${(error as Error).message})`)
  }
}

/** As other systems' webhooks have it: nested by the dots of the names, users under `usr`. */
function attributesOf({ signal, compromisedUsers, targetedUsers, newIds }: SignalEvent): unknown {
  return {
    ...nested(signal.group),
    usr: {
      id: newIds?.attribute === '@usr.id' ? newIds.values : compromisedUsers.map(({ usrId }) => usrId),
      login: newIds?.attribute === '@usr.login' ? newIds.values : targetedUsers.map(({ usrLogin }) => usrLogin),
    },
    compromisedUsers,
    targetedUsers,
    newIds,
    counts: signal.counts,
    title: signal.title,
    first_seen: signal.firstSeen,
    last_seen: signal.lastSeen,
  }
}

function nested(group: Readonly<Record<string, string>>): Record<string, unknown> {
  const top: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, value] of Object.entries(group)) {
    const path = name.split('.')
    const last = path.pop() ?? name
    let at = top
    for (const part of path) {
      const next = at[part]
      at = at[part] = (typeof next === 'object' && next !== null ? next : Object.create(null)) as Record<
        string,
        unknown
      >
    }
    at[last] = value
  }
  return top
}

function summaryText(event: SignalEvent): string {
  const { headline, facts } = summarize(event)
  return [headline, ...facts.map(([name, value]) => `${name}: ${value}`)].join('\n')
}
