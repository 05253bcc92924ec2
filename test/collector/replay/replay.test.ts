import { afterAll, beforeAll, expect, test } from 'vitest'
import * as fc from 'fast-check'
import type { AttributeValue } from '../../../src/model/span-record.ts'
import type { WafRoute, WafRuleObject } from '../../../src/model/waf-rule.ts'
import { createReplayer, type Replayer, type ReplayResult } from '../../../src/collector/replay/replay.ts'
import type { Store } from '../../../src/collector/store/store.ts'
import { aFailure, aSuccess, batchOf, nowMs } from '../../conformance/store/fixtures.ts'
import { openTestStore } from '../../support/test-store.ts'

const clock = { nowMs: () => nowMs }
const range = { fromMs: nowMs - 7 * 86_400_000, toMs: nowMs + 1 }
const headers = 'server.request.headers.no_cookies'
const bot = 'evil-bot/1.0'
let store: Store
let replayer: Replayer
let dispose: () => Promise<void>

type Attributes = Readonly<Record<string, AttributeValue>>

/** A login as our tracer tells of it: all names of its headers, and some values. */
function told(names: string, more: Attributes = {}): { attributes: Attributes } {
  return {
    attributes: {
      'http.method': 'POST',
      'http.url': 'https://shop.example/login?next=%2Fhome',
      'http.useragent': 'Mozilla/5.0',
      '_dd.portcullis.header_names': names,
      ...more,
    },
  }
}

beforeAll(async () => {
  const opened = await openTestStore(clock)
  store = opened.store
  replayer = createReplayer({ store, clock })
  dispose = opened.dispose
  const browser = 'host,user-agent,accept,accept-language,x-app-key'
  await store.append(
    batchOf([
      ...Array.from({ length: 20 }, (_, index) => ({
        ...aFailure(`user${index}`, `203.0.113.${index}`, told('host,user-agent,accept', { 'http.useragent': bot })),
        timestampMs: nowMs - index * 60_000,
      })),
      aSuccess('mia', '203.0.113.99', told('host,user-agent,accept', { 'http.useragent': bot })),
      ...['ann', 'bob', 'bob'].map((login) =>
        aSuccess(login, '198.51.100.1', told(browser, { 'http.request.headers.accept-language': 'de' })),
      ),
      // A tracer that records no names: whether accept-language was there is not known.
      aSuccess('cid', '198.51.100.2', {
        attributes: { 'http.method': 'POST', 'http.url': '/login', 'http.useragent': 'Mozilla/5.0' },
      }),
      { ...aFailure('dan', '198.51.100.3', told(browser)), service: 'other' },
    ]),
  )
})
afterAll(() => dispose())

function condition(operator: string, input: object, parameters: object = {}): object {
  return { operator, parameters: { inputs: [input], ...parameters } }
}
const userAgentIs = (value: string): object =>
  condition('exact_match', { address: headers, key_path: ['user-agent'] }, { list: [value] })
const lacks = (name: string): object => condition('!exists', { address: headers, key_path: [name] })

interface Case {
  readonly says: string
  readonly conditions: readonly object[]
  readonly routes?: readonly WafRoute[]
  readonly services?: readonly string[]
  readonly found: Partial<ReplayResult>
}

const cases: readonly Case[] = [
  {
    says: 'an exact user agent, with the logins that it would have stopped',
    conditions: [userAgentIs(bot)],
    found: { matched: 21, undetermined: 0, successfulLogins: 1, users: 1, total: 26, unreplayable: [] },
  },
  {
    says: 'a user agent by regex, transformed',
    conditions: [
      condition(
        'match_regex',
        { address: headers, key_path: ['user-agent'], transformers: ['lowercase'] },
        { regex: '^evil-bot' },
      ),
    ],
    found: { matched: 21 },
  },
  {
    says: 'a header that is missing; unknown where the tracer records no names',
    conditions: [lacks('accept-language')],
    found: { matched: 21, undetermined: 1, successfulLogins: 1, users: 1 },
  },
  {
    says: 'a header that is there, of which only the name is recorded',
    conditions: [condition('exists', { address: headers, key_path: ['x-app-key'] })],
    found: { matched: 4, undetermined: 1, successfulLogins: 3, users: 2 },
  },
  {
    says: 'the value of a header of which only the name is recorded',
    conditions: [condition('exact_match', { address: headers, key_path: ['x-app-key'] }, { list: ['secret'] })],
    found: { matched: 0, undetermined: 5 },
  },
  {
    says: 'both of two conditions',
    conditions: [lacks('accept-language'), userAgentIs('Mozilla/5.0')],
    found: { matched: 0, undetermined: 1 },
  },
  {
    says: 'a route that is called',
    conditions: [userAgentIs(bot)],
    routes: [{ method: 'POST', pathPattern: '/login' }],
    found: { matched: 21 },
  },
  {
    says: 'a route that is not called',
    conditions: [userAgentIs(bot)],
    routes: [{ method: 'POST', pathPattern: '/api/:version/login' }],
    found: { matched: 0, undetermined: 0 },
  },
  {
    says: 'one service of several',
    conditions: [condition('exists', { address: 'server.request.uri.raw' })],
    services: ['other'],
    found: { matched: 1, total: 1 },
  },
  {
    says: 'an address, and an event of business logic',
    conditions: [
      condition('ip_match', { address: 'http.client_ip' }, { list: ['203.0.113.0/28'] }),
      condition('exists', { address: 'server.business_logic.users.login.failure' }),
    ],
    found: { matched: 16 },
  },
  {
    says: 'a parameter of the query',
    conditions: [
      condition('exact_match', { address: 'server.request.query', key_path: ['next'] }, { list: ['/home'] }),
    ],
    found: { matched: 25 },
  },
  {
    says: 'a body, which is not stored and taken as holding',
    conditions: [userAgentIs(bot), condition('phrase_match', { address: 'server.request.body' }, { list: ['a'] })],
    found: {
      matched: 21,
      unreplayable: [{ address: 'server.request.body', keyPath: [], why: 'server.request.body is not stored' }],
    },
  },
]

