import { expect, test } from 'vitest'
import { unmeasuredInputs } from '../../../src/collector/replay/measurable.ts'
import type { WafRoute } from '../../../src/model/waf-rule.ts'

const headers = 'server.request.headers.no_cookies'
const looksAt = (address: string, keyPath: readonly string[] = [], operator = 'exact_match'): object => ({
  operator,
  parameters: { inputs: [{ address, key_path: keyPath }], list: ['x'] },
})
const agent = looksAt(headers, ['user-agent'])
const language = looksAt(headers, ['accept-language'])
const unmeasuredLanguage = [`${headers}:accept-language`]

interface Case {
  readonly says: string
  readonly conditions: readonly object[]
  readonly routes?: readonly WafRoute[]
  readonly unmeasured: readonly string[]
}
const cases: readonly Case[] = [
  { says: 'the user agent of all requests is recorded', conditions: [agent], unmeasured: [] },
  { says: 'the value of another header is not', conditions: [agent, language], unmeasured: unmeasuredLanguage },
  {
    says: 'whether a header of the fingerprint is there is recorded',
    conditions: [looksAt(headers, ['Accept-Language'], '!exists')],
    unmeasured: [],
  },
  {
    says: 'whether any other header is there is not',
    conditions: [looksAt(headers, ['x-bot'], 'exists')],
    unmeasured: [`${headers}:x-bot`],
  },
  { says: 'all headers at once are not recorded', conditions: [looksAt(headers)], unmeasured: [headers] },
  {
    says: 'address, method, status, path and user are recorded',
    conditions: [
      'http.client_ip',
      'server.request.method',
      'server.response.status',
      'server.request.uri.raw',
      'usr.id',
    ].map((address) => looksAt(address)),
    unmeasured: [],
  },
  {
    says: 'query, body, cookies and what nobody knows are not, each said once',
    conditions: ['server.request.query', 'server.request.body', 'server.request.cookies', '__proto__', '__proto__'].map(
      (address) => looksAt(address),
    ),
    unmeasured: ['server.request.query', 'server.request.body', 'server.request.cookies', '__proto__'],
  },
  {
    says: 'a rule on the routes of logins may look at everything',
    conditions: [language],
    routes: [{ method: 'POST', pathPattern: '/api/:version/login' }],
    unmeasured: [],
  },
  {
    says: 'a route of wildcards alone is no limit',
    conditions: [language],
    routes: [{ pathPattern: '/login' }, { pathPattern: '/:any/**' }],
    unmeasured: unmeasuredLanguage,
  },
  {
    says: 'a rule that only logins can match may look at everything',
    conditions: [language, looksAt('server.business_logic.users.login.failure', [], 'exists')],
    unmeasured: [],
  },
  {
    says: 'the absence of a login is no limit',
    conditions: [language, looksAt('server.business_logic.users.login.failure', [], '!exists')],
    unmeasured: [...unmeasuredLanguage, 'server.business_logic.users.login.failure'],
  },
]
test.each(cases)('$says', ({ conditions, routes = [], unmeasured }) => {
  expect(unmeasuredInputs({ rule: { conditions }, routes })).toEqual(unmeasured)
})
test('every case ran', () => expect(cases).toHaveLength(11))
