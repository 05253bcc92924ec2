import { beforeEach, describe, expect, test } from 'vitest'
import type { PortcullisError } from '../../../src/model/error.ts'
import { createLoginSdk, type LoginSdk } from '../../../src/tracer/login/login-sdk.ts'
import { blockAction, recordingTarget, type Checked, type RecordingTarget } from './recording-target.ts'

let target: RecordingTarget
let active: RecordingTarget | undefined
let warnings: PortcullisError[]
let responded: unknown[]
let sdk: LoginSdk

beforeEach(() => {
  target = recordingTarget({ blockedUsers: ['evil', '7'] })
  active = target
  warnings = []
  responded = []
  sdk = createLoginSdk({
    active: () => active,
    checkOutside: (_addresses, { userId }) => (userId === '7' ? blockAction : undefined),
    warn: (problem) => warnings.push(problem),
    respond: (...given) => responded.push(given),
    blockRequest: (request) => request === 'now',
  })
})

const success = 'appsec.events.users.login.success'
const failure = 'appsec.events.users.login.failure'

interface Case {
  readonly says: string
  readonly call: (sdk: LoginSdk) => unknown
  readonly tags: Record<string, string>
  readonly checked?: Checked[]
  readonly kept?: number
}

const usr = { '_dd.appsec.user.collection_mode': 'sdk' }
const successTags = { [`${success}.track`]: 'true', [`_dd.${success}.sdk`]: 'true' }
const failureTags = { [`${failure}.track`]: 'true', [`_dd.${failure}.sdk`]: 'true' }
const loginSuccess = { 'server.business_logic.users.login.success': null }
const loginFailure = { 'server.business_logic.users.login.failure': null }

