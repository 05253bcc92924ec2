import { expect, test } from 'vitest'
import { compareRulesets } from '../../support/compare-rulesets.ts'
import { firstUnexplained } from '../../support/comparison.ts'

/** More by `node bench/waf-million.js rulesets`. */
const RULESETS = 500

test(`${RULESETS} random rulesets load as in the reference, and every run of each gives the same`, () => {
  const comparison = compareRulesets(20261122)
  expect(firstUnexplained(comparison, RULESETS)).toEqual([])
  const { alike, matches, seen } = comparison.tally
  expect(alike).toBe(RULESETS)
  expect(matches).toBeGreaterThan(RULESETS / 5)
  expect(seen.size).toBeGreaterThanOrEqual(15)
})
