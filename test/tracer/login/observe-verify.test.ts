import { beforeEach, expect, test } from 'vitest'
import { observeVerify, type VerifyOptions } from '../../../src/tracer/login/observe-verify.ts'
import { blockAction, recordingTarget, type RecordingTarget } from './recording-target.ts'

type Done = (error: unknown, user?: unknown, info?: unknown) => void

let target: RecordingTarget & { block: (action: unknown) => boolean }
let canBlock: boolean
let blocks: unknown[]
let outcomes: unknown[][]

beforeEach(() => {
  blocks = []
  outcomes = []
  canBlock = true
  target = Object.assign(recordingTarget({ blockedUsers: ['evil'] }), {
    block(action: unknown) {
      blocks.push(action)
      return canBlock
    },
  })
})

const done: Done = (...all) => outcomes.push(all)

function observed(verify: (...all: never[]) => unknown, options: VerifyOptions): (...all: unknown[]) => unknown {
  const observer = { active: () => target, mode: () => 'identification' as const }
  return observeVerify(verify as never, options, observer)
}

const success = 'appsec.events.users.login.success'
const failure = 'appsec.events.users.login.failure'

test('(login, password, done) tells of success and failure', () => {
  const verify = observed(
    (login: string, password: string, finish: Done) => finish(null, password === 'right' ? { id: login } : false),
    {
      strategy: 'local',
    },
  )
  verify('alice', 'wrong', done)
  expect(target.tags).toMatchObject({
    [`${failure}.usr.login`]: 'alice',
    [`_dd.${failure}.auto.mode`]: 'identification',
  })
  verify('alice', 'right', done)
  expect(target.tags).toMatchObject({ [`${success}.usr.login`]: 'alice', 'usr.id': 'alice' })
  expect(outcomes).toEqual([
    [null, false],
    [null, { id: 'alice' }],
  ])
})

test('a request in first place is passed on and is not the login', () => {
  const request = { headers: {}, method: 'POST' }
  const seen: unknown[] = []
  const verify = observed(
    (given: unknown, _login: string, _password: string, finish: Done) => {
      seen.push(given)
      finish(null, false)
    },
    { strategy: 'local' },
  )
  verify(request, 'alice', 'x', done)
  expect(seen).toEqual([request])
  expect(target.tags[`${failure}.usr.login`]).toBe('alice')
})

test('an error is neither success nor failure', () => {
  const verify = observed((_login: string, _password: string, finish: Done) => finish(new Error('db'), false), {
    strategy: 'local',
  })
  verify('alice', 'x', done)
  expect(target.tags).toEqual({})
  expect(outcomes).toHaveLength(1)
})

test('with (accessToken, refreshToken, profile, done) the login is that of the user', () => {
  const verify = observed(
    (_access: string, _refresh: string, _profile: object, finish: Done) => finish(null, { id: 4, email: 'a@x' }),
    {
      strategy: 'github',
    },
  )
  verify('token', 'refresh', { id: 'p' }, done)
  expect(target.tags).toMatchObject({ [`${success}.usr.login`]: 'a@x', 'usr.id': '4' })
  expect(Object.values(target.tags)).not.toContain('token')
})

test('a strategy of tokens tells of a user, not of a login', () => {
  const verify = observed((_token: string, finish: Done) => finish(null, { id: 4, email: 'a@x' }), {
    strategy: 'bearer',
  })
  verify('token', done)
  expect(target.tags).toEqual({
    '_dd.appsec.usr.id': '4',
    'usr.id': '4',
    '_dd.appsec.user.collection_mode': 'identification',
  })
})

test('the login can be said by the service', () => {
  const verify = observed((_profile: object, finish: Done) => finish(null, false), {
    strategy: 'saml',
    login: ([profile]) => (profile as { nameID: string }).nameID,
  })
  verify({ nameID: 'alice' }, done)
  expect(target.tags[`${failure}.usr.login`]).toBe('alice')
})

test.each([
  { says: 'at once', exists: (login: string) => login === 'alice', alice: 'true', bob: 'false' },
  { says: 'later', exists: (login: string) => Promise.resolve(login === 'alice'), alice: 'true', bob: 'false' },
  { says: 'never, since it rejects', exists: () => Promise.reject(new Error('db')), alice: undefined, bob: undefined },
  {
    says: 'never, since it throws',
    exists: (): boolean => {
      throw new Error('bug')
    },
    alice: undefined,
    bob: undefined,
  },
])('whether the account exists is said $says', async ({ exists, alice, bob }) => {
  const verify = observed((_login: string, _password: string, finish: Done) => finish(null, false), {
    strategy: 'local',
    exists,
  })
  for (const [login, expected] of [
    ['alice', alice],
    ['bob', bob],
  ]) {
    await new Promise<void>((resolve) => verify(login, 'x', () => resolve()))
    expect([target.tags[`${failure}.usr.login`], target.tags[`${failure}.usr.exists`]]).toEqual([login, expected])
  }
})

test('a blocked login is answered and the callback is not called', () => {
  const verify = observed((_login: string, _password: string, finish: Done) => finish(null, { id: 'evil' }), {
    strategy: 'local',
  })
  verify('mallory', 'right', done)
  expect(blocks).toEqual([blockAction])
  expect(outcomes).toEqual([])
  canBlock = false
  verify('mallory', 'right', done)
  expect(outcomes).toHaveLength(1)
})

test('the wrapper looks like the callback it wraps', () => {
  function check(_access: string, _refresh: string, _parameters: object, _profile: object, _finish: Done): void {}
  const verify = observed(check, { strategy: 'oauth2' })
  expect([verify.length, verify.name]).toEqual([5, 'check'])
})

test('outside a request, and without a callback, it only does what it did', async () => {
  const verify = observeVerify(
    ((login: string) => Promise.resolve(login)) as never,
    { strategy: 'local' },
    { active: () => undefined, mode: () => 'identification' },
  )
  expect(await verify('alice')).toBe('alice')
  expect(await observed((login: string) => Promise.resolve(login), { strategy: 'local' })('bob')).toBe('bob')
  expect(target.tags).toEqual({})
})
