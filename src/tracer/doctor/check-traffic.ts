import { isPrivate } from '../../net/ip.ts'
import { eventName, tag } from '../../model/tags.ts'
import { attribute, businessLogicActivity } from '../../model/span-record.ts'
import type { AgentConnection } from '../agent-connection.ts'
import type { Finding } from './finding.ts'

const TIMEOUT_MS = 10_000
const MAX_REPLY_BYTES = 32_000_000
/** Spans looked at of each kind. */
const SAMPLE = 200

type Attributes = Readonly<Record<string, unknown>>

/** What the collector has seen of a service in the last hour: its addresses, and whether its logins say what is needed. */
export async function checkTraffic(
  collector: AgentConnection,
  options: { readonly token: string; readonly service: string },
): Promise<Finding[]> {
  const search = (filter: string): Promise<Attributes[]> => searchSpans(collector, options, filter)
  try {
    const all = await search('')
    if (all.length === 0) {
      const says = `no span of ${options.service} arrived in the last hour; send it a request, and check that portcullis() is mounted first`
      return [{ level: 'problem', about: 'spans', says }]
    }
    const success = await search(`@${attribute.activity}:${businessLogicActivity(eventName.loginSuccess)}`)
    const failure = await search(`@${attribute.activity}:${businessLogicActivity(eventName.loginFailure)}`)
    return [
      { level: 'ok', about: 'spans', says: `${options.service} was seen in the last hour` },
      addressFinding(all),
      loginFinding('login successes', success, [attribute.login, attribute.userId], 'trackLoginSuccess(login, userId)'),
      loginFinding('login failures', failure, [attribute.login, attribute.exists], 'trackLoginFailure(login, exists)'),
    ]
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [{ level: 'problem', about: 'collector', says: `${collector.url} could not be asked for spans (${why})` }]
  }
}

function addressFinding(spans: readonly Attributes[]): Finding {
  const about = 'client IP'
  const addresses = new Set(spans.map((span) => span[attribute.clientIp]).filter((ip) => typeof ip === 'string'))
  if (addresses.size > 0 && [...addresses].every((ip) => isPrivate(ip))) {
    const says = 'every client address is private: they are those of proxies; set TRUSTED_PROXIES to them'
    return { level: 'problem', about, says }
  }
  const claimed = spans.filter((span) => span[tag.ipSource] === 'claimed').length
  if (claimed > 0) {
    const says = `${claimed} of ${spans.length} addresses are only claimed by the client, and are not blocked by automation; set TRUSTED_PROXIES`
    return { level: 'advice', about, says }
  }
  return { level: 'ok', about, says: `${addresses.size} different addresses in ${spans.length} spans` }
}

function loginFinding(about: string, spans: readonly Attributes[], fields: readonly string[], call: string): Finding {
  if (spans.length === 0)
    return { level: 'advice', about, says: `none in the last hour; call ${call} where logins end` }
  const lacking = fields.filter((field) => spans.some((span) => span[field] === undefined))
  if (lacking.length === 0) return { level: 'ok', about, says: `seen, with ${fields.map(short).join(' and ')}` }
  return { level: 'problem', about, says: `some have no ${lacking.map(short).join(' and no ')}; call ${call}` }
}

function short(field: string): string {
  return field.replace('appsec.events_data.', '')
}

async function searchSpans(
  collector: AgentConnection,
  { token, service }: { readonly token: string; readonly service: string },
  filter: string,
): Promise<Attributes[]> {
  const query = `service:${JSON.stringify(service)} ${filter}`.trim()
  const { status, body } = await collector.send({
    method: 'POST',
    path: '/api/spans/search',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: Buffer.from(JSON.stringify({ query, from: 'now-1h', to: 'now', limit: SAMPLE })),
    timeoutMs: TIMEOUT_MS,
    maxReplyBytes: MAX_REPLY_BYTES,
  })
  if (status === 401 || status === 403) throw new Error('the token is not accepted')
  if (status !== 200) throw new Error(`the answer was ${status}`)
  const { spans } = JSON.parse(body.toString('utf8')) as { spans?: { attributes?: Attributes }[] }
  return (spans ?? []).map(({ attributes }) => attributes ?? {})
}
