import { attribute } from '../model/span-record.ts'
import { anyLogin, facet, loginFailure, loginSuccess, privateAddresses, term } from './campaign.ts'
import type { Store, TimeRange, TopRow } from './store/store.ts'

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

/** How user agents of HTTP libraries begin, without those that phones use. */
const libraries = [
  'python-requests*',
  'Go-http-client*',
  'axios*',
  'node*',
  'undici*',
  'Java*',
  'Apache-HttpClient*',
  'curl*',
]

interface Check {
  readonly code: string
  readonly query: string
  readonly of: string
  /** The share from which on it is told; `minShare` when absent. */
  readonly atLeast?: number
  readonly says: string
}

/** What is looked for: `of` is what the share is a share of. */
const checks: readonly Check[] = [
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
  {
    code: 'accept-encoding-missing',
    query: `${anyLogin} -@http.request.headers.accept-encoding:*`,
    of: anyLogin,
    atLeast: 0.5,
    says: 'logins come without accept-encoding, which every browser sends: a proxy in front seems to drop headers; let it pass them on',
  },
  {
    code: 'http-library',
    query: `${anyLogin} ${facet.userAgent}:(${libraries.join(' OR ')})`,
    of: anyLogin,
    atLeast: 0.5,
    says: 'logins come from an HTTP library: a service of yours that calls this one, not the client; trace the service that clients talk to, or forward their headers and address',
  },
  {
    code: 'both-outcomes',
    query: `${loginSuccess} ${loginFailure}`,
    of: anyLogin,
    atLeast: 0.01,
    says: 'requests report a success and a failure of one login; report the outcome once, when it is known',
  },
]

/** An account and address that fail all day, and never succeed, are a forgotten credential: at least this often and long. */
const chronicFailures = 24
const chronicMs = 18 * 3_600_000
/** It has a failure in each of this many parts of its time. */
const chronicParts = 12
/** Pairs that are looked at, those that fail most first, and those that are named. */
const maxPairs = 200
const maxNamed = 3
/** A service of this many accounts has more addresses than a twentieth of them. */
const minAccounts = 40
const accountsOfAddress = 20
/** Failed logins from which on `usr.exists` is expected to vary. */
const minFailures = 100

/** What weakens detection of each service: how its login events are made, and failures that are no attack. */
export async function readPosture(
  store: Store,
  range: TimeRange,
): Promise<ReadonlyMap<string, readonly PostureFinding[]>> {
  const byService = async (query: string): Promise<ReadonlyMap<string, number>> => {
    const rows = await store.top(query, range, { by: ['service'], aggregates: ['count'], limit: maxServices })
    return new Map(rows.map(({ group, values }) => [group['service'] ?? '', values[0] ?? 0]))
  }
  const totals = new Map<string, Promise<ReadonlyMap<string, number>>>()
  for (const { of } of checks) totals.set(of, totals.get(of) ?? byService(of))
  const [withLogin, existing, missing, failures, clients, chronic, ...found] = await Promise.all([
    byService(`@${attribute.method}:POST (@${attribute.route}:*login* OR @${attribute.route}:*sign*in*)`),
    byService(`${loginFailure} ${facet.exists}:true`),
    byService(`${loginFailure} ${facet.exists}:false`),
    byService(loginFailure),
    store.top(anyLogin, range, {
      by: ['service'],
      aggregates: ['count', { cardinality: facet.login }, { cardinality: facet.ip }],
      limit: maxServices,
    }),
    readChronic(store, range),
    ...checks.map(async ({ query, of }) => ({
      having: await byService(query),
      all: (await totals.get(of)) ?? new Map(),
    })),
  ])
  const allLogins = (await totals.get(anyLogin)) ?? new Map<string, number>()
  const findings = new Map<string, PostureFinding[]>()
  const add = (service: string, finding: PostureFinding): void =>
    void findings.set(service, [...(findings.get(service) ?? []), finding])
  for (const [index, { code, says, atLeast = minShare }] of checks.entries()) {
    for (const [service, all] of found[index]?.all ?? []) {
      const share = all < minEvents ? 0 : (found[index]?.having.get(service) ?? 0) / all
      if (share >= atLeast) add(service, { code, says, share })
    }
  }
  for (const service of withLogin.keys()) if (!allLogins.has(service)) add(service, unobservedLogin)
  for (const [service, count] of failures) {
    const [yes, no] = [existing.get(service) ?? 0, missing.get(service) ?? 0]
    if (count < minFailures || yes + no < count / 2 || (yes > 0 && no > 0)) continue
    add(service, { ...constantExists, share: 1 })
  }
  for (const { group, values } of clients) {
    const [, accounts = 0, addresses = 0] = values
    if (accounts < minAccounts || addresses * accountsOfAddress > accounts) continue
    add(group['service'] ?? '', { ...fewAddresses, share: 1 })
  }
  for (const [service, pairs] of chronic) add(service, chronicFinding(pairs, failures.get(service) ?? 0))
  return findings
}

