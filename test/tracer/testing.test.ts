import { AssertionError } from 'node:assert'
import { expect, test } from 'vitest'
import {
  expectBlocked,
  expectEvent,
  expectLoginFailure,
  expectLoginSuccess,
  expectNoLogin,
  fakeClock,
  startTestTracer,
} from '../../src/testing.ts'
import { span } from './export/span-fixture.ts'

const failed = span({
  meta: {
    'appsec.events.users.login.failure.track': 'true',
    'appsec.events.users.login.failure.usr.login': 'alice',
    'appsec.events.users.login.failure.usr.exists': 'true',
    'appsec.events.users.login.failure.reason': 'password',
    'appsec.blocked': 'true',
  },
})
const succeeded = span({
  meta: {
    'appsec.events.users.login.success.track': 'true',
    'appsec.events.users.login.success.usr.login': 'bob',
    'usr.id': '7',
  },
})

test('what was told is found', () => {
  const spans = [span(), failed, succeeded]
  expect(expectLoginFailure(spans, { login: 'alice', exists: true, metadata: { reason: 'password' } })).toBe(failed)
  expect(expectLoginSuccess(spans, { login: 'bob', userId: '7' })).toBe(succeeded)
  expect(expectEvent(spans, 'users.login.success')).toBe(succeeded)
  expect(expectBlocked(spans)).toBe(failed)
  expectNoLogin([span()])
})

const misses: { readonly says: string; readonly run: () => unknown; readonly message: RegExp }[] = [
  {
    says: 'another login',
    run: () => expectLoginFailure([failed], { login: 'bob' }),
    message: /users.login.failure as expected; 1 spans were seen, 1 of them/,
  },
  { says: 'another outcome', run: () => expectLoginSuccess([failed]), message: /users.login.success as expected/ },
  { says: 'another account', run: () => expectLoginSuccess([succeeded], { userId: '8' }), message: /as expected/ },
  { says: 'no account', run: () => expectLoginFailure([failed], { exists: false }), message: /as expected/ },
  { says: 'no event', run: () => expectEvent([], 'x'), message: /0 spans were seen/ },
  { says: 'a login where none should be', run: () => expectNoLogin([succeeded]), message: /no login was expected/ },
  { says: 'nothing blocked', run: () => expectBlocked([succeeded]), message: /none of 1 spans was blocked/ },
]

test.each(misses)('$says is an assertion that fails', ({ run, message }) => {
  expect(run).toThrow(AssertionError)
  expect(run).toThrow(message)
})

test('every miss ran', () => expect(misses).toHaveLength(7))

test('the clock stands still until it is moved, and calls what falls due in order', () => {
  const clock = fakeClock(1000)
  const calls: string[] = []
  clock.after(20, () => calls.push(`second at ${clock.nowMs()}`))
  clock.after(10, () => {
    calls.push(`first at ${clock.nowMs()}`)
    clock.after(5, () => calls.push(`within at ${clock.nowMs()}`))
  })
  const cancel = clock.after(12, () => calls.push('never'))
  cancel()
  clock.advance(9)
  expect(calls).toEqual([])
  clock.advance(100)
  expect(calls).toEqual(['first at 1010', 'within at 1015', 'second at 1020'])
  expect(clock.nowMs()).toBe(1109)
})

test('a second test tracer is refused, a stopped one makes room', async () => {
  const tracer = startTestTracer({ service: 'shop' })
  expect(() => startTestTracer()).toThrow(/already/)
  await tracer.stop()
  const next = startTestTracer()
  expect(next.spans).toEqual([])
  await next.stop()
})
