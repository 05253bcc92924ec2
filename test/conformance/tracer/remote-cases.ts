import { uuid, type TracerCase } from './cases/tracer-case.ts'
import { conformanceRules } from './rules.ts'

/** Remote configurations by product, and what a request to the app of app.ts meets under them. */
export interface RemoteCase extends Omit<TracerCase, 'before'> {
  /** In force, and acknowledged, before `configs` takes their place. */
  readonly before?: Readonly<Record<string, object>>
  readonly configs: Readonly<Record<string, object>>
  /** Products whose configuration is an error, and what is told of it. */
  readonly refused?: Readonly<Record<string, RegExp>>
}

const action = (id: string, type: string, parameters: object): object => ({ actions: [{ id, type, parameters }] })
const teapot = action('block', 'block_request', { status_code: 418, type: 'html' })
const away = action('block', 'redirect_request', { status_code: 302, location: 'https://example.com/away' })
const users = (value: string, expiration: number): object => ({
  rules_data: [{ id: 'blocked_users', type: 'data_with_expiration', data: [{ value, expiration }] }],
})
const addresses = (...values: string[]): object => ({
  rules_data: [{ id: 'blocked_ips', type: 'ip_with_expiration', data: values.map((value) => ({ value })) }],
})
const ownRule = {
  custom_rules: [
    {
      id: 'own-1',
      name: 'own',
      tags: { type: 'own', category: 'attack_attempt' },
      conditions: [
        {
          operator: 'match_regex',
          parameters: { inputs: [{ address: 'server.request.query' }], regex: 'stop-own' },
        },
      ],
      transformers: [],
      on_match: ['mine'],
    },
  ],
  ...action('mine', 'block_request', { status_code: 451, type: 'json' }),
}
const client = { 'x-forwarded-for': '203.0.113.7' }
const unset = { DD_APPSEC_ENABLED: '' }

