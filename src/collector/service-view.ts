import { attribute } from '../model/span-record.ts'
import { anyLogin, facet, loginFailure, loginSuccess, privateAddresses } from './campaign.ts'
import type { Store, TimeRange } from './store/store.ts'

/** What a service sent in a range. */
export interface SeenService {
  readonly name: string
  readonly spans: number
  readonly lastSeenMs: number
  readonly versions: readonly { readonly env: string; readonly version: string; readonly lastSeenMs: number }[]
  readonly findings: readonly PostureFinding[]
}

/** Something about a service's events that makes detection weaker: which share of its login events has it. */
export interface PostureFinding {
  readonly code: string
  readonly says: string
  readonly share: number
}

const maxServices = 1_000
/** Below this share it is an exception; from it on, how the service is built. */
const minShare = 0.05
/** With fewer login events than this, a share says nothing. */
const minEvents = 20

/** What is looked for: `of` is what the share is a share of. */
const checks = [
  {
    code: 'login-missing',
    query: `${anyLogin} -${facet.login}:*`,
    of: anyLogin,
    says: 'login events name no usr.login; pass what was typed to trackLoginSuccess and trackLoginFailure',
  },
  {
    code: 'exists-missing',
    query: `${loginFailure} -${facet.exists}:*`,
    of: loginFailure,
    says: 'failed logins do not say whether the account exists; pass it to trackLoginFailure',
  },
  {
    code: 'user-id-missing',
    query: `${loginSuccess} -${facet.userId}:*`,
    of: loginSuccess,
    says: 'successful logins name no usr.id; users cannot be blocked, nor compromised ones named by id',
  },
  {
    code: 'client-ip-private',
    query: `${anyLogin} ${privateAddresses}`,
    of: anyLogin,
    says: 'client addresses are private; name the proxies in front of the service, or no address can be blocked',
  },
  {
    code: 'client-ip-claimed',
    query: `${anyLogin} ${facet.ipSource}:claimed`,
    of: anyLogin,
    says: 'client addresses are claimed by a header that anyone can send; name the trusted proxies, or verify the service',
  },
] as const

/** Services by name, with what they sent and what their login events lack. */
export async function readServices(store: Store, range: TimeRange): Promise<readonly SeenService[]> {
  const byService = async (query: string): Promise<ReadonlyMap<string, number>> => {
    const rows = await store.top(query, range, { by: ['service'], aggregates: ['count'], limit: maxServices })
    return new Map(rows.map(({ group, values }) => [group['service'] ?? '', values[0] ?? 0]))
  }
  const totals = new Map<string, Promise<ReadonlyMap<string, number>>>()
  for (const { of } of checks) totals.set(of, totals.get(of) ?? byService(of))
  const [seen, versions, withLogin, ...found] = await Promise.all([
    store.top('', range, { by: ['service'], aggregates: ['count'], limit: maxServices }),
    store.top('', range, { by: ['service', 'env', 'version'], aggregates: ['count'], limit: 10 * maxServices }),
    byService(`@${attribute.method}:POST (@${attribute.route}:*login* OR @${attribute.route}:*sign*in*)`),
    ...checks.map(async ({ query, of }) => ({
      having: await byService(query),
      all: (await totals.get(of)) ?? new Map(),
    })),
  ])
  const allLogins = (await totals.get(anyLogin)) ?? new Map<string, number>()
  return seen.map(({ group, values, lastSeenMs }) => {
    const name = group['service'] ?? ''
    const findings = checks.flatMap(({ code, says }, index): PostureFinding[] => {
      const all = found[index]?.all.get(name) ?? 0
      const share = all < minEvents ? 0 : (found[index]?.having.get(name) ?? 0) / all
      return share < minShare ? [] : [{ code, says, share }]
    })
    if ((withLogin.get(name) ?? 0) > 0 && !allLogins.has(name)) findings.push(unobservedLogin)
    return {
      name,
      spans: values[0] ?? 0,
      lastSeenMs,
      versions: versions
        .filter((row) => row.group['service'] === name)
        .map((row) => ({
          env: row.group['env'] ?? '',
          version: row.group['version'] ?? '',
          lastSeenMs: row.lastSeenMs,
        })),
      findings,
    }
  })
}

const unobservedLogin: PostureFinding = {
  code: 'login-unobserved',
  says: 'a login route is called, and no login event comes; call trackLoginSuccess and trackLoginFailure there',
  share: 1,
}
