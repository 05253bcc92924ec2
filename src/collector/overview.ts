import { blockedRequests, facet, loginFailure, loginSuccess } from './campaign.ts'
import type { Store, TimeRange } from './store/store.ts'

type Course = readonly (readonly [number, number])[]

/** Logins and blocks of a range, as figures and courses. */
export interface Overview {
  readonly intervalMs: number
  readonly successes: Course
  readonly failures: Course
  readonly blocked: Course
  readonly distinctUsers: number
  readonly distinctIps: number
}

export async function readOverview(store: Store, range: TimeRange, intervalMs: number): Promise<Overview> {
  const course = async (query: string): Promise<Course> => {
    const [all] = await store.timeseries(query, range, { intervalMs, aggregates: ['count'] })
    return all?.points ?? []
  }
  const [successes, failures, blocked, [whole]] = await Promise.all([
    course(loginSuccess),
    course(loginFailure),
    course(blockedRequests),
    store.top(loginSuccess, range, {
      by: [],
      aggregates: ['count', { cardinality: facet.userId }, { cardinality: facet.ip }],
      limit: 1,
    }),
  ])
  const [, distinctUsers = 0, distinctIps = 0] = whole?.values ?? []
  return { intervalMs, successes, failures, blocked, distinctUsers, distinctIps }
}
