import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startFakeAgent, type FakeAgent } from '../support/fake-agent.ts'

// The examples are run as a user would, on the package's build: `npm run build` comes first.
const examples = ['express-login', 'fastify-login']

let agent: FakeAgent | undefined
let child: ChildProcess | undefined

afterEach(async () => {
  child?.kill('SIGKILL')
  await agent?.close()
})

describe.each(examples)('examples/%s', (name) => {
  const file = `examples/${name}/app.js`

  test('is short enough to copy', () => {
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(60)
  })

  test('answers logins, tells of them, and ends at SIGTERM with everything sent', async () => {
    expect(existsSync('dist/index.js')).toBe(true)
    agent = await startFakeAgent()
    child = spawn(process.execPath, [file], {
      env: {
        ...process.env,
        PORT: '0',
        HOST: '127.0.0.1',
        TRACE_AGENT_URL: agent.url,
        REMOTE_CONFIGURATION_ENABLED: 'false',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
    const url = `http://127.0.0.1:${/port (\d+)/.exec(line)?.[1]}/login`

    expect(await login(url, 'ada@example.com', 'correct horse')).toBe(200)
    expect(await login(url, 'ada@example.com', 'guess')).toBe(401)
    expect(await login(url, 'eve@example.com', 'guess')).toBe(401)
    expect(
      (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status,
    ).toBe(400)
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(0)

    const { spans } = agent
    await eventually(() => spans.length === 4, { says: 'four spans arrive' })
    const seen = spans.map(({ resource, service, meta }) => ({
      resource,
      service,
      success: meta['appsec.events.users.login.success.usr.login'],
      failure: meta['appsec.events.users.login.failure.usr.login'],
      exists: meta['appsec.events.users.login.failure.usr.exists'],
      id: meta['usr.id'],
    }))
    const common = { resource: 'POST /login', service: name }
    expect(seen).toEqual([
      { ...common, success: 'ada@example.com', id: 'user-1' },
      { ...common, failure: 'ada@example.com', exists: 'true' },
      { ...common, failure: 'eve@example.com', exists: 'false' },
      common,
    ])
  })
})

test('every example ran', () => expect(examples).toHaveLength(2))

async function login(url: string, name: string, password: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ login: name, password }),
  })
  await response.arrayBuffer()
  return response.status
}
