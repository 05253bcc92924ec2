import { expect, test } from 'vitest'
import { comparePlain } from '../../support/compare-plain.ts'
import { firstUnexplained } from '../../support/comparison.ts'

/** A million by `node bench/waf-million.js plain`. */
const REQUESTS = 3000

test('the engine finds what RE2 by itself finds, rule by rule', () => {
  const comparison = comparePlain(20261122)
  expect(firstUnexplained(comparison, REQUESTS)).toEqual([])
  const { matches, seen } = comparison.tally
  expect(matches).toBeGreaterThan(REQUESTS / 4)
  expect(seen.size).toBeGreaterThan(180)
})