const cases: Case[] = [
  {
    says: 'a successful login with an id',
    call: (one) => one.trackLoginSuccess('alice', 'u1', { plan: 'pro' }),
    tags: {
      ...successTags,
      [`${success}.usr.login`]: 'alice',
      [`${success}.usr.id`]: 'u1',
      [`${success}.plan`]: 'pro',
      'usr.id': 'u1',
      ...usr,
    },
    checked: [
      {
        addresses: { ...loginSuccess, 'usr.id': 'u1', 'usr.login': 'alice' },
        subject: { userId: 'u1', login: 'alice' },
      },
    ],
  },
  {
    says: 'a numeric id is text, 0 is an id',
    call: (one) => one.trackLoginSuccess('alice', 0),
    tags: { ...successTags, [`${success}.usr.login`]: 'alice', [`${success}.usr.id`]: '0', 'usr.id': '0', ...usr },
    checked: [
      { addresses: { ...loginSuccess, 'usr.id': '0', 'usr.login': 'alice' }, subject: { userId: '0', login: 'alice' } },
    ],
  },
  {
    says: 'a user object with more than an id, flat as usr.*, nested under the event',
    call: (one) => one.trackLoginSuccess('alice', { id: 9n, email: 'a@x', address: { city: 'C' } }),
    tags: {
      ...successTags,
      [`${success}.usr.login`]: 'alice',
      [`${success}.usr.id`]: '9',
      [`${success}.usr.email`]: 'a@x',
      [`${success}.usr.address.city`]: 'C',
      'usr.id': '9',
      'usr.email': 'a@x',
      'usr.address': '[object Object]',
      ...usr,
    },
  },
  {
    says: 'an id object with a text of its own',
    call: (one) => one.trackLoginSuccess('alice', { id: { toString: () => '507f1f77bcf86cd799439011' } as never }),
    tags: {
      ...successTags,
      [`${success}.usr.login`]: 'alice',
      [`${success}.usr.id`]: '507f1f77bcf86cd799439011',
      'usr.id': '507f1f77bcf86cd799439011',
      ...usr,
    },
  },
  {
    says: 'metadata overwrites the login, a login in the user overwrites both',
    call: (one) => {
      one.trackLoginSuccess('alice', undefined, { 'usr.login': 'meta' })
      one.appsec.eventTrackingV2.trackUserLoginSuccess('bob', { id: '1', login: 'inner' }, { 'usr.login': 'meta' })
    },
    tags: {
      ...successTags,
      [`${success}.usr.login`]: 'inner',
      [`${success}.usr.id`]: '1',
      'usr.id': '1',
      'usr.login': 'inner',
      ...usr,
    },
    checked: [
      { addresses: { ...loginSuccess, 'usr.login': 'alice' }, subject: { login: 'alice' } },
      { addresses: { ...loginSuccess, 'usr.login': 'bob', 'usr.id': '1' }, subject: { login: 'bob', userId: '1' } },
    ],
    kept: 2,
  },
  {
    says: 'a failed login of an account that exists',
    call: (one) => one.trackLoginFailure('alice', true, { reason: 'password' }),
    tags: {
      ...failureTags,
      [`${failure}.usr.login`]: 'alice',
      [`${failure}.usr.exists`]: 'true',
      [`${failure}.reason`]: 'password',
    },
    checked: [{ addresses: { ...loginFailure, 'usr.login': 'alice' }, subject: { login: 'alice' } }],
  },
  {
    says: 'a failed login of no account',
    call: (one) => one.trackLoginFailure('nobody', false),
    tags: { ...failureTags, [`${failure}.usr.login`]: 'nobody', [`${failure}.usr.exists`]: 'false' },
  },
  {
    says: 'v2: (login, metadata) means that the account does not exist, and metadata may say otherwise',
    call: (one) => one.appsec.eventTrackingV2.trackUserLoginFailure('alice', { a: { b: 1 }, 'usr.exists': 'maybe' }),
    tags: {
      ...failureTags,
      [`${failure}.usr.login`]: 'alice',
      [`${failure}.usr.exists`]: 'maybe',
      [`${failure}.a.b`]: '1',
    },
  },
  {
    says: 'v2: an object as exists with metadata beside it is merely true',
    call: (one) => one.appsec.eventTrackingV2.trackUserLoginFailure('alice', { a: 1 }, { b: 2 }),
    tags: {
      ...failureTags,
      [`${failure}.usr.login`]: 'alice',
      [`${failure}.usr.exists`]: 'true',
      [`${failure}.b`]: '2',
    },
  },
  {
    says: 'v2: a user without an id is left out',
    call: (one) => one.appsec.eventTrackingV2.trackUserLoginSuccess('alice', { name: 'x' } as never),
    tags: { ...successTags, [`${success}.usr.login`]: 'alice' },
    checked: [{ addresses: { ...loginSuccess, 'usr.login': 'alice' }, subject: { login: 'alice' } }],
  },
  {
    says: 'v1: the login is in the user, and the event has no id of its own',
    call: (one) => one.appsec.trackUserLoginSuccessEvent({ id: 5, login: 'alice', gone: undefined }, { k: null }),
    tags: {
      ...successTags,
      [`${success}.usr.login`]: 'alice',
      [`${success}.k`]: 'null',
      'usr.id': '5',
      'usr.login': 'alice',
      'usr.gone': 'undefined',
      ...usr,
    },
    checked: [
      { addresses: { ...loginSuccess, 'usr.id': '5', 'usr.login': 'alice' }, subject: { userId: '5', login: 'alice' } },
    ],
  },
  {
    says: 'v1: without a login the id stands for it',
    call: (one) => one.appsec.trackUserLoginSuccessEvent({ id: 'u5' }),
    tags: { ...successTags, [`${success}.usr.login`]: 'u5', 'usr.id': 'u5', ...usr },
  },
  {
    says: 'v1: a failure names the id as login and does not check it as an id',
    call: (one) => one.appsec.trackUserLoginFailureEvent('u5', false, { k: 'v' }),
    tags: {
      ...failureTags,
      [`${failure}.usr.id`]: 'u5',
      [`${failure}.usr.login`]: 'u5',
      [`${failure}.usr.exists`]: 'false',
      [`${failure}.k`]: 'v',
    },
    checked: [{ addresses: { ...loginFailure, 'usr.login': 'u5' }, subject: { login: 'u5' } }],
  },
  {
    says: 'a custom event is not told to the WAF',
    call: (one) => one.trackCustomEvent('activity.sensitive', { name: 'coupon' }),
    tags: {
      'appsec.events.activity.sensitive.track': 'true',
      '_dd.appsec.events.activity.sensitive.sdk': 'true',
      'appsec.events.activity.sensitive.name': 'coupon',
    },
    checked: [],
  },
  {
    says: 'a custom event with the name of a login event is',
    call: (one) => one.appsec.trackCustomEvent('users.login.failure'),
    tags: failureTags,
    checked: [{ addresses: loginFailure, subject: {} }],
  },
  {
    says: 'a sign-up with a user',
    call: (one) => one.trackUserSignup('alice', 'u1'),
    tags: {
      'appsec.events.users.signup.track': 'true',
      '_dd.appsec.events.users.signup.sdk': 'true',
      'appsec.events.users.signup.usr.login': 'alice',
      'appsec.events.users.signup.usr.id': 'u1',
      'usr.id': 'u1',
      ...usr,
    },
  },
  {
    says: 'a sign-up with metadata only',
    call: (one) => one.trackUserSignup('alice', { plan: 'pro' }),
    tags: {
      'appsec.events.users.signup.track': 'true',
      '_dd.appsec.events.users.signup.sdk': 'true',
      'appsec.events.users.signup.usr.login': 'alice',
      'appsec.events.users.signup.plan': 'pro',
    },
  },
  {
    says: 'a password reset',
    call: (one) => one.trackPasswordReset('alice', true, { via: 'mail' }),
    tags: {
      'appsec.events.users.password_reset.track': 'true',
      '_dd.appsec.events.users.password_reset.sdk': 'true',
      'appsec.events.users.password_reset.usr.login': 'alice',
      'appsec.events.users.password_reset.usr.exists': 'true',
      'appsec.events.users.password_reset.exists': 'true',
      'appsec.events.users.password_reset.via': 'mail',
    },
  },
  {
    says: 'setUser writes every property and checks id and session, and keeps nothing',
    call: (one) => one.setUser({ id: 3, session_id: 's1', role: null }),
    tags: { 'usr.id': '3', 'usr.session_id': 's1', 'usr.role': 'null', ...usr },
    checked: [{ addresses: { 'usr.id': '3', 'usr.session_id': 's1' }, subject: { userId: '3' } }],
    kept: 0,
  },
  {
    says: 'a session id that is no text is a tag only',
    call: (one) => one.appsec.setUser({ id: 'u', session_id: 4 }),
    tags: { 'usr.id': 'u', 'usr.session_id': '4', ...usr },
    checked: [{ addresses: { 'usr.id': 'u' }, subject: { userId: 'u' } }],
    kept: 0,
  },
]

