import { form, kept, type TracerCase } from './tracer-case.ts'

const right = form({ username: 'alice', password: 'right' })
const wrong = form({ username: 'alice', password: 'wrong' })
const anonymous = { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: 'anonymization' }
/** `anon_` and 32 digits of the SHA-256 of `alice` and of `u1`. */
const [anonLogin, anonId] = ['anon_2bd806c97f0e00af1a1fc3328fa763a9', 'anon_bb82030dbc2bcaba32a90bf2e207a84a']
const nothing = {
  'appsec.events.users.login.success.track': undefined,
  'appsec.events.users.login.failure.track': undefined,
  '_dd.appsec.usr.login': undefined,
  '_dd.appsec.usr.id': undefined,
  'usr.id': undefined,
}

function hashed(says: string, mode: string): TracerCase {
  return {
    says: `2.9: the mode ${mode} ${says}`,
    path: '/passport/local',
    ...right,
    environment: { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: mode },
    status: 200,
    meta: {
      '_dd.appsec.events.users.login.success.auto.mode': 'anonymization',
      '_dd.appsec.usr.login': anonLogin,
      'usr.id': anonId,
    },
  }
}

function silent(mode: string): TracerCase {
  return {
    says: `2.9: the mode ${mode} records nothing`,
    path: '/passport/local',
    ...right,
    environment: { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: mode },
    status: 200,
    meta: nothing,
    metrics: { _sampling_priority_v1: 1 },
  }
}

