import type { Signal } from '../../api/shapes.ts'
import { duration, many } from '../../text/figures.ts'

/** What happened, in one sentence. */
export function storyOf(signal: Signal): string {
  const { group, counts, attackingIps, targetedUsers, firstSeen, lastSeen } = signal
  const length = duration(Math.max(1_000, Date.parse(lastSeen) - Date.parse(firstSeen)))
  const address = group['http.client_ip'] ?? group['network.client.ip']
  const who = address === undefined ? many(attackingIps, 'address', 'addresses') : `The address ${address}`
  const failures = counts['failures'] ?? counts['events']
  const where = [group['service'], group['env'] === undefined ? undefined : `(${group['env']})`]
    .filter(Boolean)
    .join(' ')
  const tried =
    failures === undefined
      ? `acted on ${many(targetedUsers, 'account')}`
      : `failed ${many(failures, 'login')} to ${many(targetedUsers, 'account')}`
  return `${who} ${tried}${where === '' ? '' : ` of ${where}`} within ${length}.`
}

/** Whether somebody got in, as the second sentence. */
export function outcomeOf({ compromisedUsers, state }: Signal): string {
  if (compromisedUsers > 0) {
    return `${many(compromisedUsers, 'account was', 'accounts were')} logged in to: look at ${compromisedUsers === 1 ? 'it' : 'them'} first.`
  }
  return state === 'closed' ? 'No account was taken over.' : 'No account has been taken over so far.'
}

/** The queries of a signal's failures, successes and blocked requests. */
export function courseQueries(signal: Signal): {
  readonly failures: string
  readonly successes: string
  readonly blocked: string
} {
  const own = signal.query === '' ? '' : `(${signal.query}) `
  const group = Object.entries(signal.group)
    .map(([name, value]) => `${name === 'env' || name === 'service' ? name : `@${name}`}:${quoted(value)}`)
    .join(' ')
  return {
    failures: `${own}@appsec.security_activity:*failure*`,
    successes: `${own}@appsec.security_activity:*success*`,
    blocked: `${group} @appsec.blocked:true`,
  }
}

/** From well before the onset until the end, so that the ordinary course is seen beside the attack. */
export function courseRange(
  { firstSeen, lastSeen, closedAt }: Signal,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const first = Date.parse(firstSeen)
  const last = Date.parse(lastSeen)
  const around = Math.max(60_000, (last - first) * 0.4)
  return {
    fromMs: Math.floor(first - around),
    toMs: Math.ceil(closedAt === null ? Math.min(nowMs, last + around) : last + around),
  }
}

function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
