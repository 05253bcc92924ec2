import type { AnomalyOptions } from '../../model/detection-rule.ts'
import type { AnomalyFinding } from './condition.ts'

/** One bucket of a group's course, `[startMs, startMs + bucketSeconds)`. */
export interface CourseBucket {
  readonly startMs: number
  readonly attempts: number
  readonly successes: number
}

/** A stretch of event time that teaches nothing, because a campaign was under way. */
export interface Campaign {
  readonly fromMs: number
  readonly toMs: number
}

const dayMs = 86_400_000
/** The course just before the window: ordinary traffic changes slowly over two hours. */
const recentMs = 2 * 3_600_000
/** The same hours of earlier days, give or take one: ordinary traffic repeats by day. */
const sameHoursMs = 3_600_000
/** Buckets with fewer attempts than this say nothing about the share of failures. */
const minAttemptsForOdds = 5
/** Ordinary failures to successes where nothing is known yet: twice what services see (5–15 % of logins fail). */
const usualOddsAtFirst = 0.35
/** How far above its ordinary share of failures a service may go on a bad day. */
const oddsSlack = 2

/**
 * Whether the count in the window `(toMs − windowSeconds, toMs]` stands out from the group's own earlier course, and the
 * highest count that the course explains. Robust to a short course: until `minBuckets` are known only `learningFloor`
 * and the successes of the same window speak, so that a fresh install sees a flagrant campaign and no ordinary morning.
 */
export function findAnomaly(
  options: AnomalyOptions,
  windowSeconds: number,
  window: { readonly toMs: number; readonly count: number; readonly successes: number },
  course: readonly CourseBucket[],
  campaigns: readonly Campaign[],
): AnomalyFinding {
  const bucketMs = options.bucketSeconds * 1000
  const windowStartMs = window.toMs - windowSeconds * 1000
  const first = course.find(({ attempts, successes }) => attempts + successes > 0)
  const learned = course.filter(
    ({ startMs }) =>
      first !== undefined &&
      startMs >= first.startMs &&
      startMs + bucketMs <= windowStartMs &&
      !campaigns.some(({ fromMs, toMs }) => startMs < toMs && startMs + bucketMs > fromMs),
  )
  const expected = Math.max(
    options.floor,
    byCourse(options, windowSeconds / options.bucketSeconds, window.toMs, learned),
    bySuccesses(options, window.successes, learned),
  )
  return { anomalous: window.count > expected, expected }
}

/** The highest of what the last hours and the same hours of earlier days explain: a rhythm is no anomaly. */
function byCourse(
  options: AnomalyOptions,
  bucketsPerWindow: number,
  toMs: number,
  learned: readonly CourseBucket[],
): number {
  const recent = learned.filter(({ startMs }) => startMs >= toMs - recentMs)
  const sameHours = learned.filter(({ startMs }) => {
    const age = toMs - startMs
    const intoDay = age % dayMs
    return age > dayMs - sameHoursMs && Math.min(intoDay, dayMs - intoDay) <= sameHoursMs
  })
  const limits = [recent, sameHours]
    .filter((buckets) => buckets.length >= options.minBuckets)
    .map((buckets) => {
      const counts = buckets.map(({ attempts }) => attempts * bucketsPerWindow)
      const middle = median(counts)
      const spread = 1.4826 * median(counts.map((count) => Math.abs(count - middle)))
      return middle + options.tolerance * Math.max(spread, Math.sqrt(middle))
    })
  return limits.length === 0 ? options.learningFloor : Math.max(...limits)
}

/** What the logins that succeed in the same window explain: a sale, a newsletter, a Monday raise both. */
function bySuccesses(options: AnomalyOptions, successes: number, learned: readonly CourseBucket[]): number {
  if (options.successes === undefined) return 0
  const odds = learned
    .filter((bucket) => bucket.successes > 0 && bucket.attempts + bucket.successes >= minAttemptsForOdds)
    .map((bucket) => bucket.attempts / bucket.successes)
  const usual = Math.max(options.usualOdds ?? usualOddsAtFirst, odds.length < options.minBuckets ? 0 : median(odds))
  return successes * usual * oddsSlack
}

/** The middle value; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? 0) + upper) / 2
}
