import { expect, test } from 'vitest'
import { ceilingOf, decideAddress, whyOverCeiling } from '../../../src/collector/respond/decide.ts'
import type { AddressFacts } from '../../../src/collector/respond/decide.ts'

const attacker: AddressFacts = {
  isPrivate: false,
  isTrustedProxy: false,
  isPasslisted: false,
  eventsTrusted: true,
  isClaimed: false,
  serviceVerified: false,
  usersBefore: 0,
}

const cases: { says: string; facts: Partial<AddressFacts>; trustUnkeyed?: boolean; why?: RegExp }[] = [
  { says: 'an address that nobody used before', facts: {} },
  { says: 'a private address', facts: { isPrivate: true }, why: /private/ },
  { says: 'a trusted proxy', facts: { isTrustedProxy: true }, why: /proxy/ },
  { says: 'an address on the passlist', facts: { isPasslisted: true }, why: /passlist/ },
  { says: 'an address that sent events without a key', facts: { eventsTrusted: false }, why: /key/ },
  { says: 'the same, where such events are trusted', facts: { eventsTrusted: false }, trustUnkeyed: true },
  { says: 'a claimed address', facts: { isClaimed: true }, why: /claimed/ },
  { says: 'a claimed address of a verified service', facts: { isClaimed: true, serviceVerified: true } },
  { says: 'an address of a service whose addresses are few', facts: { finding: 'its addresses are few' }, why: /few/ },
  { says: 'an address of two users', facts: { usersBefore: 2 } },
  { says: 'an address of three users', facts: { usersBefore: 3 }, why: /shared/ },
  { says: 'five failures on the account', facts: { onAccount: { failures: 5, succeededBefore: false } } },
  {
    says: 'four failures on the account',
    facts: { onAccount: { failures: 4, succeededBefore: false } },
    why: /fewer than 5/,
  },
  {
    says: 'a hundred failures on an account that logged in from there before',
    facts: { onAccount: { failures: 100, succeededBefore: true } },
    why: /owner/,
  },
]

test.each(cases)('$says', ({ facts, trustUnkeyed = false, why }) => {
  const verdict = decideAddress({ ...attacker, ...facts }, { trustUnkeyed })
  expect(verdict.block).toBe(why === undefined)
  if (!verdict.block) expect(verdict.why).toMatch(why ?? /^$/)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(14))

test('the ceiling is a share of the recent users, at least one', () => {
  expect(ceilingOf(10_000, 0.01, 0).maxUsers).toBe(100)
  expect(ceilingOf(20, 0.01, 0).maxUsers).toBe(1)
  expect(whyOverCeiling({ maxUsers: 100, usedUsers: 98 }, 2)).toBeUndefined()
  expect(whyOverCeiling({ maxUsers: 100, usedUsers: 99 }, 2)).toContain('99 of the 100 users')
})

test('blocks that touch nobody fit under any ceiling', () => {
  expect(whyOverCeiling({ maxUsers: 1, usedUsers: 50 }, 0)).toBeUndefined()
})
