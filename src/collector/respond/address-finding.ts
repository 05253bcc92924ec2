import { attribute } from '../../model/span-record.ts'
import { anyLogin, facet, loginSuccess, privateAddresses, term } from '../campaign.ts'
import type { Store } from '../store/store.ts'
import { topAll } from '../whole-results.ts'

const lookBackMs = 86_400_000
/** Findings hold for so long, so that a flood of signals does not ask again for each. */
const holdMs = 60_000
/** Fewer login events than these say nothing of private addresses. */
const minEvents = 50
/** From this share on the addresses are those of proxies, not those of a few colleagues in the same network. */
const minPrivateShare = 0.5
/** So many users who logged in, from so few addresses, come through a proxy: an attack has few addresses, too, but no such users. */
const minUsers = 20
const maxFewAddresses = 3
const maxServices = 1_000

/**
 * Why no address of a service can be blocked: its client addresses are private or few, since a proxy in front of it is
 * not configured. Undefined for a service whose addresses look like those of people.
 */
export function createAddressFindings(store: Store): (service: string, nowMs: number) => Promise<string | undefined> {
  const held = new Map<string, { readonly atMs: number; readonly finding: Promise<string | undefined> }>()
  return (service, nowMs) => {
    const known = held.get(service)
    if (known !== undefined && nowMs - known.atMs < holdMs && nowMs >= known.atMs) return known.finding
    const finding = readFinding(store, service, nowMs)
    held.delete(service)
    held.set(service, { atMs: nowMs, finding })
    finding.catch(() => held.delete(service))
    const [oldest] = held.keys()
    if (held.size > maxServices && oldest !== undefined) held.delete(oldest)
    return finding
  }
}

async function readFinding(store: Store, service: string, nowMs: number): Promise<string | undefined> {
  const range = { fromMs: nowMs - lookBackMs, toMs: nowMs + 1 }
  const withAddress = `${term('service', service)} @${attribute.clientIp}:*`
  const [[all], [hidden], [successes]] = await Promise.all([
    topAll(store, `${withAddress} ${anyLogin}`, range, [], []),
    topAll(store, `${withAddress} ${anyLogin} ${privateAddresses}`, range, [], []),
    topAll(
      store,
      `${withAddress} ${loginSuccess}`,
      range,
      [],
      [{ cardinality: facet.ip }, { cardinality: facet.login }],
    ),
  ])
  const events = all?.values[0] ?? 0
  const share = (hidden?.values[0] ?? 0) / Math.max(1, events)
  if (events >= minEvents && share >= minPrivateShare) {
    return `${Math.round(share * 100)} % of the client addresses of ${service} are private: name its proxies (TRUSTED_PROXIES)`
  }
  const [, addresses = 0, users = 0] = successes?.values ?? []
  if (users < minUsers || addresses > maxFewAddresses) return undefined
  return `the ${users} users of ${service} come from ${addresses} addresses: name its proxies (TRUSTED_PROXIES)`
}
