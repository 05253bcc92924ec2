import { attribute, businessLogicActivity } from '../model/span-record.ts'
import { eventName } from '../model/tags.ts'
import { blockedRequests, facet } from './campaign.ts'
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

const success = `@${attribute.activity}:${businessLogicActivity(eventName.loginSuccess)}`
const failure = `@${attribute.activity}:${businessLogicActivity(eventName.loginFailure)}`

export async function readOverview(store: Store, range: TimeRange, intervalMs: number): Promise<Overview> {
  const course = async (query: string): Promise<Course> => {
    const [all] = await store.timeseries(query, range, { intervalMs, aggregates: ['count'] })
    return all?.points ?? []
  }
  const [successes, failures, blocked, [whole]] = await Promise.all([
    course(success),
    course(failure),
    course(blockedRequests),
    store.top(success, range, {
      by: [],
      aggregates: ['count', { cardinality: facet.userId }, { cardinality: facet.ip }],
      limit: 1,
    }),
  ])
  const [, distinctUsers = 0, distinctIps = 0] = whole?.values ?? []
  return { intervalMs, successes, failures, blocked, distinctUsers, distinctIps }
}
