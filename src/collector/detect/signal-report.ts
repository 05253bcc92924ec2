import { printText } from '../../query/query.ts'
import {
  attemptsQuery,
  campaignRange,
  facet,
  flaggedRequests,
  groupQuery,
  successesOf,
  suppressions,
  attemptFilters,
  type Campaign,
} from '../campaign.ts'
import { signalsWithin } from '../signals-within.ts'
import type { SignalFacts, State } from '../state/state.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { countsBy } from '../whole-results.ts'

/** How often a value occurs among the attempts of a signal. */
export interface ValueShare {
  readonly value: string
  readonly attempts: number
  readonly share: number
}

/** An earlier signal that has addresses or clusters in common with this one: attacks resume. */
export interface RelatedSignal {
  readonly id: string
  readonly title: string
  readonly severity: SignalFacts['severity']
  readonly state: SignalFacts['state']
  readonly firstSeen: string
  readonly lastSeen: string
  /** What is shared. */
  readonly by: 'address' | 'cluster'
  /** Responses taken then, in words. */
  readonly mitigations: readonly string[]
}

/** The questions of triage, answered in figures (spec/detection.md 1.4). Times are ISO 8601 UTC. */
export interface SignalReport {
  /** Attempts while it lasted, what the 24 hours before make likely for as long a time, and their ratio (null: none before). */
  readonly increase: { readonly attempts: number; readonly usual: number; readonly factor: number | null }
  /** Of its addresses (at most 5,000 are looked at), those never seen in the 30 days before. */
  readonly addresses: { readonly looked: number; readonly firstSeenNow: number }
  readonly threatIntelShare: number
  /** `oneIn`: attempts to a success; stolen lists bring one in 100 to 1,000. */
  readonly outcome: { readonly failures: number; readonly successes: number; readonly oneIn: number | null }
  /** What the accounts have in common: whether they exist, and the domains of their addresses. */
  readonly accounts: {
    readonly targeted: number
    readonly attemptsEach: number
    readonly exist: number
    readonly missing: number
    readonly unknown: number
    readonly domains: readonly ValueShare[]
  }
  readonly userAgents: readonly ValueShare[]
  readonly countries: readonly ValueShare[]
  readonly networks: readonly ValueShare[]
  /** Attempts and successes, by the start of each interval. */
  readonly series: { readonly intervalMs: number; readonly points: readonly (readonly [string, number, number])[] }
  /** Its latest traces. */
  readonly samples: readonly { readonly traceId: string; readonly at: string }[]
  readonly related: readonly RelatedSignal[]
  /** Should it be a false positive: a filter for the rule's `suppress` that would have kept it silent; null: none is narrow enough. */
  readonly suggestedSuppression: string | null
}

const dayMs = 86_400_000
const maxAddresses = 5_000
const shown = 10
const maxSamples = 20
/** Logins whose domains are counted. */
const maxLogins = 5_000
/** A chart of a signal has about this many points. */
const points = 60
const relatedMs = 90 * dayMs
const maxRelated = 20

export async function readReport(
  store: Store,
  state: State,
  campaign: Campaign & { readonly signal: SignalFacts },
): Promise<SignalReport> {
  const { signal } = campaign
  const range = campaignRange(signal)
  const attempts = attemptsQuery(campaign)
  const successes = successesOf(campaign)
  const all = total(store, attempts, range)
  const [byIp, byLogin, existing, userAgents, countries, networks, flagged, increase, series, page, got] =
    await Promise.all([
      store.top(attempts, range, { by: [facet.ip], aggregates: ['count'], limit: maxAddresses }),
      store.top(attempts, range, { by: [facet.login], aggregates: ['count'], limit: maxLogins }),
      store.top(attempts, range, { by: [facet.exists], aggregates: ['count'], limit: 2 }),
      shares(store, attempts, range, facet.userAgent, all),
      shares(store, attempts, range, facet.country, all),
      shares(store, attempts, range, facet.asn, all),
      total(store, `${attempts} ${flaggedRequests}`, range),
      readIncrease(store, campaign, range, all),
      readSeries(store, attempts, successes, range),
      store.search(attempts, range, { limit: maxSamples, sort: '-timestamp' }),
      total(store, successes, range),
    ])
  const ips = byIp.map(({ group }) => group[facet.ip] ?? '')
  const before = { fromMs: range.fromMs - 30 * dayMs, toMs: range.fromMs }
  const seenBefore = await countsBy(store, '*', before, facet.ip, ips)
  const countOf = (value: string): number => existing.find(({ group }) => group[facet.exists] === value)?.values[0] ?? 0
  const { attempts: tried } = increase
  return {
    increase,
    addresses: { looked: ips.length, firstSeenNow: ips.filter((ip) => !seenBefore.has(ip)).length },
    threatIntelShare: tried === 0 ? 0 : flagged / tried,
    outcome: { failures: tried, successes: got, oneIn: got === 0 ? null : Math.round((tried + got) / got) },
    accounts: {
      targeted: signal.targetedUsers,
      attemptsEach: signal.targetedUsers === 0 ? 0 : tried / signal.targetedUsers,
      exist: countOf('true'),
      missing: countOf('false'),
      unknown: Math.max(0, tried - countOf('true') - countOf('false')),
      domains: domainsOf(
        byLogin.map(({ group, values }) => ({ login: group[facet.login] ?? '', attempts: values[0] ?? 0 })),
      ),
    },
    userAgents,
    countries,
    networks,
    series,
    samples: page.records.map(({ traceId, timestampMs }) => ({ traceId, at: new Date(timestampMs).toISOString() })),
    related: await findRelated(state, signal, new Set(ips)),
    suggestedSuppression: suggestSuppression(campaign, userAgents),
  }
}

