import { expect, test } from 'vitest'
import { kmBetween } from '../../../src/collector/detect/countries.ts'

test.each([
  ['DE', 'FR', 0, 10],
  ['DE', 'BR', 6_500, 9_500],
  ['PT', 'US', 2_500, 5_500],
  ['AU', 'NZ', 400, 2_500],
  ['de', 'DE', 0, 0],
])('from %s to %s it is %i to %i km', (one, other, least, most) => {
  const km = kmBetween(one, other)
  expect(km).toBeGreaterThanOrEqual(least)
  expect(km).toBeLessThanOrEqual(most)
  expect(kmBetween(other, one)).toBe(km)
})
test('a place that no list has is nowhere', () => expect(kmBetween('DE', 'ZZ')).toBeUndefined())