test.each(cases)('replays $says', async ({ conditions, routes = [], services = [], found }) => {
  const rule: WafRuleObject = { conditions }
  expect(await replayer.replay({ rule, routes, services, range })).toMatchObject(found)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(12))

test('says when it matched, and in which traces', async () => {
  const { series, traceIds, intervalMs, hours } = await replayer.replay({
    rule: { conditions: [userAgentIs(bot)] },
    range,
  })
  expect(series.reduce((sum, [, count]) => sum + count, 0)).toBe(21)
  expect(series.every(([startMs]) => startMs % intervalMs === 0)).toBe(true)
  expect(traceIds).toHaveLength(20)
  expect(await store.trace(traceIds[0] ?? '')).toEqual([])
  expect(hours).toBeCloseTo(19 / 60, 2)
})

test('on all requests, compact records count as many as they stand for', async () => {
  const attributes = { 'http.method': 'GET', 'http.route': '/items/:id', 'http.useragent': 'items-bot' }
  const record = { ...aFailure('', '203.0.113.8', {}), attributes }
  await store.append({ records: [{ record, keep: 'compact', trusted: true, weight: 9 }], spans: [] })
  const rule = { conditions: [userAgentIs('items-bot'), lacks('x-unknown')] }
  const routes = [{ method: 'GET', pathPattern: '/items/:id' }]
  expect(await replayer.replay({ rule, routes, range })).toMatchObject({
    matched: 0,
    undetermined: 0,
    measuredOn: 'full',
  })
  expect(await replayer.replay({ rule, routes, range, records: 'all' })).toMatchObject({
    matched: 0,
    undetermined: 9,
    measuredOn: 'compact',
  })
  const exact = { conditions: [userAgentIs('items-bot')] }
  expect(await replayer.replay({ rule: exact, routes, range, records: 'all' })).toMatchObject({ matched: 9 })
})

test('a rule that cannot be compiled is refused', async () => {
  const conditions = [condition('exact_mach', { address: 'usr.id' }, { list: ['1'] })]
  await expect(replayer.replay({ rule: { conditions }, range })).rejects.toMatchObject({
    code: 'RULESET_INVALID',
    message: expect.stringContaining('exact_match'),
  })
})

test('what the store selects beforehand is never less than what the rule matches', async () => {
  const values = ['Mozilla/5.0', bot, 'ann', 'user1', '198.51.100.1', 'POST', 'de', '200', 'x']
  const inputs = [
    { address: headers, key_path: ['user-agent'] },
    { address: headers, key_path: ['accept-language'] },
    { address: headers, key_path: ['x-app-key'] },
    { address: 'usr.login' },
    { address: 'http.client_ip' },
    { address: 'server.request.method' },
  ]
  const aCondition = fc.record({
    input: fc.constantFrom(...inputs),
    list: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(aCondition, { minLength: 1, maxLength: 3 }), async (wanted) => {
      const exact = wanted.map(({ input, list }) => condition('exact_match', input, { list }))
      // The same conditions as regexes, of which the store knows nothing.
      const escaped = (value: string): string => value.replaceAll(/[.+/]/g, String.raw`\$&`)
      const asRegex = wanted.map(({ input, list }) =>
        condition('match_regex', input, {
          regex: `^(?:${list.map(escaped).join('|')})$`,
          options: { case_sensitive: true },
        }),
      )
      const [one, other] = await Promise.all(
        [exact, asRegex].map((conditions) => replayer.replay({ rule: { conditions }, range })),
      )
      expect(one).toEqual(other)
    }),
    { numRuns: 60 },
  )
})
