import type { Cluster, ClusterAttribute, ClusterCollateral } from '../../model/cluster.ts'
import { attribute } from '../../model/span-record.ts'
import type { WafRoute } from '../../model/waf-rule.ts'
import { anyValue, facet, flaggedRequests, loginSuccess } from '../campaign.ts'
import type { ReplayRequest, ReplayResult } from '../replay/replay.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { clusterRule } from './cluster-rule.ts'
import type { Trait } from './trait.ts'
import { escapeRegex } from './user-agent.ts'

/** Runs a rule over stored traffic. */
export type Replay = (request: ReplayRequest) => Promise<ReplayResult>

/** What the stored requests of a cluster are. */
export interface ClusterFigures extends Pick<
  Cluster,
  'requests' | 'successes' | 'users' | 'ips' | 'knownIpShare' | 'threatIntelShare' | 'shape' | 'trend'
> {
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** What most of its requests share that no rule can look at. */
  readonly investigation: readonly (ClusterAttribute & { readonly share: number })[]
}

const minuteMs = 60_000
const dayMs = 86_400_000
/** An address is known when it had a successful login in this time before the attack. */
const knownWithinMs = 30 * dayMs
/** Addresses that are looked up; of a botnet, any thousand are like the others. */
const sampledIps = 1_000
/** Before the attack, so that its beginning shows in a course. */
const leadInMs = 30 * minuteMs
const courseParts = 120
const trendWindowMs = 5 * minuteMs

/** Attributes that only the collector knows, or that hardly two requests share. */
const investigated = [
  '@network.client.asn',
  '@network.client.country',
  '@threat_intel.results.category',
  '@appsec.fingerprint.session.cookie_names_hash',
] as const
/** Logins whose domains are counted; of stolen ones, any thousand are like the others. */
const sampledLogins = 1_000
/** Least share of a cluster that a value must have to describe it. */
const describesShare = 0.5

/** Reads the figures of a cluster's requests. `campaign` is the query of the attack that it is part of. */
export async function measureCluster(
  store: Store,
  {
    query,
    campaign,
    range,
    onsetMs,
  }: {
    readonly query: string
    readonly campaign: string
    readonly range: TimeRange
    readonly onsetMs: number
  },
): Promise<ClusterFigures> {
  const [row] = await store.top(query, range, {
    by: [],
    aggregates: ['count', { cardinality: facet.ip }, { cardinality: facet.login }],
    limit: 1,
  })
  const [requests = 0, ips = 0, users = 0] = row?.values ?? []
  const { firstSeenMs = range.fromMs, lastSeenMs = range.fromMs } = row ?? {}
  const [successes, flagged, knownIpShare, { shape, trend }, investigation] = await Promise.all([
    count(store, `${query} ${loginSuccess}`, range),
    count(store, `${query} ${flaggedRequests}`, range),
    readKnownShare(store, query, range, onsetMs),
    readCourse(store, query, campaign, range),
    Promise.all([
      ...investigated.map((by) => describe(store, query, range, by, requests)),
      describeDomain(store, query, range),
    ]),
  ])
  return {
    requests,
    successes,
    users,
    ips,
    knownIpShare,
    threatIntelShare: requests === 0 ? 0 : flagged / requests,
    shape,
    trend,
    firstSeenMs,
    lastSeenMs,
    investigation: investigation.flat(),
  }
}

async function count(store: Store, query: string, range: TimeRange): Promise<number> {
  const [row] = await store.top(query, range, { by: [], aggregates: ['count'], limit: 1 })
  return row?.values[0] ?? 0
}

/** Share of the addresses, of a sample of them, from which somebody had logged in before the attack. */
async function readKnownShare(store: Store, query: string, range: TimeRange, onsetMs: number): Promise<number> {
  const rows = await store.top(query, range, { by: [facet.ip], aggregates: ['count'], limit: sampledIps })
  if (rows.length === 0) return 0
  const ips = rows.map(({ group }) => group[facet.ip] ?? '')
  const before = { fromMs: onsetMs - knownWithinMs, toMs: onsetMs }
  const [row] = await store.top(`${loginSuccess} ${anyValue(facet.ip, ips)}`, before, {
    by: [],
    aggregates: [{ cardinality: facet.ip }],
    limit: 1,
  })
  return (row?.values[0] ?? 0) / ips.length
}

async function readCourse(
  store: Store,
  query: string,
  campaign: string,
  range: TimeRange,
): Promise<Pick<ClusterFigures, 'shape' | 'trend'>> {
  const whole = { fromMs: range.fromMs - leadInMs, toMs: range.toMs }
  const intervalMs = Math.max(minuteMs, Math.ceil((whole.toMs - whole.fromMs) / courseParts / minuteMs) * minuteMs)
  const course = async (of: string): Promise<readonly number[]> => {
    const [series] = await store.timeseries(of, whole, { intervalMs, aggregates: ['count'] })
    return series?.points.map(([, value]) => value) ?? []
  }
  const recent = (fromMs: number): Promise<number> => count(store, query, { fromMs, toMs: fromMs + trendWindowMs })
  const [own, all, now, before] = await Promise.all([
    course(query),
    course(campaign),
    recent(range.toMs - trendWindowMs),
    recent(range.toMs - 2 * trendWindowMs),
  ])
  const trend = now > 1.25 * before ? 'growing' : now < 0.8 * before ? 'fading' : 'steady'
  return { shape: correlation(own, all), trend }
}

