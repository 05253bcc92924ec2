import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'

const directory = temporaryDirectory()
let collector: CollectorProcess
let app: ChildProcess
let appUrl: string

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
  app = spawn(process.execPath, ['test/e2e/apps/dd-trace-login.cjs'], {
    env: {
      ...process.env,
      DD_TRACE_AGENT_URL: collector.agentUrl,
      DD_APPSEC_ENABLED: 'true',
      DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '0.2',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  appUrl = await listening(app)
}, 60_000)

afterAll(async () => {
  app.kill('SIGKILL')
  await collector.stop()
  directory.remove()
})

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const [, port] = /^listening (\d+)/.exec(line) ?? []
      if (port) resolve(`http://127.0.0.1:${port}`)
    })
  })
}

function logIn(username: string, password: string, ip: string): Promise<number> {
  return fetch(new URL('/login', appUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': ip },
    body: JSON.stringify({ username, password }),
  }).then((response) => response.status)
}

async function search(query: string): Promise<any[]> {
  const { status, body } = await collector.api('POST', '/api/spans/search', { query, from: 'now-10m' })
  expect(status).toBe(200)
  return body.spans
}

test('login events of a real dd-trace app are found in the explorer', async () => {
  expect(await logIn('alice', 'wrong', '198.51.100.7')).toBe(401)
  expect(await logIn('alice', 'right', '198.51.100.7')).toBe(200)
  const [failure] = await eventually(
    async () => {
      const found = await search(
        '@appsec.security_activity:business_logic.users.login.failure @appsec.events_data.usr.login:alice',
      )
      return found.length > 0 ? found : undefined
    },
    { says: 'the failure', withinMs: 20_000 },
  )
  expect(failure).toMatchObject({
    service: 'legacy-shop',
    env: 'prod',
    attributes: {
      'http.client_ip': '198.51.100.7',
      'appsec.events_data.usr.login': 'alice',
      'appsec.events_data.usr.exists': true,
      'http.status_code': expect.anything(),
    },
  })
  const [success] = await eventually(
    async () => {
      const found = await search(
        '@appsec.security_activity:business_logic.users.login.success @appsec.events_data.usr.id:id-alice',
      )
      return found.length > 0 ? found : undefined
    },
    { says: 'the success', withinMs: 20_000 },
  )
  expect(success.attributes['appsec.events_data.usr.login']).toBe('alice')
})

test('an address added to the denylist through the API is blocked in the dd-trace app', async () => {
  expect(await logIn('bob', 'wrong', '203.0.113.50')).toBe(401)
  const added = await collector.api('POST', '/api/denylist', {
    kind: 'ip',
    value: '203.0.113.50',
    forSeconds: 600,
    reason: 'test',
  })
  expect(added.status).toBe(201)
  await eventually(async () => ((await logIn('bob', 'wrong', '203.0.113.50')) === 403 ? true : undefined), {
    says: 'the block',
    withinMs: 20_000,
  })
  expect(await logIn('bob', 'wrong', '198.51.100.8')).toBe(401)
  await eventually(
    async () => {
      const { body } = await collector.api('GET', '/api/services')
      const service = body.items.find(({ name }: { name: string }) => name === 'legacy-shop')
      return service?.tracers.some(({ upToDate }: { upToDate: boolean }) => upToDate) ? true : undefined
    },
    { says: 'the tracer reporting that it took the list over', withinMs: 20_000 },
  )
})

test('AppSec is switched on and off in a dd-trace app that leaves it open', async () => {
  const open = spawn(process.execPath, ['test/e2e/apps/dd-trace-login.cjs'], {
    env: {
      ...process.env,
      APP_NAME: 'open-shop',
      DD_TRACE_AGENT_URL: collector.agentUrl,
      DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '0.2',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = await listening(open)
    const attack = (): Promise<number> =>
      fetch(new URL('/login', url), { headers: { 'x-forwarded-for': '203.0.113.60' } }).then(({ status }) => status)
    const listed = await collector.api('POST', '/api/denylist', { kind: 'ip', value: '203.0.113.60', forSeconds: 600 })
    expect(listed.status).toBe(201)
    expect(await attack()).toBe(404)
    expect((await collector.api('PATCH', '/api/services/open-shop', { appsec: { enabled: true } })).status).toBe(200)
    await eventually(async () => (await attack()) === 403, { says: 'blocking once switched on', withinMs: 20_000 })
    expect((await collector.api('PATCH', '/api/services/open-shop', { appsec: { enabled: null } })).status).toBe(200)
    await eventually(async () => (await attack()) === 404, { says: 'no blocking once switched off', withinMs: 20_000 })
  } finally {
    open.kill('SIGKILL')
  }
})