export const remoteCases: readonly RemoteCase[] = [
  {
    says: '2.4: blockRequest() answers with the action `block` of ASM',
    configs: { ASM: teapot },
    path: '/block',
    status: 418,
    replyHeaders: { 'content-type': 'text/html; charset=utf-8' },
    meta: { 'appsec.blocked': 'true', 'http.status_code': '418', 'appsec.event': undefined },
  },
  {
    says: '2.4: blockRequest() redirects where the action `block` of ASM is a redirect',
    configs: { ASM: away },
    path: '/block',
    status: 302,
    replyHeaders: { location: 'https://example.com/away' },
    meta: { 'appsec.blocked': 'true' },
  },
  ...['/\u4e2d', '/a\nset-cookie: b', '//example.com', ''].map((location): RemoteCase => ({
    says: `1.5: a redirect to ${JSON.stringify(location)}, which cannot be sent, is a plain block, by hand too`,
    configs: { ASM: action('block', 'redirect_request', { status_code: 302, location }) },
    path: '/block',
    status: 403,
    replyHeaders: { 'content-type': 'application/json', location: /^$/ },
    meta: { 'appsec.blocked': 'true' },
  })),
  {
    says: '2.4: once ASM has taken its action back, blockRequest() is a 403 again',
    before: { ASM: teapot },
    configs: {},
    path: '/block',
    status: 403,
    replyHeaders: { 'content-type': 'application/json' },
  },
  {
    says: '2.8: actions of ASM_DD are not those of blockRequest()',
    configs: { ASM_DD: { ...conformanceRules, ...teapot } },
    path: '/block',
    status: 403,
  },
  {
    says: '2.8: rules of ASM_DD answer with the action `block` of ASM',
    configs: { ASM_DD: conformanceRules, ASM: teapot },
    path: '/ok?q=stop-query',
    status: 418,
    meta: { '_dd.appsec.event_rules.version': '1.2.3', 'appsec.blocked': 'true' },
  },
  {
    says: '2.8: after the last configuration of ASM_DD the default rules are back',
    before: { ASM_DD: conformanceRules },
    configs: {},
    path: '/ok?q=stop-query',
    status: 200,
    meta: { 'appsec.event': undefined },
  },
  {
    says: '2.8: a user of ASM_DATA is blocked',
    configs: { ASM_DATA: users('mallory', 0) },
    path: '/is-blocked?id=mallory',
    status: 200,
    reply: /^true$/,
    meta: { 'usr.id': 'mallory', 'appsec.event': 'true', '_dd.appsec.json': /"id":"blk-001-002"/ },
  },
  {
    says: '2.8: a user whose entry has expired is not',
    configs: { ASM_DATA: users('mallory', 1_700_000_000) },
    path: '/is-blocked?id=mallory',
    status: 200,
    reply: /^false$/,
    meta: { 'appsec.event': undefined },
  },
  {
    says: '2.8: a user whose entry was taken back is not',
    before: { ASM_DATA: users('mallory', 0) },
    configs: { ASM_DATA: users('trudy', 0) },
    path: '/is-blocked?id=mallory',
    status: 200,
    reply: /^false$/,
  },
  {
    says: '2.8: an address of ASM_DATA is stopped before any code of the app',
    configs: { ASM_DATA: addresses('203.0.113.0/24') },
    path: '/ok',
    headers: client,
    status: 403,
    meta: { 'appsec.blocked': 'true', 'http.client_ip': '203.0.113.7', '_dd.appsec.json': /"id":"blk-001-001"/ },
  },
  {
    says: '2.6, 2.7: the span of a listed address has its fingerprints and what they took, and no event of other rules',
    configs: { ASM_DATA: addresses('203.0.113.0/24') },
    path: '/ok',
    headers: { ...client, 'user-agent': 'sqlmap/1.8' },
    status: 403,
    meta: {
      'appsec.event': 'true',
      '_dd.appsec.json': /^\{"triggers":\[\{[^[]*"id":"blk-001-001"(?:(?!"rule":).)*$/,
      '_dd.appsec.fp.http.endpoint': 'http-get-4545a312--',
      '_dd.appsec.fp.http.header': /^hdr-0110000011-[0-9a-f]{8}-\d-[0-9a-f]{8}$/,
      '_dd.appsec.fp.http.network': 'net-1-1000000000',
      '_dd.appsec.event_rules.version': '1.2.0',
    },
    metrics: { '_dd.appsec.waf.duration': 'some', '_dd.appsec.waf.duration_ext': 'some' },
  },
  {
    says: '2.1, 2.7: a listed user is told of once, and has a fingerprint of the session',
    configs: { ASM_DATA: users('mallory', 0) },
    path: '/call',
    method: 'POST',
    body: [
      ['setUser', { id: 'mallory' }],
      ['isUserBlocked', { id: 'mallory' }],
      ['isUserBlocked', { id: 'mallory' }],
    ],
    status: 200,
    reply: /^\[null,true,true\]$/,
    meta: {
      '_dd.appsec.json': /^\{"triggers":\[\{[^[]*"id":"blk-001-002"(?:(?!"rule":).)*$/,
      '_dd.appsec.fp.session': /^ssn-[0-9a-f]{8}-/,
    },
  },
  {
    says: 'the user agent of a test is reported by the default rules',
    configs: {},
    path: '/ok',
    headers: { 'user-agent': 'dd-test-scanner-log' },
    status: 200,
    meta: { 'appsec.event': 'true', '_dd.appsec.json': /"id":"pcl-test-001"/, 'appsec.blocked': undefined },
  },
  {
    says: 'the user agent of a blocking test is stopped by the default rules',
    configs: {},
    path: '/ok',
    headers: { 'user-agent': 'dd-test-scanner-log-block' },
    status: 403,
    meta: { 'appsec.event': 'true', '_dd.appsec.json': /"on_match":\["block"\]/, 'appsec.blocked': 'true' },
  },
  ...[
    {
      says: '2.8: an override that switches the rule of a list off lets the listed through',
      ASM: { rules_override: [{ rules_target: [{ rule_id: 'blk-001-001' }], enabled: false }] },
    },
    {
      says: '2.8: an override by tags does so, too',
      ASM: { rules_override: [{ rules_target: [{ tags: { type: 'block_ip' } }], enabled: false }] },
    },
    {
      says: '2.6: an exclusion lets the listed through where its conditions hold',
      ASM: {
        exclusions: [
          {
            id: 'open',
            rules_target: [{ rule_id: 'blk-001-001' }],
            conditions: [
              {
                operator: 'match_regex',
                parameters: { inputs: [{ address: 'server.request.uri.raw' }], regex: '^/ok' },
              },
            ],
          },
        ],
      },
    },
    {
      says: '2.6: an exclusion by a list of its own lets the listed through',
      ASM: {
        exclusions: [
          {
            id: 'friends',
            conditions: [
              { operator: 'ip_match', parameters: { inputs: [{ address: 'http.client_ip' }], data: 'friends' } },
            ],
          },
        ],
      },
    },
  ].map(({ says, ASM }) => ({
    says,
    configs: {
      ASM,
      ASM_DATA: {
        ...addresses('203.0.113.7'),
        exclusion_data: [{ id: 'friends', type: 'ip_with_expiration', data: [{ value: '203.0.113.0/24' }] }],
      },
    },
    path: '/ok',
    headers: client,
    status: 200,
    meta: { 'appsec.blocked': undefined, 'appsec.event': undefined },
  })),
  {
    says: '2.6: an exclusion whose conditions do not hold leaves the listed stopped',
    configs: {
      ASM_DATA: addresses('203.0.113.7'),
      ASM: {
        exclusions: [
          {
            id: 'open',
            conditions: [
              {
                operator: 'match_regex',
                parameters: { inputs: [{ address: 'server.request.uri.raw' }], regex: '^/other' },
              },
            ],
          },
        ],
      },
    },
    path: '/ok',
    headers: client,
    status: 403,
    meta: { 'appsec.blocked': 'true' },
  },
  {
    says: '2.8: an override that only monitors reports the listed address',
    configs: {
      ASM_DATA: addresses('203.0.113.7'),
      ASM: { rules_override: [{ rules_target: [{ rule_id: 'blk-001-001' }], on_match: ['monitor'] }] },
    },
    path: '/ok',
    headers: client,
    status: 200,
    meta: {
      'appsec.blocked': undefined,
      'appsec.event': 'true',
      '_dd.appsec.json': /"id":"blk-001-001".*"on_match":\["monitor"\]/,
    },
  },
  {
    says: 'a listed address is stopped where a ruleset of ASM_DD has no rule for the list',
    configs: { ASM_DD: conformanceRules, ASM_DATA: addresses('203.0.113.7') },
    path: '/ok',
    headers: client,
    status: 403,
    meta: { 'appsec.blocked': 'true', '_dd.appsec.json': /"id":"blk-001-001"/ },
  },
  {
    says: '2.4: a listed address gets the action `block` of ASM',
    configs: { ASM_DATA: addresses('203.0.113.7'), ASM: away },
    path: '/ok',
    headers: client,
    status: 302,
    replyHeaders: { location: 'https://example.com/away' },
  },
  {
    says: '2.8: a custom rule of ASM has its own action',
    configs: { ASM: ownRule },
    path: '/ok?q=stop-own',
    status: 451,
    meta: { 'appsec.blocked': 'true', '_dd.appsec.json': /"id":"own-1".*"on_match":\["mine"\]/ },
  },
  {
    says: '2.8: an override of ASM switches a rule off',
    configs: {
      ASM_DD: conformanceRules,
      ASM: { rules_override: [{ rules_target: [{ rule_id: 'query' }], enabled: false }] },
    },
    path: '/ok?q=stop-query',
    status: 200,
    meta: { 'appsec.event': undefined },
  },
  {
    says: '2.8: an override of ASM gives a rule another action',
    configs: {
      ASM_DD: conformanceRules,
      ASM: { rules_override: [{ rules_target: [{ rule_id: 'query' }], on_match: ['teapot'] }] },
    },
    path: '/ok?q=stop-query',
    status: 418,
  },
  {
    says: '2.8: an exclusion of ASM keeps a rule from a request',
    configs: {
      ASM_DD: conformanceRules,
      ASM: {
        exclusions: [
          {
            id: 'x',
            rules_target: [{ rule_id: 'query' }],
            conditions: [
              { operator: 'ip_match', parameters: { inputs: [{ address: 'http.client_ip' }], list: ['203.0.113.7'] } },
            ],
          },
        ],
      },
    },
    path: '/ok?q=stop-query',
    headers: client,
    status: 200,
    meta: { 'appsec.event': undefined },
  },
  {
    says: '2.8: one click switches AppSec on where nothing is set',
    environment: unset,
    configs: { ASM_FEATURES: { asm: { enabled: true } }, ASM_DATA: addresses('203.0.113.7') },
    path: '/ok',
    headers: client,
    status: 403,
    metrics: { '_dd.appsec.enabled': 1 },
  },
  {
    says: '2.8: one click switches it off again',
    environment: unset,
    before: { ASM_FEATURES: { asm: { enabled: true } } },
    configs: { ASM_FEATURES: { asm: { enabled: false } } },
    path: '/ok',
    status: 200,
    metrics: { '_dd.appsec.enabled': undefined },
  },
  {
    says: '2.8: what is set to true no click switches off',
    configs: { ASM_FEATURES: { asm: { enabled: false } }, ASM_DATA: addresses('203.0.113.7') },
    path: '/ok',
    headers: client,
    status: 403,
  },
  {
    says: '1.2: the local switch beats what is blocked from afar',
    environment: { APPSEC_BLOCKING: 'false' },
    configs: { ASM_DATA: addresses('203.0.113.7') },
    path: '/ok',
    headers: client,
    status: 200,
    meta: { 'appsec.event': 'true', 'appsec.blocked': undefined },
  },
  {
    says: '2.8: a ruleset whose rules are no list is refused, and the default rules stay',
    configs: { ASM_DD: { version: '2.2', rules: 'x' } },
    refused: { ASM_DD: /^\{"rules":\{"error":".+"\}\}$/ },
    path: '/ok?q=stop-query',
    status: 200,
    meta: { '_dd.appsec.event_rules.version': /^\d/ },
    metrics: { '_dd.appsec.enabled': 1 },
  },
  {
    says: '2.8: a ruleset without a rule that can be loaded is refused, and what was in force stays',
    before: { ASM_DD: conformanceRules },
    configs: { ASM_DD: { version: '2.2', rules: [{ id: 'bad' }] } },
    refused: { ASM_DD: /^\{"rules":\{"errors":\{".+":\["bad"\]\}\}\}$/ },
    path: '/ok?q=stop-query',
    status: 403,
    meta: { '_dd.appsec.event_rules.version': '1.2.3' },
  },
  {
    says: '2.8: one bad rule does not keep the others out',
    configs: { ASM_DD: { ...conformanceRules, rules: [...conformanceRules.rules, { id: 'bad' }] } },
    path: '/ok?q=stop-query',
    status: 403,
  },
  {
    says: '2.8: custom rules that are no list are refused',
    before: { ASM: ownRule },
    configs: { ASM: { custom_rules: 'x' } },
    refused: { ASM: /^\{"custom_rules":\{"error":".+"\}\}$/ },
    path: '/ok?q=stop-own',
    status: 451,
  },
  {
    says: '2.8: a rule with an operator that nobody knows is refused',
    configs: {
      ASM: {
        custom_rules: [{ ...ownRule.custom_rules[0], conditions: [{ operator: 'zzz', parameters: { inputs: [] } }] }],
      },
    },
    refused: { ASM: /own-1/ },
    path: '/ok?q=stop-own',
    status: 200,
  },
  {
    says: '2.8: a configuration that is no object is refused',
    configs: { ASM: [], ASM_DATA: addresses('203.0.113.7') },
    refused: { ASM: /object/ },
    path: '/ok',
    headers: client,
    status: 403,
  },
  {
    says: '2.8: a configuration without content is taken over',
    configs: { ASM: {}, ASM_DD: {}, ASM_DATA: {}, ASM_FEATURES: {} },
    path: '/ok',
    headers: client,
    status: 200,
  },
  {
    says: '2.8: a list of an unknown type is refused',
    configs: { ASM_DATA: { rules_data: [{ id: 'blocked_ips', type: 'nope', data: [{ value: '203.0.113.7' }] }] } },
    refused: { ASM_DATA: /nope/ },
    path: '/ok',
    headers: client,
    status: 200,
  },
  {
    says: '2.8: what is no address in a list is left out',
    configs: { ASM_DATA: addresses('nonsense', '203.0.113.7') },
    path: '/ok',
    headers: client,
    status: 403,
  },
  {
    says: '2.8: the end of an entry may be written as text',
    configs: {
      ASM_DATA: {
        rules_data: [
          {
            id: 'blocked_ips',
            type: 'ip_with_expiration',
            data: [{ value: '203.0.113.7', expiration: '99999999999' }],
          },
        ],
      },
    },
    path: '/ok',
    headers: client,
    status: 403,
  },
  {
    says: '2.8: an address of an IPv6 network of ASM_DATA is stopped, and its form does not matter',
    configs: { ASM_DATA: addresses('2001:db8::/32') },
    path: '/ok',
    headers: { 'x-forwarded-for': '2001:0DB8:0:1::5' },
    status: 403,
    meta: { 'http.client_ip': '2001:db8:0:1::5' },
  },
  {
    says: '2.8: an override of ASM may only report',
    configs: {
      ASM_DD: conformanceRules,
      ASM: { rules_override: [{ rules_target: [{ rule_id: 'query' }], on_match: ['monitor'] }] },
    },
    path: '/ok?q=stop-query',
    status: 200,
    meta: { 'appsec.event': 'true', 'appsec.blocked': undefined },
  },
  {
    says: '2.9: the mode of automatic events comes from ASM_FEATURES',
    configs: { ASM_FEATURES: { auto_user_instrum: { mode: 'anonymization' } } },
    path: '/passport/basic',
    headers: { authorization: `Basic ${btoa('alice:right')}` },
    status: 200,
    meta: { 'usr.id': 'anon_bb82030dbc2bcaba32a90bf2e207a84a' },
  },
  {
    says: '2.9: a mode of ASM_FEATURES that nobody knows records nothing',
    configs: { ASM_FEATURES: { auto_user_instrum: { mode: 'whatever' } } },
    path: '/passport/basic',
    headers: { authorization: `Basic ${btoa('alice:right')}` },
    status: 200,
    meta: { 'usr.id': undefined, 'appsec.events.users.login.success.track': undefined },
  },
  {
    says: '2.9: once ASM_FEATURES says no more of it, the local mode is back',
    before: { ASM_FEATURES: { auto_user_instrum: { mode: 'disabled' } } },
    configs: {},
    path: '/passport/basic',
    headers: { authorization: `Basic ${btoa('alice:right')}` },
    status: 200,
    meta: { 'usr.id': 'u1' },
  },
  {
    says: '2.2: a rules file leaves remote rules and lists alone',
    environment: { DD_APPSEC_RULES: '{directory}/rules.json' },
    configs: {},
    path: '/ok?q=stop-query',
    status: 403,
    meta: { '_dd.appsec.event_rules.version': '1.2.3', '_dd.rc.client_id': new RegExp(`^${uuid}$`) },
  },
]