async function total(store: Store, query: string, range: TimeRange): Promise<number> {
  const [row] = await store.top(query, range, { by: [], aggregates: ['count'], limit: 1 })
  return row?.values[0] ?? 0
}

/** The most frequent values of a facet among all records of a query. */
async function shares(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  total: Promise<number>,
): Promise<readonly ValueShare[]> {
  const [all, rows] = await Promise.all([
    total,
    store.top(query, range, { by: [by], aggregates: ['count'], limit: shown }),
  ])
  return rows.map(({ group, values }) => ({
    value: group[by] ?? '',
    attempts: values[0] ?? 0,
    share: all === 0 ? 0 : (values[0] ?? 0) / all,
  }))
}

/** Of the whole service: what an address or an account did before it was attacked says nothing. */
async function readIncrease(
  store: Store,
  { rule, signal }: Campaign,
  range: TimeRange,
  tried: Promise<number>,
): Promise<SignalReport['increase']> {
  const service = { groupBy: rule.groupBy.filter((by) => !by.startsWith('@')) }
  const query = [groupQuery(service, signal.group), attemptFilters(rule), ...suppressions(rule)].join(' ')
  const [attempts, now, before] = await Promise.all([
    tried,
    total(store, query, range),
    total(store, query, { fromMs: range.fromMs - dayMs, toMs: range.fromMs }),
  ])
  const usual = (before * (range.toMs - range.fromMs)) / dayMs
  return { attempts, usual, factor: before === 0 ? null : now / usual }
}

async function readSeries(
  store: Store,
  attempts: string,
  successes: string,
  range: TimeRange,
): Promise<SignalReport['series']> {
  const intervalMs = Math.max(1_000, Math.ceil((range.toMs - range.fromMs) / points / 1_000) * 1_000)
  const [tried, got] = await Promise.all(
    [attempts, successes].map((query) => store.timeseries(query, range, { intervalMs, aggregates: ['count'] })),
  )
  const right = got?.[0]?.points ?? []
  return {
    intervalMs,
    points: (tried?.[0]?.points ?? []).map(([atMs, count], index) => [
      new Date(atMs).toISOString(),
      count,
      right[index]?.[1] ?? 0,
    ]),
  }
}

function domainsOf(logins: readonly { readonly login: string; readonly attempts: number }[]): readonly ValueShare[] {
  const domains = new Map<string, number>()
  let all = 0
  for (const { login, attempts } of logins) {
    all += attempts
    const at = login.lastIndexOf('@')
    if (at >= 0)
      domains.set(login.slice(at + 1).toLowerCase(), (domains.get(login.slice(at + 1).toLowerCase()) ?? 0) + attempts)
  }
  return [...domains]
    .sort(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([value, attempts]) => ({ value, attempts, share: attempts / all }))
}

/** Earlier signals of the service for an address of this one, or with a cluster of the same attributes; newest first. */
async function findRelated(
  state: State,
  signal: SignalFacts,
  ips: ReadonlySet<string>,
): Promise<readonly RelatedSignal[]> {
  const firstMs = Date.parse(signal.firstSeen)
  const clusters = new Set((signal.clusters ?? []).map(({ attributes }) => JSON.stringify(attributes)))
  const range = { fromMs: firstMs - relatedMs, toMs: firstMs }
  const related: RelatedSignal[] = []
  for await (const earlier of signalsWithin(state, signal.group['service'], range)) {
    if (earlier.id === signal.id) continue
    const sharesCluster = earlier.clusters?.some(({ attributes }) => clusters.has(JSON.stringify(attributes))) === true
    if (!sharesCluster && !ips.has(earlier.group['http.client_ip'] ?? '')) continue
    const { id, title, severity, state: triage, firstSeen, lastSeen, responses } = earlier
    const mitigations = responses
      .map(({ kind, value, until }) => `${kind} ${value} until ${until ?? 'taken back'}`)
      .slice(0, shown)
    related.push({
      id,
      title,
      severity,
      state: triage,
      firstSeen,
      lastSeen,
      by: sharesCluster ? 'cluster' : 'address',
      mitigations,
    })
    if (related.length === maxRelated) break
  }
  return related
}

/** The subject of the signal in its service; of a service-wide one, the user agent that nearly all attempts share. */
function suggestSuppression({ rule, signal }: Campaign, userAgents: readonly ValueShare[]): string | null {
  const service = signal.group['service']
  const place = service === undefined ? [] : [`service:${printText(service)}`]
  const subject = rule.groupBy.filter((by) => by.startsWith('@'))
  if (subject.length > 0) return [...place, groupQuery({ groupBy: subject }, signal.group)].join(' ')
  const [first] = userAgents
  return first !== undefined && first.share >= 0.9
    ? [...place, `${facet.userAgent}:${printText(first.value)}`].join(' ')
    : null
}