describe('tags and checks', () => {
  test.each(cases)('$says', ({ call, tags, checked, kept }) => {
    call(sdk)
    expect(target.tags).toEqual(tags)
    if (checked) expect(target.checked).toEqual(checked)
    expect(target.kept).toBe(kept ?? 1)
    expect(warnings).toEqual([])
  })

  test('every case ran', () => expect(cases).toHaveLength(20))
})

test('a blocked user is a decision that can be answered', () => {
  const decision = sdk.trackLoginSuccess('mallory', 'evil')
  expect(decision).toMatchObject({ blocked: true, action: blockAction })
  if (decision.blocked) decision.respond('the response')
  expect(responded).toEqual([[target, blockAction, 'the response']])
  expect(sdk.setUser(7)).toMatchObject({ blocked: true })
  expect(sdk.setUser('8')).toEqual({ blocked: false })
})

test('isUserBlocked compares text, and names the user only where nobody was named', () => {
  expect([sdk.isUserBlocked(7), sdk.isUserBlocked({ id: '7' }), sdk.isUserBlocked('x')]).toEqual([true, true, false])
  expect(target.tags['usr.id']).toBe('7')
  expect(sdk.appsec.isUserBlocked({ id: 'evil' })).toBe(true)
  expect(target.tags['usr.id']).toBe('7')
})