/** Pearson's; 0 where one of them does not vary. */
export function correlation(one: readonly number[], other: readonly number[]): number {
  const n = Math.min(one.length, other.length)
  const mean = (values: readonly number[]): number => values.slice(0, n).reduce((sum, value) => sum + value, 0) / n
  const [meanOne, meanOther] = [mean(one), mean(other)]
  let [both, squareOne, squareOther] = [0, 0, 0]
  for (let index = 0; index < n; index++) {
    const a = (one[index] ?? 0) - meanOne
    const b = (other[index] ?? 0) - meanOther
    both += a * b
    squareOne += a * a
    squareOther += b * b
  }
  return squareOne === 0 || squareOther === 0 ? 0 : both / Math.sqrt(squareOne * squareOther)
}

async function describe(
  store: Store,
  query: string,
  range: TimeRange,
  by: string,
  requests: number,
): Promise<ClusterFigures['investigation']> {
  const [row] = await store.top(query, range, { by: [by], aggregates: ['count'], limit: 1 })
  const share = requests === 0 ? 0 : (row?.values[0] ?? 0) / requests
  const value = row?.group[by]
  return value === undefined || share < describesShare
    ? []
    : [{ attribute: by, value, absent: false, regex: null, share }]
}

/** The domain that most of the e-mail addresses are of which it tries, where there is one. */
async function describeDomain(store: Store, query: string, range: TimeRange): Promise<ClusterFigures['investigation']> {
  const rows = await store.top(query, range, { by: [facet.login], aggregates: ['count'], limit: sampledLogins })
  const domains = new Map<string, number>()
  let all = 0
  for (const { group, values } of rows) {
    const [count = 0] = values
    all += count
    const domain = /@([^@]+)$/.exec(group[facet.login] ?? '')?.[1]?.toLowerCase()
    if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + count)
  }
  const [first] = [...domains].sort(([, one], [, other]) => other - one)
  if (first === undefined || first[1] < describesShare * all) return []
  const [domain, count] = first
  const regex = `(?i)@${escapeRegex(domain)}$`
  return [{ attribute: facet.login, value: null, absent: false, regex, share: count / all }]
}

/** Routes with less than this share of an attack are by chance. */
const leastRouteShare = 0.01
const maxRoutes = 10

/** The routes that a campaign attacks, as rules name them. */
export async function readRoutes(store: Store, campaign: string, range: TimeRange): Promise<readonly WafRoute[]> {
  const by = [`@${attribute.method}`, `@${attribute.route}`]
  const rows = await store.top(campaign, range, { by, aggregates: ['count'], limit: maxRoutes })
  const all = rows.reduce((sum, { values }) => sum + (values[0] ?? 0), 0)
  return rows
    .filter(({ values }) => (values[0] ?? 0) >= leastRouteShare * all)
    .flatMap(({ group }) => {
      const [method = '', pathPattern = ''] = by.map((name) => group[name])
      return pathPattern.startsWith('/') && /^[A-Z]{1,20}$/.test(method) ? [{ method, pathPattern }] : []
    })
}

/** What a rule of these traits would have stopped in the days before: the rule itself, replayed with our engine. */
export async function measureCollateral(
  replay: Replay,
  traits: readonly Trait[],
  {
    days,
    endMs,
    routes,
    services,
    envs,
  }: {
    readonly days: number
    readonly endMs: number
    readonly routes: readonly WafRoute[]
    readonly services: readonly string[]
    readonly envs: readonly string[]
  },
): Promise<ClusterCollateral> {
  const made = clusterRule(traits)
  const range = { fromMs: endMs - days * dayMs, toMs: endMs }
  const of = `${services.join(', ') || 'all services'}${routes.length === 0 ? '' : `, ${routes.map(({ method = '', pathPattern }) => `${method} ${pathPattern}`.trim()).join(', ')}`}`
  if ('problem' in made) {
    return {
      days,
      requests: 0,
      successfulLogins: 0,
      users: 0,
      share: 0,
      measuredOn: made.problem,
      course: { intervalMs: 0, points: [] },
    }
  }
  const { matched, undetermined, successfulLogins, users, total, hours, measuredOn, series, intervalMs } = await replay(
    {
      rule: made.rule,
      routes,
      services,
      envs,
      range,
    },
  )
  // What cannot be told might have been stopped.
  const requests = matched + undetermined
  return {
    days,
    requests,
    successfulLogins,
    users,
    share: total === 0 ? 0 : requests / total,
    measuredOn: `${measuredOn === 'full' ? 'logins and requests kept in full' : 'all requests'} of ${of}, ${Math.round(hours)} of ${days * 24} hours`,
    course: { intervalMs, points: series },
  }
}
