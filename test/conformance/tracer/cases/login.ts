import { kept, type TracerCase } from './tracer-case.ts'

const SUCCESS = 'eventTrackingV2.trackUserLoginSuccess'
const FAILURE = 'eventTrackingV2.trackUserLoginFailure'

/** A request whose handler makes these calls of `tracer.appsec`, and answers with what they return. */
function call(
  says: string,
  body: readonly (readonly unknown[])[],
  meta: NonNullable<TracerCase['meta']>,
  priority: 1 | 2 = 2,
): TracerCase {
  return {
    says: `2.1: ${says}`,
    path: '/call',
    method: 'POST',
    body,
    status: 200,
    meta,
    metrics: { _sampling_priority_v1: priority },
  }
}

function noEvent(outcome: 'success' | 'failure'): NonNullable<TracerCase['meta']> {
  return {
    [`appsec.events.users.login.${outcome}.track`]: undefined,
    [`_dd.appsec.events.users.login.${outcome}.sdk`]: undefined,
    'usr.id': undefined,
  }
}

export const loginCases: readonly TracerCase[] = [
  {
    says: '2.1: setUser writes each own key as text',
    path: '/set-user',
    status: 200,
    meta: {
      'usr.id': 'u1',
      'usr.email': 'e@example.com',
      'usr.nothing': 'undefined',
      'usr.session_id': 's9',
      '_dd.appsec.user.collection_mode': 'sdk',
    },
  },
  {
    says: '2.1: a user who is not listed is not blocked, and is named',
    path: '/is-blocked?id=u1',
    status: 200,
    reply: /^false$/,
    meta: { 'usr.id': 'u1', '_dd.appsec.user.collection_mode': 'sdk' },
  },
  {
    says: '2.1: a listed user is blocked',
    path: '/is-blocked?id=blocked-user',
    status: 200,
    reply: /^true$/,
    meta: { 'usr.id': 'blocked-user', 'appsec.blocked': undefined },
  },
  {
    says: '2.1: without AppSec nobody is blocked, tags are written',
    path: '/is-blocked?id=blocked-user',
    environment: { DD_APPSEC_ENABLED: 'false' },
    status: 200,
    reply: /^false$/,
    meta: { 'usr.id': 'blocked-user' },
  },
  {
    says: '2.1: v1 success',
    path: '/v1-success',
    status: 200,
    meta: {
      'appsec.events.users.login.success.track': 'true',
      '_dd.appsec.events.users.login.success.sdk': 'true',
      'appsec.events.users.login.success.usr.login': 'u1',
      'appsec.events.users.login.success.a.b.0': '1',
      'appsec.events.users.login.success.a.b.1': 'null',
      'appsec.events.users.login.success.a.b.2': undefined,
      'usr.id': 'u1',
      'usr.email': 'e@example.com',
      '_dd.p.dm': '-5',
    },
    metrics: kept,
  },
  {
    says: '2.1: v1 failure',
    path: '/v1-failure',
    status: 200,
    meta: {
      'appsec.events.users.login.failure.track': 'true',
      '_dd.appsec.events.users.login.failure.sdk': 'true',
      'appsec.events.users.login.failure.usr.id': 'u1',
      'appsec.events.users.login.failure.usr.login': 'u1',
      'appsec.events.users.login.failure.usr.exists': 'true',
      'appsec.events.users.login.failure.k': '1',
      'usr.id': undefined,
    },
    metrics: kept,
  },
  {
    says: '2.1: v2 success, with AppSec off as well',
    path: '/v2-success',
    environment: { DD_APPSEC_ENABLED: 'false' },
    status: 200,
    meta: {
      'appsec.events.users.login.success.track': 'true',
      '_dd.appsec.events.users.login.success.sdk': 'true',
      'appsec.events.users.login.success.usr.login': 'log',
      'appsec.events.users.login.success.usr.id': 'u1',
      'appsec.events.users.login.success.usr.n.o': '1',
      'appsec.events.users.login.success.k': 'v',
      'usr.id': 'u1',
      '_dd.appsec.user.collection_mode': 'sdk',
    },
    metrics: kept,
  },
  {
    says: '2.1: v2 failure',
    path: '/v2-failure',
    status: 200,
    meta: {
      'appsec.events.users.login.failure.track': 'true',
      'appsec.events.users.login.failure.usr.login': 'log',
      'appsec.events.users.login.failure.usr.exists': 'false',
      'appsec.events.users.login.failure.k': 'v',
    },
    metrics: kept,
  },
  {
    says: '2.1: v2 login calls do not block, though a rule says so',
    path: '/v2-mallory',
    status: 200,
    reply: /^logged in$/,
    meta: { 'appsec.event': 'true', 'appsec.blocked': undefined },
  },
  {
    says: '2.1: a custom event',
    path: '/custom',
    status: 200,
    meta: {
      'appsec.events.my.event.track': 'true',
      '_dd.appsec.events.my.event.sdk': 'true',
      'appsec.events.my.event.k': 'v',
    },
    metrics: kept,
  },
  call('v2 success with an id alone', [[SUCCESS, 'log', 'u1']], {
    'appsec.events.users.login.success.usr.login': 'log',
    'appsec.events.users.login.success.usr.id': 'u1',
    'usr.id': 'u1',
    'usr.login': undefined,
    '_dd.appsec.user.collection_mode': 'sdk',
  }),
  call('v2 success with a number for an id', [[SUCCESS, 'log', 7]], {
    'appsec.events.users.login.success.usr.id': '7',
    'usr.id': '7',
  }),
  call('v2 success without a user', [[SUCCESS, 'log']], {
    'appsec.events.users.login.success.track': 'true',
    'appsec.events.users.login.success.usr.login': 'log',
    'usr.id': undefined,
    '_dd.appsec.user.collection_mode': undefined,
  }),
  call('v2 success with a user without an id', [[SUCCESS, 'log', { email: 'e' }]], {
    'appsec.events.users.login.success.track': 'true',
    'appsec.events.users.login.success.usr.email': undefined,
    'usr.email': undefined,
    'usr.id': undefined,
  }),
  call('v2 success with a session in the user', [[SUCCESS, 'log', { id: 'u1', session_id: 's1' }]], {
    'usr.session_id': 's1',
    'appsec.events.users.login.success.usr.session_id': 's1',
  }),
  call('v2 success: metadata may overwrite the login', [[SUCCESS, 'log', 'u1', { 'usr.login': 'other' }]], {
    'appsec.events.users.login.success.usr.login': 'other',
  }),
  call('v2 success without a login', [[SUCCESS, '', 'u1']], noEvent('success'), 1),
  call('v2 success with a login that is no text', [[SUCCESS, 5, 'u1']], noEvent('success'), 1),
  call('v2 failure of an account that there is', [[FAILURE, 'log', true]], {
    'appsec.events.users.login.failure.usr.login': 'log',
    'appsec.events.users.login.failure.usr.exists': 'true',
    '_dd.appsec.events.users.login.failure.sdk': 'true',
    'usr.id': undefined,
  }),
  call('v2 failure without a word on the account', [[FAILURE, 'log']], {
    'appsec.events.users.login.failure.usr.exists': 'false',
  }),
  call('v2 failure with metadata in second place', [[FAILURE, 'log', { k: 'v' }]], {
    'appsec.events.users.login.failure.usr.exists': 'false',
    'appsec.events.users.login.failure.k': 'v',
  }),
  call('v2 failure: metadata may overwrite both', [[FAILURE, 'log', true, { 'usr.login': 'o', 'usr.exists': 'no' }]], {
    'appsec.events.users.login.failure.usr.login': 'o',
    'appsec.events.users.login.failure.usr.exists': 'no',
  }),
  call('v2 failure without a login', [[FAILURE, '', true]], noEvent('failure'), 1),
  call('v1 success without an id', [['trackUserLoginSuccessEvent', { login: 'l' }]], noEvent('success'), 1),
  call('v1 success: the login is that of the user', [['trackUserLoginSuccessEvent', { id: 'u1', login: 'l' }]], {
    'appsec.events.users.login.success.usr.login': 'l',
    'appsec.events.users.login.success.usr.id': undefined,
    'usr.id': 'u1',
    'usr.login': 'l',
  }),
  call('v1 failure without an id', [['trackUserLoginFailureEvent', '', true]], noEvent('failure'), 1),
  call('v1 failure with an id that is no text', [['trackUserLoginFailureEvent', 7, true]], noEvent('failure'), 1),
  call('v1 failure of no account', [['trackUserLoginFailureEvent', 'u1', false]], {
    'appsec.events.users.login.failure.usr.exists': 'false',
  }),
  call(
    'metadata is flattened: records and lists',
    [['trackCustomEvent', 'e', { a: { b: [1, { c: true }] }, n: null }]],
    {
      'appsec.events.e.a.b.0': '1',
      'appsec.events.e.a.b.1.c': 'true',
      'appsec.events.e.n': 'null',
    },
  ),
  call('metadata is told five levels deep', [['trackCustomEvent', 'e', { 1: { 2: { 3: { 4: { 5: 'v' } } } } }]], {
    'appsec.events.e.1.2.3.4.5': 'v',
  }),
  call(
    'deeper metadata is left out',
    [['trackCustomEvent', 'e', { 1: { 2: { 3: { 4: { 5: { 6: 'v' } } } } }, k: 'v' }]],
    {
      'appsec.events.e.1.2.3.4.5.6': undefined,
      'appsec.events.e.1.2.3.4.5': undefined,
      'appsec.events.e.k': 'v',
    },
  ),
  call('a custom event without metadata', [['trackCustomEvent', 'e']], {
    'appsec.events.e.track': 'true',
    '_dd.appsec.events.e.sdk': 'true',
  }),
  call('a custom event without a name', [['trackCustomEvent', '']], { 'appsec.events..track': undefined }, 1),
  call('a sign-up as a custom event', [['trackCustomEvent', 'users.signup', { 'usr.id': 'u1' }]], {
    'appsec.events.users.signup.track': 'true',
    'appsec.events.users.signup.usr.id': 'u1',
  }),
  call('a password reset as a custom event', [['trackCustomEvent', 'users.password_reset', { 'usr.login': 'l' }]], {
    'appsec.events.users.password_reset.track': 'true',
    'appsec.events.users.password_reset.usr.login': 'l',
  }),
  call('an activity.sensitive event', [['trackCustomEvent', 'activity.sensitive', { name: 'export', ok: true }]], {
    'appsec.events.activity.sensitive.track': 'true',
    'appsec.events.activity.sensitive.name': 'export',
    'appsec.events.activity.sensitive.ok': 'true',
  }),
  call(
    'two events in one request',
    [
      [FAILURE, 'log', true],
      [SUCCESS, 'log', 'u1'],
    ],
    {
      'appsec.events.users.login.failure.track': 'true',
      'appsec.events.users.login.success.track': 'true',
    },
  ),
  call('a login failure is told to the WAF', [[FAILURE, 'log', true]], {
    '_dd.appsec.json': /"address":"server\.business_logic\.users\.login\.failure"/,
    'appsec.blocked': undefined,
  }),
  call('a login failure of v1 is told to the WAF', [['trackUserLoginFailureEvent', 'u1', true]], {
    '_dd.appsec.json': /"address":"server\.business_logic\.users\.login\.failure"/,
  }),
  call('a custom event of that name is told to the WAF', [['trackCustomEvent', 'users.login.failure']], {
    '_dd.appsec.json': /"address":"server\.business_logic\.users\.login\.failure"/,
  }),
  call('other custom events are not', [['trackCustomEvent', 'users.signup']], { 'appsec.event': undefined }),
  call('setUser does not block, though the user is listed', [['setUser', { id: 'blocked-user' }]], {
    'appsec.event': 'true',
    'appsec.blocked': undefined,
    'usr.id': 'blocked-user',
  }),
  call('setUser does not keep by itself', [['setUser', { id: 'u1' }]], { 'usr.id': 'u1', '_dd.p.dm': '-0' }, 1),
  call('setUser without an id', [['setUser', { email: 'e' }]], { 'usr.email': undefined }, 1),
  call(
    'the last setUser counts, key by key',
    [
      ['setUser', { id: 'a', email: 'e' }],
      ['setUser', { id: 'b' }],
    ],
    {
      'usr.id': 'b',
      'usr.email': 'e',
    },
    1,
  ),
  call(
    'isUserBlocked names nobody where somebody was',
    [
      ['setUser', { id: 'a' }],
      ['isUserBlocked', { id: 'b' }],
    ],
    {
      'usr.id': 'a',
    },
    1,
  ),
  call(
    'of two users the first is in the fingerprint of the session, which gains what comes later',
    [
      ['isUserBlocked', { id: 'admin' }],
      ['setUser', { id: 'other', session_id: 's' }],
    ],
    { 'usr.id': 'other', '_dd.appsec.fp.session': 'ssn-8c6976e5---043a7187' },
    1,
  ),
  {
    ...call(
      'isUserBlocked, asked again',
      [
        ['isUserBlocked', { id: 'blocked-user' }],
        ['isUserBlocked', { id: 'blocked-user' }],
      ],
      {},
    ),
    reply: /^\[true,true\]$/,
  },
  {
    ...call('isUserBlocked without an id', [['isUserBlocked', {}]], { 'usr.id': undefined }, 1),
    reply: /^\[false\]$/,
  },
  {
    ...call(
      'login calls return nothing',
      [
        [SUCCESS, 'log', 'u1'],
        [FAILURE, 'log', true],
        ['setUser', { id: 'u1' }],
      ],
      {},
    ),
    reply: /^\[null,null,null\]$/,
  },
  {
    ...call('isUserBlocked and blockRequest', [['isUserBlocked', { id: 'blocked-user' }], ['blockRequest']], {
      'appsec.blocked': 'true',
      'usr.id': 'blocked-user',
    }),
    status: 403,
  },
  ...[SUCCESS, 'setUser', 'isUserBlocked'].map((method) => ({
    ...call(
      `${method} without AppSec`,
      [method === SUCCESS ? [method, 'log', 'u1'] : [method, { id: 'u1' }]],
      {
        'usr.id': 'u1',
        '_dd.appsec.user.collection_mode': 'sdk',
        '_dd.appsec.waf.version': undefined,
        'appsec.event': undefined,
      },
      method === SUCCESS ? 2 : 1,
    ),
    environment: { DD_APPSEC_ENABLED: 'false' },
  })),
]