/** Accounts and addresses that fail at the same pace all day without ever succeeding, by service. */
async function readChronic(store: Store, range: TimeRange): Promise<ReadonlyMap<string, readonly TopRow[]>> {
  const by = ['service', facet.login, facet.ip]
  const rows = await store.top(loginFailure, range, { by, aggregates: ['count'], limit: maxPairs })
  const lasting = rows.filter(
    ({ values, firstSeenMs, lastSeenMs }) =>
      (values[0] ?? 0) >= chronicFailures && lastSeenMs - firstSeenMs >= chronicMs,
  )
  const services = new Map<string, TopRow[]>()
  for (const row of lasting) {
    const text = by.map((field) => term(field, row.group[field] ?? '')).join(' ')
    const [succeeded, course] = await Promise.all([
      store.top(`${text} ${loginSuccess}`, range, { by: [], aggregates: ['count'], limit: 1 }),
      store.timeseries(
        `${text} ${loginFailure}`,
        { fromMs: row.firstSeenMs, toMs: row.lastSeenMs + 1 },
        {
          intervalMs: Math.ceil((row.lastSeenMs - row.firstSeenMs + 1) / chronicParts),
          aggregates: ['count'],
        },
      ),
    ])
    const counts = course[0]?.points.map(([, count]) => count) ?? []
    const isSteady = counts.slice(1, -1).every((count) => count > 0)
    if ((succeeded[0]?.values[0] ?? 0) > 0 || !isSteady) continue
    const service = row.group['service'] ?? ''
    services.set(service, [...(services.get(service) ?? []), row])
  }
  return services
}

function chronicFinding(pairs: readonly TopRow[], failures: number): PostureFinding {
  const count = pairs.reduce((sum, { values }) => sum + (values[0] ?? 0), 0)
  const names = pairs
    .slice(0, maxNamed)
    .map(({ group, values }) => `${group[facet.login]} from ${group[facet.ip]} (${values[0]} times)`)
  const more = pairs.length > maxNamed ? `, and ${pairs.length - maxNamed} more` : ''
  const says = `logins fail all day at the same pace, as forgotten credentials do: ${names.join(', ')}${more}; give them a new password, or stop them`
  return { code: 'chronic-failure', says, share: failures === 0 ? 0 : count / failures }
}

const constantExists = {
  code: 'exists-constant',
  says: 'usr.exists of failed logins is always the same; pass whether there is such an account, or leave it out',
} as const

const fewAddresses = {
  code: 'client-ip-few',
  says: 'many accounts come from very few client addresses; name the proxies in front of the service, or no address can be blocked',
} as const

const unobservedLogin: PostureFinding = {
  code: 'login-unobserved',
  says: 'a login route is called, and no login event comes; call trackLoginSuccess and trackLoginFailure there',
  share: 1,
}