test('the old names never block by themselves', () => {
  expect(sdk.appsec.eventTrackingV2.trackUserLoginSuccess('mallory', 'evil')).toBeUndefined()
  expect(sdk.appsec.trackUserLoginSuccessEvent({ id: 'evil' })).toBeUndefined()
  expect(sdk.appsec.setUser({ id: 'evil' })).toBeUndefined()
  expect([sdk.appsec.blockRequest('now'), sdk.appsec.blockRequest()]).toEqual([true, false])
})

const throwing = {
  get boom(): never {
    throw new Error('boom')
  },
}
const bad: { readonly says: string; readonly call: (sdk: LoginSdk) => unknown; readonly code?: string }[] = [
  { says: 'no login', call: (one) => one.trackLoginSuccess('') },
  { says: 'a login that is no text', call: (one) => one.trackLoginFailure(7 as never, true) },
  { says: 'an empty event name', call: (one) => one.trackCustomEvent('') },
  { says: 'a user without an id', call: (one) => one.setUser({} as never) },
  { says: 'no user', call: (one) => one.setUser(undefined as never) },
  { says: 'a user whose id is no id', call: (one) => one.setUser({ id: {} as never }) },
  { says: 'a getter that throws', call: (one) => one.trackLoginSuccess('a', '1', throwing) },
  {
    says: 'a user whose getter throws',
    call: (one) =>
      one.setUser({
        id: '1',
        get x(): never {
          throw new Error('boom')
        },
      }),
  },
  { says: 'v1 without a user', call: (one) => one.appsec.trackUserLoginSuccessEvent(null as never) },
  { says: 'v1 without an id', call: (one) => one.appsec.trackUserLoginFailureEvent('', true) },
  { says: 'v2 with a number as login', call: (one) => one.appsec.eventTrackingV2.trackUserLoginSuccess(1 as never) },
]

test.each(bad)('$says warns once, writes nothing and never throws', ({ call }) => {
  const [first, second] = [call(sdk), call(sdk)]
  for (const result of [first, second]) if (result !== undefined) expect(result).toEqual({ blocked: false })
  expect(warnings.map(({ code }) => code)).toEqual(['LOGIN_INVALID'])
  expect(target.tags).toEqual({})
})

test('every bad input ran', () => expect(bad).toHaveLength(11))

test('what can be told of half-bad input is told, with a warning', () => {
  sdk.trackLoginSuccess('alice', {} as never, 'text' as never)
  sdk.trackLoginFailure('alice', undefined as never)
  sdk.trackCustomEvent('deep', { a: { b: { c: { d: { e: { f: 1 } } } } } })
  expect(target.tags).toMatchObject({
    [`${success}.usr.login`]: 'alice',
    [`${failure}.usr.exists`]: 'false',
    'appsec.events.deep.track': 'true',
  })
  expect(warnings.map(({ code, message }) => `${code} ${message.split(':')[0]}`)).toEqual([
    'LOGIN_INVALID trackLoginSuccess',
    'LOGIN_INVALID trackLoginFailure',
    'LOGIN_INVALID trackCustomEvent',
  ])
})

test('outside a request every call warns once, and users can still be checked', () => {
  active = undefined
  for (let n = 0; n < 2; n += 1) {
    expect(sdk.trackLoginSuccess('alice', 'u1')).toEqual({ blocked: false })
    expect([sdk.isUserBlocked(7), sdk.isUserBlocked('x'), sdk.appsec.isUserBlocked({ id: 7 })]).toEqual([
      true,
      false,
      true,
    ])
  }
  expect(warnings.map(({ code }) => code)).toEqual([
    'LOGIN_OUTSIDE_REQUEST',
    'LOGIN_OUTSIDE_REQUEST',
    'LOGIN_OUTSIDE_REQUEST',
  ])
})
