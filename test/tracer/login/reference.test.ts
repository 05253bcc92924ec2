import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { portcullis } from '../../../src/express.ts'
import { startTestTracer, type TestTracer } from '../../../src/testing.ts'
import { eventually } from '../../support/eventually.ts'
import { startFakeAgent, type FakeAgent, type WireSpan } from '../../support/fake-agent.ts'

type Call = readonly [method: string, ...args: unknown[]]

const success = 'eventTrackingV2.trackUserLoginSuccess'
const failure = 'eventTrackingV2.trackUserLoginFailure'

/** What a user of dd-trace may do, well or badly; each case is the calls of one request. */
const cases: readonly (readonly Call[])[] = [
  [[success, 'alice', 'u1', { plan: 'pro', none: null, gone: undefined, at: new Date(0), list: [1, { x: 2 }] }]],
  [[success, 'alice', { id: 'u1', login: 'inner', address: { city: 'C' } }, { 'usr.login': 'meta', usr: { left: 1 } }]],
  [[success, 'alice', { name: 'no id' }]],
  [[success, 'alice', 7]],
  [[success, 'alice', 0]],
  [[success, 5, 'u1']],
  [[success, '', 'u1']],
  [[failure, 'alice', true]],
  [[failure, 'alice']],
  [[failure, 'alice', { a: { b: 1 }, 'usr.exists': 'maybe' }]],
  [[failure, 'alice', { a: 1 }, { b: 2 }]],
  [[failure, 'alice', true, 'text']],
  [[failure, 'alice', null, null]],
  [['trackUserLoginSuccessEvent', { id: 5, login: 'alice', gone: undefined, none: null, o: {} }, { k: null }]],
  [['trackUserLoginSuccessEvent', { id: 'u5' }, { deep: { 1: { 2: { 3: { 4: { 5: 'lost' }, kept: 'yes' } } } } }]],
  [['trackUserLoginSuccessEvent', { login: 'alice' }]],
  [['trackUserLoginFailureEvent', 'u5', false, { k: 'v', 'usr.id': 'other' }]],
  [['trackUserLoginFailureEvent', 'u5', 'yes']],
  [['trackUserLoginFailureEvent', '', true]],
  [['trackCustomEvent', 'my.event', { a: [1, 2], b: { c: true } }]],
  [['trackCustomEvent', 'my.event']],
  [['trackCustomEvent', 'my.event', 'text']],
  [['trackCustomEvent', '']],
  [['trackCustomEvent', 'users.login.failure', { x: 1 }]],
  [['trackCustomEvent', 'numbers', { big: 1n, zero: -0, none: NaN, much: 1e21 }]],
  [['trackCustomEvent', 'long', { ['k'.repeat(300)]: 'v'.repeat(30_000) }]],
  [['trackCustomEvent', 'hostile', JSON.parse('{"__proto__":{"p":1},"constructor":"c","x.y":1}')]],
  [['setUser', { id: 3, session_id: 's1', role: null }]],
  [['setUser', {}]],
  [['setUser', null]],
  [['isUserBlocked', { id: 'u', x: 1 }]],
  [
    ['setUser', { id: 'first' }],
    ['isUserBlocked', { id: 'second' }],
  ],
  [
    ['setUser', { id: 'first', email: 'e' }],
    [success, 'alice', 'second'],
  ],
  [
    [failure, 'alice', true],
    [success, 'alice', 'u1'],
  ],
]

let agent: FakeAgent
let tracer: TestTracer
let stopReference: () => void
const reference = new Map<number, WireSpan>()
const ours = new Map<number, { meta: Readonly<Record<string, string>>; metrics: Readonly<Record<string, number>> }>()

beforeAll(async () => {
  agent = await startFakeAgent()
  const child = fork(fileURLToPath(new URL('reference-app.cjs', import.meta.url)), {
    serialization: 'advanced',
    env: {
      ...process.env,
      DD_TRACE_AGENT_URL: agent.url,
      DD_APPSEC_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    },
  })
  stopReference = () => child.kill()
  child.send(cases)
  const port = await new Promise<unknown>((resolve) => child.once('message', resolve))
  for (const [n] of cases.entries()) await (await fetch(`http://127.0.0.1:${String(port)}/case/${n}`)).text()
  await eventually(
    () => {
      for (const span of agent.spans) {
        const n = /\/case\/(\d+)$/.exec(span.meta['http.url'] ?? '')?.[1]
        if (n !== undefined) reference.set(Number(n), span)
      }
      return reference.size === cases.length
    },
    { says: 'a span of the reference for every case', withinMs: 30_000 },
  )

  tracer = startTestTracer({ logger: { warn() {} } })
  const app = express()
  app.use(portcullis())
  app.get('/case/:n', (request, response) => {
    for (const [method, ...args] of cases[Number(request.params.n)] ?? []) callOurs(method, args)
    response.send('done')
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const [n] of cases.entries()) {
    await (await fetch(`${url}/case/${n}`)).text()
    ours.set(n, await eventually(() => tracer.spans[n], { says: 'our span' }))
  }
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
})

afterAll(async () => {
  stopReference()
  await tracer.stop()
  await agent.close()
})

function callOurs(method: string, args: unknown[]): void {
  const path = method.split('.')
  const owner = (path.length === 1 ? tracer.appsec : tracer.appsec.eventTrackingV2) as unknown as Record<
    string,
    (...all: unknown[]) => unknown
  >
  owner[path.at(-1) ?? '']?.(...args)
}

/** The tags of users and events, as they stand after the cuts of long names and values. */
function loginTags(meta: Readonly<Record<string, string>>): Record<string, string> {
  const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}...` : text)
  const wanted = Object.entries(meta).filter(([name]) =>
    /^(?:usr\.|appsec\.|_dd\.appsec\.(?:events|user|usr)\b|_dd\.p\.dm$)/.test(name),
  )
  return Object.fromEntries(wanted.map(([name, value]) => [cut(name, 200), cut(value, 25_000)]))
}

test.each(
  cases.map((calls, n) => ({
    n,
    says: calls.map(([method, ...args]) => `${method}(${args.map(brief).join(', ')})`).join('; '),
  })),
)('$n: $says', ({ n }) => {
  expect(loginTags(ours.get(n)?.meta ?? {})).toEqual(loginTags(reference.get(n)?.meta ?? {}))
  expect(ours.get(n)?.metrics['_sampling_priority_v1']).toBe(reference.get(n)?.metrics['_sampling_priority_v1'])
})

test('every case ran, against the reference as it is installed', () => {
  expect([cases.length, reference.size, ours.size]).toEqual([34, 34, 34])
  expect(Object.keys(loginTags(reference.get(0)?.meta ?? {})).length).toBeGreaterThan(5)
  const { version } = createRequire(import.meta.url)('dd-trace/package.json') as { version: string }
  expect(version).toMatch(/^5\./)
})

function brief(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? 'undefined'
  ).slice(0, 60)
}
