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
const usualSlack = 2

/** Days that a window of several buckets has to be compared with, at least. */
const minDays = 3

/** What is said of a window. */
export interface AnomalyVerdict extends AnomalyFinding {
  /** It is not anomalous by its count, but more than chance: who it is that fails has to be looked at. */
  readonly doubtful: boolean
  /** How much it exceeds what its course and its successes make likely. */
  readonly excess: number
}

/** A window as the anomaly method looks at it: until when, what is compared, and what went right in it. */
export interface JudgedWindow {
  readonly toMs: number
  readonly count: number
  readonly successes: number
}

/**
 * Tells of windows `(toMs − windowSeconds, toMs]` of one group whether their count stands out from the group's own earlier
 * course, and the highest count that the course explains. Robust to a short course: until `minBuckets` are known only
 * `learningFloor` and the successes of the same window speak, so that a fresh install sees a flagrant campaign and no
 * ordinary morning. All windows that end in the same bucket are compared with the same past, which is looked at once.
 */
export function judgeByCourse(
  options: AnomalyOptions,
  windowSeconds: number,
  buckets: readonly CourseBucket[],
  campaigns: readonly Campaign[],
): (window: JudgedWindow) => AnomalyVerdict {
  const bucketMs = options.bucketSeconds * 1000
  const first = buckets.findIndex(({ attempts, successes }) => attempts + successes > 0)
  const known = (first < 0 ? [] : buckets.slice(first)).filter(
    ({ startMs }) => !campaigns.some(({ fromMs, toMs }) => startMs < toMs && startMs + bucketMs > fromMs),
  )
  let past: Past | undefined
  const pastAt = (toMs: number): Past => {
    if (past?.toMs === toMs) return past
    const oldestMs = toMs - options.learnBuckets * bucketMs
    const newestMs = toMs - windowSeconds * 1000 - bucketMs
    const learned = known.filter(({ startMs }) => startMs >= oldestMs && startMs <= newestMs)
    past = { toMs, ...byCourse(options, windowSeconds, toMs, learned), odds: usualOddsOf(options, learned) }
    return past
  }
  return ({ toMs, count, successes }) => {
    const { limit, middle, odds } = pastAt(Math.floor(toMs / bucketMs) * bucketMs)
    const expected = Math.max(options.floor, limit, options.successes === undefined ? 0 : successes * odds.most)
    const likely = Math.max(middle, successes * (odds.usual ?? odds.most))
    const anomalous = count > expected
    const isMoreThanChance = count - likely > (options.tolerance / 2) * Math.sqrt(likely)
    const doubtful = !anomalous && odds.usual !== undefined && count > options.floor && isMoreThanChance
    return { anomalous, expected, doubtful, excess: count - likely }
  }
}

interface Limit {
  readonly limit: number
  readonly middle: number
}

/** What is known by the beginning of a bucket. */
interface Past extends Limit {
  readonly toMs: number
  readonly odds: ReturnType<typeof usualOddsOf>
}

/** The highest of what the last hours and the same hours of earlier days explain: a rhythm is no anomaly. */
function byCourse(
  options: AnomalyOptions,
  windowSeconds: number,
  toMs: number,
  learned: readonly CourseBucket[],
): Limit {
  const groups =
    windowSeconds > options.bucketSeconds
      ? [sameWindows(windowSeconds, options.bucketSeconds, toMs, learned)]
      : likeBuckets(options, toMs, learned)
  const none: Limit = { limit: groups.length === 0 ? options.learningFloor : 0, middle: 0 }
  const limits = groups.flatMap((counts): readonly Limit[] => {
    if (windowSeconds > options.bucketSeconds && counts.length < minDays)
      return [{ ...none, limit: options.learningFloor }]
    const middle = median(counts)
    const spread = 1.4826 * median(counts.map((count) => Math.abs(count - middle)))
    return [{ limit: middle + options.tolerance * Math.max(spread, Math.sqrt(middle)), middle }]
  })
  return limits.reduce((most, one) => (one.limit > most.limit ? one : most), none)
}

/** Counts of buckets like the window: those just before it, and those of the same hours of earlier days. */
function likeBuckets(
  options: AnomalyOptions,
  toMs: number,
  learned: readonly CourseBucket[],
): readonly (readonly number[])[] {
  const recent = learned.filter(({ startMs }) => startMs >= toMs - recentMs)
  const sameHours = learned.filter(({ startMs }) => {
    const age = toMs - startMs
    const intoDay = age % dayMs
    return age > dayMs - sameHoursMs && Math.min(intoDay, dayMs - intoDay) <= sameHoursMs
  })
  return [recent, sameHours]
    .filter((buckets) => buckets.length >= options.minBuckets)
    .map((buckets) => buckets.map(({ attempts }) => attempts))
}

/** Counts of the windows that ended at the same time of earlier days, of those days that are known as a whole. */
function sameWindows(
  windowSeconds: number,
  bucketSeconds: number,
  toMs: number,
  learned: readonly CourseBucket[],
): readonly number[] {
  const wanted = Math.floor(windowSeconds / bucketSeconds)
  const days = new Map<number, { buckets: number; attempts: number }>()
  for (const { startMs, attempts } of learned) {
    const age = toMs - startMs
    // A window as long as a day begins where that of the day before ends.
    const day = Math.ceil(age / dayMs) - 1
    if (day < 1 || age - day * dayMs > windowSeconds * 1000) continue
    const sum = days.get(day) ?? { buckets: 0, attempts: 0 }
    days.set(day, { buckets: sum.buckets + 1, attempts: sum.attempts + attempts })
  }
  return [...days.values()].filter(({ buckets }) => buckets >= wanted).map(({ attempts }) => attempts)
}

/**
 * Ordinary failures to a success: the most that is to be explained (a sale, a newsletter, a Monday raise both), and the
 * usual share where enough is known.
 */
function usualOddsOf(
  options: AnomalyOptions,
  learned: readonly CourseBucket[],
): { readonly most: number; readonly usual: number | undefined } {
  const odds = learned
    .filter((bucket) => bucket.successes > 0 && bucket.attempts + bucket.successes >= minAttemptsForOdds)
    .map((bucket) => bucket.attempts / bucket.successes)
  const usual = odds.length < options.minBuckets ? undefined : median(odds)
  const most = Math.max(options.usualOdds ?? usualOddsAtFirst, usual ?? 0) * (options.slack ?? usualSlack)
  return { most, usual }
}

/** The middle value; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const upper = sorted[sorted.length >> 1] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? 0) + upper) / 2
}
