import { spawn, type ChildProcess } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  bin,
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'

// The doctor, the collector and an example app as users run them, on the build (`npm run build` comes first).
const directory = temporaryDirectory()
let collector: CollectorProcess
let app: ChildProcess
let appUrl: string

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
  app = spawn(process.execPath, ['examples/express-login/app.js'], {
    env: {
      ...process.env,
      PORT: '0',
      HOST: '127.0.0.1',
      TRACE_AGENT_URL: collector.agentUrl,
      TRUSTED_PROXIES: '127.0.0.0/8',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: app.stdout! })
  appUrl = await new Promise((done) => {
    lines.on('line', (line) => done(`http://127.0.0.1:${/port (\d+)/.exec(line)?.[1]}`))
  })
})
afterAll(async () => {
  app.kill('SIGKILL')
  await collector.stop()
  directory.remove()
})

interface Finding {
  readonly level: string
  readonly about: string
  readonly says: string
}

async function doctor(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [bin, 'doctor', ...args], {
    env: {
      ...process.env,
      TRACE_AGENT_URL: collector.agentUrl,
      DD_SERVICE: 'express-login',
      TRUSTED_PROXIES: '127.0.0.0/8',
      DD_APPSEC_ENABLED: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((done) => child.once('close', done))
  const [code, out, err] = await Promise.all([exited, text(child.stdout), text(child.stderr)])
  return { code, out, err }
}

async function findings(...args: string[]): Promise<readonly Finding[]> {
  const { out } = await doctor('--json', ...args)
  return (JSON.parse(out) as { findings: readonly Finding[] }).findings
}

const atCollector = (): string[] => ['--collector', collector.consoleUrl, '--token', token]

function logIn(login: string, password: string): Promise<number> {
  return fetch(new URL('/login', appUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
    body: JSON.stringify({ login, password }),
  }).then(({ status }) => status)
}

test('the doctor asks the collector what it has seen of a service: nothing, then its logins', async () => {
  const before = await findings(...atCollector())
  expect(before).toContainEqual({
    level: 'ok',
    about: 'agent',
    says: expect.stringContaining(collector.agentUrl) as string,
  })
  expect(before.filter(({ about }) => about === 'remote configuration')).toEqual([])
  expect(before).toContainEqual(expect.objectContaining({ level: 'problem', about: 'spans' }))

  expect([await logIn('ada@example.com', 'correct horse'), await logIn('eve@example.com', 'guess')]).toEqual([200, 401])
  const after = await eventually(
    async () => {
      const found = await findings(...atCollector())
      const logins = found.filter(({ about, level }) => about.startsWith('login') && level === 'ok')
      return logins.length === 2 ? found : undefined
    },
    { says: 'both logins in the explorer', withinMs: 20_000 },
  )
  expect(after).toContainEqual({
    level: 'ok',
    about: 'login successes',
    says: 'seen, with usr.login and usr.id',
  })
  expect(after).toContainEqual({ level: 'ok', about: 'login failures', says: 'seen, with usr.login and usr.exists' })
  expect(after).toContainEqual({ level: 'ok', about: 'client IP', says: '1 different addresses in 2 spans' })
  expect(after.filter(({ level }) => level === 'problem')).toEqual([])

  const { code, out, err } = await doctor(...atCollector())
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^ {2}SERVICE +express-login +DD_SERVICE$/m)
  expect(out).toMatch(/^ {2}ok +login failures: seen, with usr.login and usr.exists$/m)
  expect(out).not.toContain(token)
})

test('a token that the collector does not know is told of', async () => {
  const refused = await findings('--collector', collector.consoleUrl, '--token', 'wrong')
  expect(refused.find(({ about }) => about === 'collector')?.says).toMatch(/the token is not accepted/)
})
