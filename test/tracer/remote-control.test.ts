import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { portcullis } from '../../src/express.ts'
import { isUserBlocked, setUser, stop, trackLoginSuccess } from '../../src/index.ts'
import { wrapPassport } from '../../src/passport.ts'
import { start, type StartOptions } from '../../src/tracer/start.ts'
import { eventually } from '../support/eventually.ts'
import { healthy, startFakeAgent, type FakeAgent, type WireSpan } from '../support/fake-agent.ts'
import { configServer, putAndAwait, requestOf, type Files } from './remote-config/config-server.ts'

// Passport and its strategy are CommonJS without types.
const require = createRequire(import.meta.url)
type Done = (error: unknown, user?: unknown) => void
interface Passport {
  use(strategy: object): Passport
  authenticate(name: string, options: object): express.RequestHandler
}
const { Passport } = require('passport') as { Passport: new () => Passport }
const { Strategy: LocalStrategy } = require('passport-local') as { Strategy: new (...all: unknown[]) => object }

let agent: FakeAgent
let config: ReturnType<typeof configServer>
let cleanups: (() => Promise<unknown>)[]

beforeEach(async () => {
  agent = await startFakeAgent()
  config = configServer({ holds: true })
  agent.answer = (request, response, socket) =>
    (request.path === '/v0.7/config' ? config.answer : healthy)(request, response, socket)
  cleanups = [() => agent.close(), () => stop()]
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(options: StartOptions): Promise<string> {
  start({ agentUrl: agent.url, logger: { warn() {} }, exitTimeoutMs: 1000, ...options }, { environment: {} })
  const passport = wrapPassport(new Passport()).use(
    new LocalStrategy((login: string, _password: string, done: Done) => done(null, { id: login })),
  )
  const app = express()
  app.use(portcullis())
  app.use(express.urlencoded())
  app.get('/', (_request, response) => void response.send('in'))
  app.get('/ask', (request, response) => void response.json(isUserBlocked(request.query['user'] as string)))
  app.get('/set', (request, response) => {
    const decision = setUser(request.query['user'] as string)
    if (decision.blocked) decision.respond(response)
    else response.send('in')
  })
  app.get('/login', (request, response) => {
    const decision = trackLoginSuccess('typed', request.query['user'] as string)
    if (decision.blocked) decision.respond()
    else response.send('in')
  })
  app.post(
    '/login',
    passport.authenticate('local', { session: false }),
    (_request, response) => void response.send('in'),
  )
  const server = app.listen(0, '127.0.0.1')
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Puts the files in force, and waits until the tracer has said what became of each. */
async function put(files: Files): Promise<Record<string, [state: number, error: string]>> {
  const states = await putAndAwait(files, { agent, config })
  return Object.fromEntries(states.map((one) => [one.id, [one.apply_state, one.apply_error ?? '']]))
}

async function get(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers: { connection: 'close', ...headers } })
  await response.text()
  return response.status
}

async function spanWith(matches: (span: WireSpan) => boolean): Promise<WireSpan> {
  return eventually(() => agent.spans.find(matches), { says: 'the span' })
}

const on = JSON.stringify({ asm: { enabled: true } })
const features = 'datadog/2/ASM_FEATURES/activation/config'

function lists(options: { ips?: readonly string[]; users?: readonly string[]; passIps?: readonly string[] }): string {
  const items = (values: readonly string[]): object[] => values.map((value) => ({ value }))
  const list = (id: string, type: string, values: readonly string[] = []): object[] =>
    values.length === 0 ? [] : [{ id, type, data: items(values) }]
  return JSON.stringify({
    rules_data: [
      ...list('blocked_ips', 'ip_with_expiration', options.ips),
      ...list('blocked_users', 'data_with_expiration', options.users),
    ],
    exclusion_data: list('passlisted_ips', 'ip_with_expiration', options.passIps),
  })
}
const denylist = 'datadog/2/ASM_DATA/denylist/config'
const passlist = 'datadog/2/ASM_DATA/passlist/config'

test('one click switches on, lists block, changes and removals are in force at once', async () => {
  const url = await serve({})
  expect(await get(url)).toBe(200)
  expect(await put({ [features]: on })).toEqual({ activation: [2, ''] })
  expect(await put({ [features]: on, [denylist]: lists({ ips: ['127.0.0.0/8'] }) })).toMatchObject({
    denylist: [2, ''],
  })
  expect(await get(url)).toBe(403)
  expect(await get(url, { 'x-forwarded-for': '203.0.113.7' })).toBe(200)
  await put({ [features]: on, [denylist]: lists({ ips: ['203.0.113.7'] }) })
  expect(await get(url)).toBe(200)
  expect(await get(url, { 'x-forwarded-for': '203.0.113.7' })).toBe(403)
  await put({ [features]: on })
  expect(await get(url, { 'x-forwarded-for': '203.0.113.7' })).toBe(200)
  await put({ [features]: on, [denylist]: lists({ ips: ['127.0.0.1'] }) })
  expect(await get(url)).toBe(403)
  await put({ [denylist]: lists({ ips: ['127.0.0.1'] }) })
  expect(await get(url)).toBe(200)

  const blocked = await spanWith(({ meta }) => meta['appsec.blocked'] === 'true')
  expect(blocked.meta).toMatchObject({ 'appsec.event': 'true', 'http.status_code': '403', '_dd.p.dm': '-5' })
  const { triggers } = JSON.parse(blocked.meta['_dd.appsec.json'] ?? '{}') as { triggers: object[] }
  expect(triggers[0]).toMatchObject({
    rule: { id: 'blk-001-001', on_match: ['block'] },
    rule_matches: [{ operator: 'ip_match', parameters: [{ address: 'http.client_ip', value: '127.0.0.1' }] }],
  })
  expect(blocked.metrics['_sampling_priority_v1']).toBe(2)
})

test('capabilities grow when the WAF is switched on', async () => {
  await serve({})
  await put({ [features]: on })
  const seen = agent.received.filter(({ path }) => path === '/v0.7/config').map(requestOf)
  expect([seen[0]?.client.capabilities, seen[0]?.client.products]).toEqual(['gAAAAg==', ['ASM_FEATURES']])
  expect(seen.at(-1)?.client.capabilities).toBe('HA+ABwf+')
  expect(seen.at(-1)?.client.products).toEqual(['ASM_FEATURES', 'ASM', 'ASM_DD', 'ASM_DATA'])
})

test('what is set locally is not changed from outside', async () => {
  const url = await serve({ appsecEnabled: true })
  await put({ [features]: JSON.stringify({ asm: { enabled: false } }), [denylist]: lists({ ips: ['127.0.0.1'] }) })
  expect(await get(url)).toBe(403)
})

test('the local kill switch sees everything and blocks nothing', async () => {
  const url = await serve({ appsecEnabled: true, appsecBlocking: false })
  await put({ [denylist]: lists({ ips: ['127.0.0.1'] }) })
  expect(await get(url)).toBe(200)
  const span = await spanWith(({ meta }) => meta['appsec.event'] === 'true')
  expect(span.meta).not.toHaveProperty('appsec.blocked')
})

test('the passlist beats the denylist, but not for an address that is only claimed', async () => {
  const url = await serve({ appsecEnabled: true })
  await put({
    [denylist]: lists({ ips: ['127.0.0.1', '203.0.113.7'] }),
    [passlist]: lists({ passIps: ['127.0.0.1', '203.0.113.7'] }),
  })
  expect(await get(url)).toBe(200)
  expect(await get(url, { 'x-forwarded-for': '203.0.113.7' })).toBe(403)
})

test('a blocked user is stopped wherever the service names them', async () => {
  const url = await serve({ appsecEnabled: true })
  await put({ [denylist]: lists({ users: ['7', 'mallory'] }) })
  expect(await (await fetch(`${url}/ask?user=7`)).json()).toBe(true)
  expect(await (await fetch(`${url}/ask?user=8`)).json()).toBe(false)
  expect([await get(`${url}/set?user=7`), await get(`${url}/set?user=8`)]).toEqual([403, 200])
  expect([await get(`${url}/login?user=7`), await get(`${url}/login?user=8`)]).toEqual([403, 200])
  const logIn = (username: string): Promise<Response> =>
    fetch(`${url}/login`, { method: 'POST', body: new URLSearchParams({ username, password: 'x' }) })
  expect([(await logIn('mallory')).status, (await logIn('alice')).status]).toEqual([403, 200])
  const span = await spanWith(
    ({ meta }) => meta['appsec.blocked'] === 'true' && meta['_dd.appsec.usr.id'] === 'mallory',
  )
  expect(span.meta['_dd.appsec.json']).toContain('blk-001-002')
})

test('the mode of automatic events comes from outside while it is there', async () => {
  const url = await serve({ appsecEnabled: true })
  const mode = 'datadog/2/ASM_FEATURES/auto/config'
  const other = 'datadog/2/ASM_FEATURES/other/config'
  const anonymous = JSON.stringify({ auto_user_instrum: { mode: 'anonymization' } })
  expect(
    await put({ [mode]: anonymous, [other]: JSON.stringify({ auto_user_instrum: { mode: 'disabled' } }) }),
  ).toEqual({
    auto: [2, ''],
    other: [3, 'Multiple auto_user_instrum.mode received in ASM_FEATURES'],
  })
  const logIn = async (): Promise<void> => {
    await (
      await fetch(`${url}/login`, { method: 'POST', body: new URLSearchParams({ username: 'test', password: 'x' }) })
    ).text()
  }
  await logIn()
  await spanWith(({ meta }) => meta['usr.id'] === 'anon_9f86d081884c7d659a2feaa0c55ad015')
  await put({})
  await logIn()
  await spanWith(({ meta }) => meta['usr.id'] === 'test')
})

test('rules and the block action come from outside, what is malformed is told', async () => {
  const url = await serve({ appsecEnabled: true })
  const custom = 'datadog/2/ASM/custom/config'
  const states = await put({
    [custom]: JSON.stringify({
      custom_rules: [
        {
          id: 'custom-1',
          name: 'no scanners',
          tags: { type: 'scanner', category: 'attack_attempt' },
          conditions: [
            {
              operator: 'phrase_match',
              parameters: {
                inputs: [{ address: 'server.request.headers.no_cookies', key_path: ['user-agent'] }],
                list: ['scanner'],
              },
            },
          ],
          on_match: ['teapot'],
        },
      ],
      actions: [
        { id: 'teapot', type: 'block_request', parameters: { status_code: 418, type: 'json' } },
        { id: 'block', type: 'redirect_request', parameters: { status_code: 302, location: '/blocked' } },
      ],
    }),
    [denylist]: lists({ ips: ['203.0.113.7'] }),
    [passlist]: JSON.stringify({ rules_data: [{ id: 'blocked_ips', type: 'data_with_expiration', data: [] }] }),
  })
  expect(states).toMatchObject({
    custom: [2, ''],
    denylist: [2, ''],
    passlist: [3, expect.stringContaining('blocked_ips has the type')],
  })
  expect(await get(url, { 'user-agent': 'a scanner' })).toBe(418)
  const redirected = await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.7' }, redirect: 'manual' })
  expect([redirected.status, redirected.headers.get('location')]).toEqual([302, '/blocked'])
})
