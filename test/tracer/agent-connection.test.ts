import { AsyncLocalStorage } from 'node:async_hooks'
import { context, createContextKey, ROOT_CONTEXT, type Context, type ContextManager } from '@opentelemetry/api'
import { afterEach, expect, test } from 'vitest'
import { connectAgent } from '../../src/tracer/agent-connection.ts'
import { readAgentUrl } from '../../src/tracer/agent-url.ts'
import { ownTraffic } from '../../src/tracer/own-traffic.ts'
import { startFakeAgent, type FakeAgent } from '../support/fake-agent.ts'
import { systemClock } from '../support/system-clock.ts'

const request = { method: 'GET', path: '/info', headers: {}, timeoutMs: 5000, maxReplyBytes: 1000 } as const
let agents: FakeAgent[] = []
afterEach(async () => {
  for (const agent of agents) await agent.close()
  agents = []
})

test.each([
  {
    url: 'http://127.0.0.1:8126',
    shown: 'http://127.0.0.1:8126',
    prefix: '',
    address: { host: '127.0.0.1', port: 8126 },
  },
  {
    url: 'https://u:p@agent.example/a/b/',
    shown: 'https://agent.example',
    prefix: '/a/b',
    address: { host: 'agent.example', port: 443 },
  },
  { url: 'http://[::1]:81', shown: 'http://[::1]:81', prefix: '', address: { host: '::1', port: 81 } },
  {
    url: 'unix:///run/agent.sock',
    shown: 'unix:///run/agent.sock',
    prefix: '',
    address: { socketPath: '/run/agent.sock' },
  },
  {
    url: 'unix:/run/agent.sock',
    shown: 'unix:/run/agent.sock',
    prefix: '',
    address: { socketPath: '/run/agent.sock' },
  },
])('$url is an address', ({ url, ...expected }) => {
  expect(readAgentUrl(url)).toMatchObject(expected)
})

test.each(['', 'localhost', 'localhost:8126', 'ftp://host', 'unix:', '//host'])('"%s" is none', (url) => {
  expect(readAgentUrl(url)).toBeUndefined()
  expect(() => connectAgent(url, systemClock)).toThrow(TypeError)
})

test('a reply larger than its bound is an error, one within it is not', async () => {
  const agent = await startFakeAgent()
  agents.push(agent)
  agent.answer = (received, response) => response.end('x'.repeat(received.path === '/big' ? 1001 : 1000))
  const connection = connectAgent(agent.url, systemClock)
  expect((await connection.send(request)).body).toHaveLength(1000)
  await expect(connection.send({ ...request, path: '/big' })).rejects.toThrow(/larger than 1000 bytes/)
  connection.close()
})

test('the context of the request that caused the traffic does not get into it', async () => {
  const storage = new AsyncLocalStorage<string>()
  const apart = ownTraffic()
  await storage.run('request', async () => {
    expect(apart(() => storage.getStore())).toBeUndefined()
    expect(await apart(() => Promise.resolve(storage.getStore()))).toBeUndefined()
    expect(storage.getStore()).toBe('request')
  })
})

test('OpenTelemetry is told not to trace it', () => {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...all) => storage.run(active, () => run.call(self as never, ...all)),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  context.setGlobalContextManager(manager)
  const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
  const apart = ownTraffic()
  expect(context.active().getValue(suppressed)).toBeUndefined()
  expect(apart(() => context.active().getValue(suppressed))).toBe(true)
  context.disable()
  expect(apart(() => 'without it')).toBe('without it')
})
