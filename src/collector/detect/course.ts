import type { Clock } from '../../model/clock.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import { suppressions } from '../campaign.ts'
import type { Series, Store, TimeRange } from '../store/store.ts'
import type { CourseBucket } from './anomaly.ts'
import { groupKey } from './group.ts'

/** The courses of a rule's groups up to some time, by `groupKey`. */
export type Courses = ReadonlyMap<string, readonly CourseBucket[]>

/** Groups whose course is kept. A rule that compares with the past groups by service and the like, not by address. */
const maxGroups = 5_000
/** A course is read again after this share of a bucket, and not before 20 times what reading it cost. */
const refreshShare = 0.2
const costFactor = 20

/** Reads the course of each group of an anomaly rule, as far back as windows that end in the range are compared. */
export async function readCourses(store: Store, rule: DetectionRule, { fromMs, toMs }: TimeRange): Promise<Courses> {
  const { anomaly } = rule
  if (anomaly === undefined) return new Map()
  const intervalMs = anomaly.bucketSeconds * 1000
  const range = { fromMs: (Math.floor(fromMs / intervalMs) - anomaly.learnBuckets) * intervalMs, toMs }
  const series = async (name: string | undefined): Promise<readonly Series[]> => {
    const query = name === undefined ? undefined : rule.queries[name]
    if (query === undefined) return []
    const text = [`(${query.filter})`, ...suppressions(rule)].join(' ')
    const aggregates = query.aggregate === 'count' ? ['count' as const] : [{ cardinality: query.of }]
    return store.timeseries(text, range, { intervalMs, aggregates, by: rule.groupBy, limit: maxGroups })
  }
  const [attempts, successes] = await Promise.all([series(anomaly.query), series(anomaly.successes)])
  const courses = new Map<string, Map<number, { attempts: number; successes: number }>>()
  const fill = (all: readonly Series[], field: 'attempts' | 'successes'): void => {
    for (const { group, points } of all) {
      const key = groupKey(group)
      const buckets = courses.get(key) ?? new Map<number, { attempts: number; successes: number }>()
      courses.set(key, buckets)
      for (const [startMs, value] of points) {
        const bucket = buckets.get(startMs) ?? { attempts: 0, successes: 0 }
        bucket[field] = value
        buckets.set(startMs, bucket)
      }
    }
  }
  fill(attempts, 'attempts')
  fill(successes, 'successes')
  return new Map(
    [...courses].map(([key, buckets]) => [
      key,
      [...buckets].sort(([a], [b]) => a - b).map(([startMs, bucket]) => ({ startMs, ...bucket })),
    ]),
  )
}

/** Keeps the courses of one rule and reads them again when they have aged. */
export function keepCourses(store: Store, rule: DetectionRule, clock: Clock): { read(): Promise<Courses> } {
  let courses: Courses = new Map()
  let nextAtMs = Number.NEGATIVE_INFINITY
  return {
    async read() {
      const startedMs = clock.nowMs()
      if (startedMs < nextAtMs) return courses
      courses = await readCourses(store, rule, { fromMs: startedMs, toMs: startedMs })
      const costMs = clock.nowMs() - startedMs
      nextAtMs = startedMs + Math.max((rule.anomaly?.bucketSeconds ?? 0) * 1000 * refreshShare, costFactor * costMs)
      return courses
    },
  }
}
