import { attribute } from '../model/span-record.ts'
import { anyOf, facet, loginFailure, loginSuccess, term } from './campaign.ts'
import type { Store, TimeRange, TopRow } from './store/store.ts'

export type EntityKind = 'user' | 'ip'

/** What a value of a facet had: how often, first and last. */
export interface Observed {
  readonly value: string
  readonly count: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

/** What the store knows of a user or an address in a range. */
export interface EntityActivity {
  readonly requests: number
  readonly firstSeenMs: number | null
  readonly lastSeenMs: number | null
  readonly successes: number
  readonly failures: number
  readonly blocked: number
  readonly services: readonly Observed[]
  readonly routes: readonly Observed[]
  /** Of a user: the addresses; of an address: the accounts, by login. */
  readonly ips: readonly Observed[]
  readonly logins: readonly Observed[]
  readonly userIds: readonly Observed[]
  readonly networks: readonly Observed[]
  readonly countries: readonly Observed[]
  readonly userAgents: readonly Observed[]
  readonly threatIntel: readonly Observed[]
  /** By day; days without any are 0. */
  readonly course: { readonly successes: Course; readonly failures: Course }
}

/** Points: begin of the day (UTC), and how many. */
type Course = readonly (readonly [number, number])[]

const dayMs = 86_400_000
const valuesShown = 100
/** From the beginning: what is asked for is the first of all that is kept. */
const everMs = 0

/** The query of everything that a user (by id or login) or an address did. */
export function entityQuery(kind: EntityKind, value: string): string {
  return kind === 'ip'
    ? term(facet.ip, value)
    : anyOf([term(facet.userId, value), term('@usr.id', value), term(facet.login, value)])
}

export async function readActivity(store: Store, query: string, range: TimeRange): Promise<EntityActivity> {
  const observed = async (by: string, narrowed = query): Promise<readonly Observed[]> => {
    const rows = await store.top(narrowed, range, { by: [by], aggregates: ['count'], limit: valuesShown })
    return rows.map((row) => toObserved(row, by))
  }
  const whole = async (narrowed: string, within = range): Promise<TopRow | undefined> =>
    (await store.top(narrowed, within, { by: [], aggregates: ['count'], limit: 1 }))[0]
  const course = async (narrowed: string): Promise<Course> => {
    const series = await store.timeseries(narrowed, range, { intervalMs: dayMs, aggregates: ['count'] })
    return series[0]?.points ?? []
  }
  const total = async (narrowed: string): Promise<number> => (await whole(narrowed))?.values[0] ?? 0

  const [ever, requests, services, successes, failures, blocked, routes, ips, logins, userIds, ...others] =
    await Promise.all([
      whole(query, { fromMs: everMs, toMs: range.toMs }),
      total(query),
      observed('service'),
      total(`${query} ${loginSuccess}`),
      total(`${query} ${loginFailure}`),
      total(`${query} @${attribute.blocked}:true`),
      observed(`@${attribute.route}`),
      observed(facet.ip),
      observed(facet.login),
      observed(facet.userId),
      observed(facet.asn),
      observed(facet.country),
      observed(`@${attribute.userAgent}`),
      observed('@threat_intel.results.category'),
    ])
  const [networks, countries, userAgents, threatIntel] = others
  const [daysOfSuccesses, daysOfFailures] = await Promise.all([
    course(`${query} ${loginSuccess}`),
    course(`${query} ${loginFailure}`),
  ])
  return {
    requests,
    firstSeenMs: ever?.firstSeenMs ?? null,
    lastSeenMs: ever?.lastSeenMs ?? null,
    successes,
    failures,
    blocked,
    services,
    routes,
    ips,
    logins,
    userIds,
    networks,
    countries,
    userAgents,
    threatIntel,
    course: { successes: daysOfSuccesses, failures: daysOfFailures },
  }
}

function toObserved({ group, values, firstSeenMs, lastSeenMs }: TopRow, by: string): Observed {
  return { value: group[by] ?? '', count: values[0] ?? 0, firstSeenMs, lastSeenMs }
}
