import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { checkWafRule } from '../../../src/collector/respond/check-waf-rule.ts'
import { readWafRule } from '../../../src/model/waf-rule.ts'

const userAgent = { address: 'server.request.headers.no_cookies', key_path: ['user-agent'] }
const agentIs = { operator: 'exact_match', parameters: { inputs: [userAgent], list: ['evil-bot/1.0'] } }
const good = { name: 'Evil bot', rule: { conditions: [agentIs] } }

test('a rule takes what it does not say from the defaults: a draft, everywhere, a plain block, without end', () => {
  expect(checkWafRule(good)).toEqual({
    rule: {
      name: 'Evil bot',
      mode: 'draft',
      services: [],
      envs: [],
      routes: [],
      response: 'block',
      endsAt: null,
      collateral: { logins: 5, share: 0.05 },
      rule: { conditions: [agentIs] },
      signalId: null,
      clusterId: null,
    },
  })
})

const replies: { says: string; response: unknown; path?: string }[] = [
  { says: 'a plain block', response: 'block' },
  { says: 'the look of a failed login', response: 'login_failure' },
  { says: 'the same with a fallback', response: { login_failure: { status: 401, type: 'json' } } },
  { says: 'a status', response: { status: 404 } },
  { says: 'a status and a page', response: { status: 429, type: 'html' } },
  { says: 'a path', response: { redirect: '/blocked?id=[security_response_id]' } },
  { says: 'a URL', response: { redirect: 'https://help.example/blocked', status: 302 } },
  { says: 'a word that is none', response: 'drop', path: '$.response' },
  { says: 'nothing', response: {}, path: '$.response' },
  { says: 'a status that is none', response: { status: 99 }, path: '$.response.status' },
  { says: 'a page that is none', response: { status: 403, type: 'xml' }, path: '$.response.type' },
  { says: 'a script', response: { redirect: 'javascript:alert(1)' }, path: '$.response.redirect' },
  { says: 'a URL of whichever scheme', response: { redirect: '//evil.example' }, path: '$.response.redirect' },
  { says: 'a path that a header cannot hold', response: { redirect: '/\u4e2d' }, path: '$.response.redirect' },
  { says: 'a status that does not redirect', response: { redirect: '/x', status: 200 }, path: '$.response.status' },
  { says: 'a bad fallback', response: { login_failure: {} }, path: '$.response.login_failure.status' },
]
test.each(replies)('a reply may be or not: $says', ({ response, path }) => {
  const checked = checkWafRule({ ...good, response })
  if (path === undefined) expect(checked).toMatchObject({ rule: { response } })
  else expect(checked.problems?.map((problem) => problem.path)).toEqual([path])
})

const faults: { says: string; value: unknown; path: string; message?: RegExp }[] = [
  { says: 'no object', value: 'x', path: '$' },
  { says: 'no name', value: { ...good, name: '' }, path: '$.name' },
  { says: 'an unknown field', value: { ...good, mod: 'draft' }, path: '$.mod' },
  { says: 'an unknown mode', value: { ...good, mode: 'on' }, path: '$.mode' },
  { says: 'services that are no list', value: { ...good, services: 'shop' }, path: '$.services' },
  { says: 'a service without a name', value: { ...good, services: ['shop', ''] }, path: '$.services[1]' },
  {
    says: 'a route that is no path',
    value: { ...good, routes: [{ pathPattern: 'login' }] },
    path: '$.routes[0].pathPattern',
  },
  {
    says: 'a method that is none',
    value: { ...good, routes: [{ method: 'P T', pathPattern: '/' }] },
    path: '$.routes[0].method',
  },
  { says: 'an end that is no time', value: { ...good, endsAt: 'soon' }, path: '$.endsAt' },
  { says: 'a bound that is no share', value: { ...good, collateral: { share: 2 } }, path: '$.collateral.share' },
  { says: 'no rule', value: { name: 'x' }, path: '$.rule' },
  { says: 'no condition', value: { ...good, rule: { conditions: [] } }, path: '$.rule.conditions' },
  { says: 'an id of ours', value: { ...good, rule: { id: 'blk-001-001', conditions: [agentIs] } }, path: '$.rule.id' },
  {
    says: 'an unknown operator',
    value: { ...good, rule: { conditions: [agentIs, { ...agentIs, operator: 'exact_mach' }] } },
    path: '$.rule.conditions[1].operator',
    message: /did you mean "exact_match"/,
  },
  {
    says: 'a regex that is none',
    value: {
      ...good,
      rule: { conditions: [{ operator: 'match_regex', parameters: { inputs: [userAgent], regex: '(' } }] },
    },
    path: '$.rule.conditions[0].parameters.regex',
  },
  {
    says: 'an unknown transformer of the whole rule',
    value: { ...good, rule: { conditions: [agentIs], transformers: ['lowercas'] } },
    path: '$.rule.transformers[0]',
    message: /lowercase/,
  },
]
test.each(faults)('is refused: $says', ({ value, path, message = /./ }) => {
  const [problem] = checkWafRule(value).problems ?? []
  expect(problem?.path).toBe(path)
  expect(problem?.message).toMatch(message)
})
test('every case ran', () => expect([replies.length, faults.length]).toEqual([16, 16]))

test('all problems are said at once', () => {
  const broken = { operator: 'nothing', parameters: {} }
  expect(checkWafRule({ ...good, rule: { conditions: [broken, agentIs, broken] } }).problems).toHaveLength(2)
  expect(checkWafRule({ mode: 'x', endsAt: 'y', rule: { conditions: [broken] } }).problems).toHaveLength(3)
})

test('no value makes it throw, and what it takes it takes again', () => {
  let taken = 0
  fc.assert(
    fc.property(
      fc.record(
        {
          name: fc.oneof(fc.string(), fc.constant('rule')),
          mode: fc.oneof(fc.constantFrom('draft', 'blocking'), fc.anything()),
          services: fc.oneof(fc.array(fc.string({ minLength: 1 })), fc.anything()),
          routes: fc.oneof(fc.constant([{ pathPattern: '/a' }]), fc.anything()),
          response: fc.oneof(fc.constantFrom('block', { status: 404 }), fc.anything()),
          rule: fc.oneof(fc.constant({ conditions: [agentIs] }), fc.anything()),
        },
        { requiredKeys: ['name'] },
      ),
      (value) => {
        const read = readWafRule(value)
        if (read.problems !== undefined) return
        taken++
        expect(readWafRule(read.rule)).toEqual(read)
      },
    ),
    { numRuns: 500 },
  )
  expect(taken).toBeGreaterThan(0)
})
