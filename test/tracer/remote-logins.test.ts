import type { AddressInfo } from 'node:net'
import express5 from 'express'
import fastify from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { portcullis } from '../../src/express.ts'
import { portcullis as plugin } from '../../src/fastify.ts'
import { start, stop } from '../../src/index.ts'
import { loginTagRule } from '../../src/waf/default-ruleset/login-tag-rule.ts'
import { eventually } from '../support/eventually.ts'
import { healthy, startFakeAgent, type FakeAgent, type WireSpan } from '../support/fake-agent.ts'
import { configServer, putAndAwait } from './remote-config/config-server.ts'

// A service that never calls the login SDK: what it does with logins is told to the tracer from outside, by rules.
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

const right = (body: unknown): boolean => (body as { password?: string } | undefined)?.password === 'right'

const services: Readonly<Record<string, () => Promise<string>>> = {
  async Express() {
    const app = express5()
    app.use(portcullis())
    app.post('/login', express5.json(), (request, response) => {
      response.status(right(request.body) ? 200 : 401).json({ ok: right(request.body) })
    })
    const server = app.listen(0, '127.0.0.1')
    cleanups.push(() => new Promise((resolve) => server.close(resolve)))
    await new Promise((resolve) => server.once('listening', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  },
  async Fastify() {
    const app = fastify()
    void app.register(plugin as never)
    app.post('/login', (request, reply) =>
      reply.code(right(request.body) ? 200 : 401).send({ ok: right(request.body) }),
    )
    cleanups.push(() => app.close())
    return app.listen({ port: 0, host: '127.0.0.1' })
  },
}

async function push(content: object): Promise<void> {
  const states = await putAndAwait({ 'datadog/2/ASM/logins/config': JSON.stringify(content) }, { agent, config })
  expect(states).toMatchObject([{ id: 'logins', apply_state: 2 }])
}

const headers = {
  'content-type': 'application/json',
  'user-agent': 'tool/1',
  'accept-language': 'de',
  'x-odd': 'four',
  connection: 'close',
}

function logIn(url: string, login: string, password = 'wrong'): Promise<Response> {
  return fetch(`${url}/login`, { method: 'POST', headers, body: JSON.stringify({ login, password }) })
}

function spanOf(login: string): Promise<WireSpan> {
  const find = (): WireSpan | undefined =>
    agent.spans.find(({ meta }) =>
      Object.entries(meta).some(([name, text]) => name.endsWith('.usr.login') && text === login),
    )
  return eventually(find, { says: `the span of ${login}` })
}

const login = { from: 'body', keyPath: ['login'] } as const
const loginRules = [
  loginTagRule({ id: 'failed', event: 'users.login.failure', uri: '^/login', status: '^401$', login, exists: true }),
  loginTagRule({ id: 'passed', event: 'users.login.success', uri: '^/login', status: '^200$', login }),
]

test.each(Object.keys(services))(
  '%s: rules from outside make login events, with all that names a tool',
  async (name) => {
    start({ agentUrl: agent.url, appsecEnabled: true, logger: { warn() {} } }, { environment: {} })
    const url = (await services[name]?.()) ?? ''
    await push({ custom_rules: loginRules })
    expect((await logIn(url, 'ann')).status).toBe(401)
    expect((await logIn(url, 'bob', 'right')).status).toBe(200)

    const failed = await spanOf('ann')
    expect(failed.meta).toMatchObject({
      'appsec.events.users.login.failure.track': 'true',
      'appsec.events.users.login.failure.usr.login': 'ann',
      'appsec.events.users.login.failure.usr.exists': 'true',
      '_dd.p.dm': '-5',
      'http.request.headers.user-agent': 'tool/1',
      'http.request.headers.accept-language': 'de',
      'http.request.headers.accept-encoding': expect.any(String) as string,
      'http.request.headers.content-type': 'application/json',
      'http.request.headers.host': expect.any(String) as string,
      'http.useragent': 'tool/1',
      '_dd.appsec.fp.http.order': expect.stringMatching(/^ord-\d+-[0-9a-f]{8}$/) as string,
      '_dd.appsec.fp.http.header': expect.stringMatching(/^hdr-/) as string,
      '_dd.appsec.fp.http.network': 'net-0-0000000000',
      '_dd.appsec.fp.http.endpoint': expect.stringMatching(/^http-post-/) as string,
      '_dd.portcullis.header_lengths': expect.stringContaining('x-odd=4') as string,
    })
    expect(failed.meta['_dd.portcullis.header_names']?.split(',')).toEqual(
      expect.arrayContaining(['host', 'content-type', 'user-agent', 'accept-language', 'x-odd', 'content-length']),
    )
    expect(failed.meta).not.toHaveProperty(['http.request.headers.x-odd'])
    expect(failed.metrics['_sampling_priority_v1']).toBe(2)
    const passed = await spanOf('bob')
    expect(passed.meta).toMatchObject({ 'appsec.events.users.login.success.track': 'true', 'http.status_code': '200' })
    expect(passed.meta).not.toHaveProperty(['appsec.events.users.login.failure.track'])
  },
)

test('a rule that matches as a business event records what a login records', async () => {
  start({ agentUrl: agent.url, appsecEnabled: true, logger: { warn() {} } }, { environment: {} })
  const url = (await services['Express']?.()) ?? ''
  const { output: _output, ...rule } = loginRules[0] ?? {}
  await push({ custom_rules: [rule] })
  await logIn(url, 'ann')
  const span = await eventually(() => agent.spans.find(({ meta }) => meta['appsec.event'] === 'true'), {
    says: 'the span',
  })
  expect(span.meta['_dd.appsec.json']).toContain('"category":"business_logic"')
  expect(span.meta['_dd.portcullis.header_names']).toContain('x-odd')
})

test.each(Object.keys(services))(
  '%s: a stealth action from outside answers as the service answers a wrong password, learned by rules alone',
  async (name) => {
    start({ agentUrl: agent.url, appsecEnabled: true, logger: { warn() {} } }, { environment: {} })
    const url = (await services[name]?.()) ?? ''
    const actions = [{ id: 'quietly', type: 'block_request', parameters: { status_code: 403, type: 'login_failure' } }]
    const stop = {
      id: 'stop-mallory',
      name: 'stop mallory',
      tags: { type: 'ato', category: 'attack_attempt' },
      conditions: [
        {
          operator: 'exact_match',
          parameters: { inputs: [{ address: 'server.request.body', key_path: ['login'] }], list: ['mallory'] },
        },
      ],
      on_match: ['quietly'],
    }
    await push({ actions, custom_rules: [...loginRules, stop] })
    expect((await logIn(url, 'mallory', 'right')).status, 'before anything is learned').toBe(403)
    for (const one of ['ann', 'bob', 'cy']) await (await logIn(url, one)).text()
    const genuine = await logIn(url, 'dan')
    const stealth = await logIn(url, 'mallory', 'right')
    expect([stealth.status, await stealth.text()]).toEqual([genuine.status, await genuine.text()])
    const shape = (response: Response): [string, string][] =>
      [...response.headers].filter(([header]) => !['date', 'etag', 'x-powered-by'].includes(header))
    expect(shape(stealth)).toEqual(shape(genuine))
  },
)
