import { expect, test } from 'vitest'
import { judgeByCourse, median } from '../../../src/collector/detect/anomaly.ts'
import type { Campaign, CourseBucket } from '../../../src/collector/detect/anomaly.ts'
import { shippedRules } from '../../../src/collector/detect/shipped-rules.ts'

const rule = shippedRules().find(({ id }) => id === 'distributed-credential-stuffing')
if (rule?.anomaly === undefined) throw new Error('the rule is gone')
const { anomaly: options, windowSeconds } = rule

const now = Date.UTC(2026, 0, 14, 9)
const bucketMs = options.bucketSeconds * 1000

/** A course that ends before the window, with the counts of each bucket given by its time. */
function course(hours: number, at: (ms: number) => readonly [attempts: number, successes: number]): CourseBucket[] {
  const buckets: CourseBucket[] = []
  for (let startMs = now - hours * 3_600_000; startMs < now - windowSeconds * 1000; startMs += bucketMs) {
    const [attempts, successes] = at(startMs)
    buckets.push({ startMs, attempts, successes })
  }
  return buckets
}

function isAnomalous(count: number, successes: number, past: CourseBucket[], campaigns: Campaign[] = []): boolean {
  return judgeByCourse(options, windowSeconds, past, campaigns)({ toMs: now, count, successes }).anomalous
}

/** Day and night, more on weekdays: 10 % of logins fail. */
const rhythm = (ms: number): readonly [number, number] => {
  const hour = (ms / 3_600_000) % 24
  const day = new Date(ms).getUTCDay()
  const logins = (100 + 400 * Math.max(0, Math.sin(((hour - 6) / 12) * Math.PI))) * (day === 0 || day === 6 ? 0.4 : 1)
  return [Math.round(logins * 0.1), Math.round(logins * 0.9)]
}

const cases: { says: string; count: number; successes: number; past: CourseBucket[]; anomalous: boolean }[] = [
  { says: 'a fresh install sees a flagrant campaign', count: 400, successes: 10, past: [], anomalous: true },
  { says: 'a fresh install takes a busy morning for one', count: 140, successes: 900, past: [], anomalous: false },
  { says: 'a fresh install with much traffic', count: 300, successes: 2_700, past: [], anomalous: false },
  {
    says: 'an hour of learning later, a campaign of half a thousand',
    count: 500,
    successes: 450,
    past: course(2, () => [40, 400]),
    anomalous: true,
  },
  {
    says: 'ordinary failures after a week of rhythm',
    count: 42,
    successes: 360,
    past: course(168, rhythm),
    anomalous: false,
  },
  {
    says: 'twice the usual, after a week of rhythm',
    count: 80,
    successes: 700,
    past: course(168, rhythm),
    anomalous: false,
  },
  {
    says: 'ten times the usual failures and the usual successes',
    count: 400,
    successes: 360,
    past: course(168, rhythm),
    anomalous: true,
  },
  {
    says: 'a newsletter: ten times of both',
    count: 400,
    successes: 3_600,
    past: course(168, rhythm),
    anomalous: false,
  },
  {
    says: 'nine on Monday, when the last hours were night',
    count: 130,
    successes: 1_000,
    past: course(168, (ms) => ((ms / 3_600_000) % 24 >= 8.9 ? [100, 900] : [2, 20])),
    anomalous: false,
  },
  {
    says: 'a quiet service with a few typos',
    count: 12,
    successes: 3,
    past: course(24, () => [1, 5]),
    anomalous: false,
  },
  {
    says: 'a quiet service in a small campaign',
    count: 90,
    successes: 5,
    past: course(24, () => [1, 5]),
    anomalous: true,
  },
]

test.each(cases)('$says: anomalous $anomalous', ({ count, successes, past, anomalous }) => {
  expect(isAnomalous(count, successes, past)).toBe(anomalous)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(11))

test('a week of clean rhythm raises nothing at any time of it', () => {
  const past = course(14 * 24, rhythm)
  let looked = 0
  for (let index = 24; index < past.length; index++) {
    const bucket = past[index]
    if (bucket === undefined) continue
    const window = { toMs: bucket.startMs + bucketMs, count: bucket.attempts, successes: bucket.successes }
    const found = judgeByCourse(options, windowSeconds, past.slice(0, index), [])(window)
    expect(found.anomalous, new Date(bucket.startMs).toISOString()).toBe(false)
    looked++
  }
  expect(looked).toBeGreaterThan(3_900)
})

test('time in which a campaign was under way does not become usual', () => {
  const attacked = course(3, (ms) => (ms > now - 2.5 * 3_600_000 ? [600, 50] : [10, 90]))
  expect(isAnomalous(600, 50, attacked)).toBe(false)
  expect(isAnomalous(600, 50, attacked, [{ fromMs: now - 2.6 * 3_600_000, toMs: now }])).toBe(true)
})

test('the median is the middle, or the mean of the two middles', () => {
  expect(median([])).toBe(0)
  expect(median([3])).toBe(3)
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
})
