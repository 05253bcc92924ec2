import { clientIp, type ClientIpOptions, type PeerAndHeaders } from '../../net/client-ip.ts'
import { isPrivate } from '../../net/ip.ts'
import type { Finding } from './finding.ts'

/** What a client or a proxy sends with every request; what is missing was taken away on the way. */
const everyday = ['user-agent', 'accept', 'accept-encoding', 'accept-language'] as const

/** How the address of the client of one request is found, and whether its headers arrived. */
export function checkRequest(request: PeerAndHeaders, options: ClientIpOptions): Finding[] {
  const { ip, source, header } = clientIp(request, options)
  const about = 'client IP'
  const from = header === undefined ? 'the connection' : header
  const found = `${ip ?? 'no address'} from ${from}, ${source}`
  const missing = everyday.filter((name) => request.headers[name] === undefined)
  const findings: Finding[] = []
  if (ip === undefined || isPrivate(ip)) {
    const says = `${found}: private, so all clients look the same; set TRUSTED_PROXIES to the addresses of your proxies, and have them send X-Forwarded-For`
    findings.push({ level: 'problem', about, says })
  } else if (source === 'claimed') {
    const says = `${found}: a client can claim any address this way; set TRUSTED_PROXIES to the addresses of your proxies`
    findings.push({ level: 'advice', about, says })
  } else findings.push({ level: 'ok', about, says: found })
  findings.push(
    missing.length === 0
      ? { level: 'ok', about: 'headers', says: 'the headers that browsers send arrive' }
      : {
          level: 'advice',
          about: 'headers',
          says: `${missing.join(', ')} did not arrive; if a browser asked, a proxy drops them, and with them what tells attackers apart`,
        },
  )
  return findings
}

/** What the settings alone say of how clients are told apart. */
export function checkClientIpSettings(settings: {
  readonly trustedProxies: readonly string[]
  readonly clientIpHeader: string
}): Finding {
  const about = 'client IP'
  if (settings.trustedProxies.length > 0) {
    return { level: 'ok', about, says: `forwarding headers of ${settings.trustedProxies.join(', ')} are believed` }
  }
  const what = settings.clientIpHeader === '' ? 'forwarding headers are' : `${settings.clientIpHeader} is`
  const says = `TRUSTED_PROXIES is not set: ${what} read from any private peer, and the address counts as claimed; behind a proxy, set it to the proxy's addresses`
  return { level: 'advice', about, says }
}
