import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bin,
  startCollectorProcess,
  temporaryDirectory,
  type CollectorProcess,
} from '../../support/collector-process.ts'
import { eventually } from '../../support/eventually.ts'

/** Runs on the build (dist/): a collector without a token of the environment, as at somebody's first start. */
const directory = temporaryDirectory()
let collector: CollectorProcess
/** The cookie of the first administrator. */
let admin = ''

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Reply> {
  const reply = await fetch(new URL(path, collector.consoleUrl), {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, headers: reply.headers, body: text.startsWith('{') ? JSON.parse(text) : text }
}

const byCookie = (cookie: string): Record<string, string> => ({ cookie, 'x-portcullis-csrf': '1' })
const byToken = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const secretOf = (link: string): string => link.split('#')[1] ?? ''

async function signIn(secret: string): Promise<Reply & { readonly cookie: string }> {
  const reply = await call('POST', '/api/session', {}, { secret })
  return { ...reply, cookie: reply.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

async function tokenOf(role: string): Promise<string> {
  const { body } = await call('POST', '/api/keys', byCookie(admin), { name: `${role}-${Math.random()}`, role })
  return body.secret
}

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path, { PORTCULLIS_TOKEN: '' })
  const line = await eventually(() => collector.said.find((line) => line.includes('sign in within')), {
    says: 'the sign-in link',
  })
  admin = (await signIn(secretOf(line))).cookie
})
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

test('the first start prints a link that lets the first administrator in, once', async () => {
  const line = collector.said.find((line) => line.includes('/signin#')) ?? ''
  expect(await call('GET', '/api/session', { cookie: admin })).toMatchObject({
    status: 200,
    body: { name: 'admin', role: 'admin' },
  })
  expect(await signIn(secretOf(line))).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
})

test('the page behind a link uses nothing up, and lets no foreign code run', async () => {
  const { body: user } = await call('POST', '/api/users', byCookie(admin), { name: 'Grace', role: 'viewer' })
  const page = await call('GET', '/signin')
  expect(page.status).toBe(200)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  expect(page.body).not.toMatch(/<script>|onclick|style=/)
  for (const [, path = ''] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect((await call('GET', path)).status).toBe(200)
  }
  expect((await signIn(secretOf(user.signInLink))).status).toBe(201)
})

test('the session cookie is kept from scripts and from other sites', async () => {
  const { body } = await call('POST', '/api/users', byCookie(admin), { name: 'Hedy', role: 'viewer' })
  const cookie = (await signIn(secretOf(body.signInLink))).headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/HttpOnly/)
  expect(cookie).toMatch(/SameSite=Strict/)
})

test('two who use one link at the same time: one gets in', async () => {
  const { body } = await call('POST', '/api/users', byCookie(admin), { name: 'Twins', role: 'viewer' })
  const both = await Promise.all([1, 2].map(() => signIn(secretOf(body.signInLink))))
  expect(both.map(({ status }) => status).toSorted()).toEqual([201, 401])
})

test('a change by cookie needs the CSRF header; by token it needs none', async () => {
  const entry = { kind: 'ip', value: '198.51.100.77' }
  expect(await call('POST', '/api/denylist', { cookie: admin }, entry)).toMatchObject({
    status: 403,
    body: { code: 'CSRF_MISSING' },
  })
  expect((await call('POST', '/api/denylist', byCookie(admin), entry)).status).toBe(201)
  expect((await call('POST', '/api/denylist', byToken(await tokenOf('responder')), entry)).status).toBe(201)
})

test('signing out ends the session', async () => {
  const { body } = await call('POST', '/api/users', byCookie(admin), { name: 'Brief', role: 'viewer' })
  const { cookie } = await signIn(secretOf(body.signInLink))
  expect((await call('DELETE', '/api/session', byCookie(cookie))).status).toBe(204)
  expect((await call('GET', '/api/session', { cookie })).status).toBe(401)
})

test('who is disabled is out at once, and the last administrator cannot be', async () => {
  const { body } = await call('POST', '/api/users', byCookie(admin), { name: 'Former', role: 'responder' })
  const { cookie } = await signIn(secretOf(body.signInLink))
  expect((await call('GET', '/api/session', { cookie })).status).toBe(200)
  expect((await call('PATCH', `/api/users/${body.id}`, byCookie(admin), { disabled: true })).status).toBe(200)
  expect((await call('GET', '/api/session', { cookie })).status).toBe(401)
  const own = await call('GET', '/api/session', { cookie: admin })
  expect(await call('PATCH', `/api/users/${own.body.id}`, byCookie(admin), { role: 'viewer' })).toMatchObject({
    status: 409,
    body: { code: 'CONFLICT' },
  })
})

test('guessing is slowed down, and those who are signed in go on', async () => {
  const other = temporaryDirectory()
  const guessed = await startCollectorProcess(other.path, {})
  const guess = async (): Promise<Response> =>
    fetch(new URL('/api/session', guessed.consoleUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret: `${'0'.repeat(36)}.guess` }),
    })
  const answers: Response[] = []
  for (let attempt = 0; attempt < 12; attempt++) answers.push(await guess())
  expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 401))
  expect(answers.slice(10).map(({ status }) => status)).toEqual([429, 429])
  expect(Number(answers[11]?.headers.get('retry-after'))).toBeGreaterThan(1)
  expect((await guessed.api('GET', '/api/signals')).status).toBe(200)
  await guessed.stop()
  other.remove()
})

