import { expect, test } from 'vitest'
import { attemptFilters } from '../../src/collector/campaign.ts'
import { shippedRules } from '../../src/collector/detect/shipped-rules.ts'

test('no rule that counts what went right takes it for an attempt, whatever it calls it', () => {
  const counting = shippedRules().filter(({ queries }) => Object.hasOwn(queries, 'successes'))
  for (const rule of counting) {
    expect({ rule: rule.id, attempts: attemptFilters(rule) }).toEqual({
      rule: rule.id,
      attempts: expect.not.stringContaining('login.success'),
    })
  }
  expect(counting.length).toBeGreaterThanOrEqual(14)
})

test('a rule that counts logins alone looks at these', () => {
  const login = '@appsec.security_activity:business_logic.users.login.success'
  const rule = { queries: { successes: { filter: login, aggregate: 'count' as const } }, groupBy: ['service'] }
  expect(attemptFilters(rule)).toBe(`(${login})`)
})