/** Passport, each strategy; who logs in is alice, whose account is u1, and numbers, whose account is 42. */
export const automaticLoginCases: readonly TracerCase[] = [
  {
    says: '2.9: a login that worked',
    path: '/passport/local',
    ...right,
    status: 200,
    meta: {
      'appsec.events.users.login.success.track': 'true',
      '_dd.appsec.events.users.login.success.auto.mode': 'identification',
      '_dd.appsec.events.users.login.success.sdk': undefined,
      '_dd.appsec.usr.login': 'alice',
      'appsec.events.users.login.success.usr.login': 'alice',
      '_dd.appsec.usr.id': 'u1',
      'usr.id': 'u1',
      '_dd.appsec.user.collection_mode': undefined,
      '_dd.p.dm': '-5',
    },
    metrics: kept,
  },
  {
    says: '2.9: a login that failed names no account and does not say whether there is one',
    path: '/passport/local',
    ...wrong,
    status: 401,
    meta: {
      'appsec.events.users.login.failure.track': 'true',
      '_dd.appsec.events.users.login.failure.auto.mode': 'identification',
      '_dd.appsec.usr.login': 'alice',
      'appsec.events.users.login.failure.usr.login': 'alice',
      'appsec.events.users.login.failure.usr.id': undefined,
      'appsec.events.users.login.failure.usr.exists': undefined,
      '_dd.appsec.usr.id': undefined,
      'usr.id': undefined,
    },
    metrics: kept,
  },
  {
    says: '2.9: an id that is a number, under _id',
    path: '/passport/local',
    ...form({ username: 'numbers', password: 'right' }),
    status: 200,
    meta: { 'usr.id': '42', '_dd.appsec.usr.id': '42' },
  },
  {
    says: '2.9: an error of the verify callback is neither',
    path: '/passport/local',
    ...form({ username: 'broken', password: 'right' }),
    status: 500,
    meta: nothing,
  },
  {
    says: '2.9: a verify callback that is passed the request',
    path: '/passport/request',
    ...right,
    status: 200,
    meta: { 'appsec.events.users.login.success.usr.login': 'alice', 'usr.id': 'u1' },
  },
  {
    says: '2.9: the basic strategy',
    path: '/passport/basic',
    headers: { authorization: `Basic ${btoa('alice:right')}` },
    status: 200,
    meta: { 'appsec.events.users.login.success.usr.login': 'alice', 'usr.id': 'u1' },
  },
  {
    says: '2.9: the basic strategy, failing',
    path: '/passport/basic',
    headers: { authorization: `Basic ${btoa('alice:wrong')}` },
    status: 401,
    meta: { 'appsec.events.users.login.failure.usr.login': 'alice' },
  },
  {
    says: '2.9: a request without credentials is no login',
    path: '/passport/basic',
    status: 401,
    meta: nothing,
  },
  {
    says: '2.9: what the SDK said of the same login stands',
    path: '/passport/told',
    ...right,
    status: 200,
    meta: {
      'appsec.events.users.login.success.usr.login': 'told-alice',
      'appsec.events.users.login.success.usr.id': 'told-u1',
      'usr.id': 'told-u1',
      '_dd.appsec.events.users.login.success.sdk': 'true',
      '_dd.appsec.events.users.login.success.auto.mode': 'identification',
      '_dd.appsec.usr.login': 'alice',
      '_dd.appsec.usr.id': 'u1',
    },
  },
  {
    says: '2.9: what the SDK said of the same failure stands',
    path: '/passport/told',
    ...wrong,
    status: 401,
    meta: {
      'appsec.events.users.login.failure.usr.login': 'told-alice',
      'appsec.events.users.login.failure.usr.exists': 'true',
      '_dd.appsec.usr.login': 'alice',
    },
  },
  {
    says: '2.9: a rule may stop a login, and nobody is logged in',
    path: '/passport/local',
    ...form({ username: 'mallory', password: 'right' }),
    status: 403,
    meta: {
      'appsec.blocked': 'true',
      'appsec.events.users.login.failure.usr.login': 'mallory',
      '_dd.appsec.json': /"address":"usr\.login"/,
    },
  },
  {
    says: '2.9: the login of a listed user is stopped',
    path: '/passport/local',
    ...form({ username: 'listed', password: 'right' }),
    status: 403,
    meta: { 'appsec.blocked': 'true', 'usr.id': 'blocked-user', '_dd.appsec.json': /"id":"blk-001-002"/ },
  },
  {
    says: '2.9: the user of a session',
    path: '/passport/session/alice',
    status: 200,
    reply: /^u1$/,
    meta: {
      '_dd.appsec.usr.id': 'u1',
      'usr.id': 'u1',
      '_dd.appsec.user.collection_mode': 'identification',
      'appsec.events.users.login.success.track': undefined,
    },
  },
  {
    says: '2.9: the user of a session, without the name',
    path: '/passport/session/alice',
    environment: anonymous,
    status: 200,
    meta: {
      '_dd.appsec.usr.id': anonId,
      'usr.id': anonId,
      '_dd.appsec.user.collection_mode': 'anonymization',
    },
  },
  {
    says: '2.9: the listed user of a session is stopped',
    path: '/passport/session/listed',
    status: 403,
    meta: { 'appsec.blocked': 'true', 'usr.id': 'blocked-user' },
  },
  {
    says: '2.9: hashes in place of names, on failures too',
    path: '/passport/local',
    ...wrong,
    environment: anonymous,
    status: 401,
    meta: {
      '_dd.appsec.events.users.login.failure.auto.mode': 'anonymization',
      '_dd.appsec.usr.login': anonLogin,
      'appsec.events.users.login.failure.usr.login': anonLogin,
    },
  },
  hashed('records hashes', 'anonymization'),
  hashed('is short for it', 'anon'),
  hashed('is its older name', 'safe'),
  ...['identification', 'ident', 'extended'].map((mode) => ({
    says: `2.9: the mode ${mode} records names`,
    path: '/passport/local',
    ...right,
    environment: { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: mode },
    status: 200,
    meta: {
      '_dd.appsec.events.users.login.success.auto.mode': 'identification',
      '_dd.appsec.usr.login': 'alice',
    },
  })),
  ...['disabled', 'anonymous', 'whatever'].map(silent),
  {
    says: '2.2: the older variable of the mode',
    path: '/passport/local',
    ...right,
    environment: { DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING: 'safe' },
    status: 200,
    meta: { '_dd.appsec.usr.login': anonLogin },
  },
]