describe('roles', () => {
  const cases = [
    { method: 'GET', path: '/api/signals', viewer: 200, responder: 200, admin: 200 },
    {
      method: 'POST',
      path: '/api/denylist',
      body: { kind: 'ip', value: '198.51.100.78' },
      viewer: 403,
      responder: 201,
      admin: 201,
    },
    { method: 'POST', path: '/api/detection-rules', body: {}, viewer: 403, responder: 403, admin: 400 },
    {
      method: 'PATCH',
      path: '/api/services/shop',
      body: { appsec: { enabled: null } },
      viewer: 403,
      responder: 403,
      admin: 200,
    },
    { method: 'GET', path: '/api/keys', viewer: 403, responder: 403, admin: 200 },
    { method: 'GET', path: '/api/users', viewer: 403, responder: 403, admin: 200 },
    { method: 'GET', path: '/api/audit', viewer: 403, responder: 403, admin: 200 },
    { method: 'POST', path: '/api/threat-intel', body: { name: 'x' }, viewer: 403, responder: 403, admin: 400 },
  ] as const
  test.each(cases)('$method $path', async ({ method, path, ...expected }) => {
    for (const role of ['viewer', 'responder', 'admin'] as const) {
      const reply = await call(
        method,
        path,
        byToken(await tokenOf(role)),
        'body' in expected ? expected.body : undefined,
      )
      expect({ role, status: reply.status }).toEqual({ role, status: expected[role] })
    }
    expect((await call(method, path, {}, 'body' in expected ? expected.body : undefined)).status).toBe(401)
  })
  test('every case ran', () => expect(cases).toHaveLength(8))
})

test('a key for ingest opens nothing of the API, and a revoked token neither', async () => {
  expect((await call('GET', '/api/signals', byToken(await tokenOf('ingest')))).status).toBe(401)
  const { body } = await call('POST', '/api/keys', byCookie(admin), { name: 'short', role: 'viewer' })
  expect((await call('GET', '/api/signals', byToken(body.secret))).status).toBe(200)
  await call('DELETE', `/api/keys/${body.id}`, byCookie(admin))
  expect((await call('GET', '/api/signals', byToken(body.secret))).status).toBe(401)
})

test('no reply and no audit entry holds the hash of a secret', async () => {
  await tokenOf('viewer')
  for (const path of ['/api/keys', '/api/users', '/api/sessions', '/api/audit']) {
    expect(JSON.stringify((await call('GET', path, { cookie: admin })).body)).not.toMatch(/sha256|secret"/i)
  }
})

describe('the Host header', () => {
  const hosts = [
    { host: 'evil.example', status: 403 },
    { host: 'localhost:8127', status: 200 },
    { host: '127.0.0.1', status: 200 },
    { host: '[::1]:8127', status: 200 },
    { host: '127.0.0.1.evil.example', status: 403 },
    { host: 'portcullis', status: 403 },
  ]
  test.each(hosts)('"$host" gets $status', async ({ host, status }) => {
    const { port } = new URL(collector.consoleUrl)
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: '/healthz', headers: { host } }, (reply) => {
        reply.resume()
        resolve(reply.statusCode)
      })
        .once('error', reject)
        .end()
    })
    expect(answered).toBe(status)
  })
  test('every case ran', () => expect(hosts).toHaveLength(6))
})

describe('Idempotency-Key', () => {
  const entry = { kind: 'ip', value: '198.51.100.79', reason: 'once' }

  test('the same call again gets the same reply and changes nothing more', async () => {
    const headers = { ...byCookie(admin), 'idempotency-key': 'k1' }
    const once = { ...entry, value: '198.51.100.81' }
    const first = await call('POST', '/api/denylist', headers, once)
    const again = await call('POST', '/api/denylist', headers, once)
    expect(again.body).toEqual(first.body)
    expect(again.status).toBe(201)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    const { body } = await call('GET', '/api/denylist?value=198.51.100.81', { cookie: admin })
    expect(body.items).toHaveLength(1)
  })

  test('the same key for another call is refused', async () => {
    const headers = { ...byCookie(admin), 'idempotency-key': 'k2' }
    await call('POST', '/api/denylist', headers, entry)
    expect(await call('POST', '/api/denylist', headers, { ...entry, value: '198.51.100.80' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    })
  })

  test('a call that failed may be made again', async () => {
    const headers = { ...byCookie(admin), 'idempotency-key': 'k3' }
    const bad = { ...entry, value: 'no address' }
    expect((await call('POST', '/api/denylist', headers, bad)).status).toBe(400)
    expect((await call('POST', '/api/denylist', headers, entry)).status).toBe(201)
  })

  test('the key of somebody else is another one', async () => {
    const [one, two] = [await tokenOf('responder'), await tokenOf('responder')]
    const replies = await Promise.all(
      [one, two].map((token) => call('POST', '/api/denylist', { ...byToken(token), 'idempotency-key': 'k4' }, entry)),
    )
    expect(replies[0]?.body.id).not.toBe(replies[1]?.body.id)
  })
})

describe('portcullis signin', () => {
  test('prints a link for whoever owns the data directory', async () => {
    const { status, stdout } = spawnSync(process.execPath, [bin, 'signin', '--data', directory.path], {
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect((await signIn(secretOf(stdout.trim()))).status).toBe(201)
  })

  test('the file that it reads is for its owner only', () => {
    expect(statSync(join(directory.path, 'control.json')).mode & 0o777).toBe(0o600)
  })

  test('without a collector it says so', () => {
    const other = temporaryDirectory()
    const { status, stderr } = spawnSync(process.execPath, [bin, 'signin', '--data', other.path], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('COLLECTOR_NOT_RUNNING')
    expect(existsSync(join(other.path, 'state.duckdb'))).toBe(false)
    other.remove()
  })
})
