import { expect, test } from 'vitest'
import { compareRequests } from '../../support/compare-requests.ts'
import { firstUnexplained } from '../../support/comparison.ts'

/** A million by `node bench/waf-million.js differential`. */
const REQUESTS = 3000
/** Judged apart, flagged or not: one in a thousand, or twice as many in a sample this small. */
const MOST_APART = 6

test(`over ${REQUESTS} random requests every rule says what the reference says`, () => {
  const comparison = compareRequests(20261122)
  expect(firstUnexplained(comparison, REQUESTS)).toEqual([])
  const { alike, judgedApart, seen } = comparison.tally
  expect(alike).toBeGreaterThan(REQUESTS * 0.98)
  expect(judgedApart).toBeLessThanOrEqual(MOST_APART)
  expect(seen.size).toBeGreaterThan(100)
})
