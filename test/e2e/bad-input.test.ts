import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { bin, startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'

const directory = temporaryDirectory()
let collector: CollectorProcess

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
})
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

function collectorOnce(dir: string, ...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(
    process.execPath,
    [bin, 'collector', '--data', dir, '--agent-port', '0', '--console-port', '0', ...args],
    {
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, PORTCULLIS_TOKEN: 'x', LOG_LEVEL: 'warn' },
    },
  )
}

interface BadRequest {
  readonly says: string
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly status: number
  readonly code: string
}
const msgpack = { 'content-type': 'application/msgpack' }
const badAgentRequests: BadRequest[] = [
  {
    says: 'a body that is not msgpack',
    method: 'PUT',
    path: '/v0.4/traces',
    headers: msgpack,
    body: Uint8Array.of(0xc1, 0xff, 0x00),
    status: 400,
    code: 'PAYLOAD_INVALID',
  },
  {
    says: 'a body that ends early',
    method: 'PUT',
    path: '/v0.4/traces',
    headers: msgpack,
    body: Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff),
    status: 400,
    code: 'PAYLOAD_INVALID',
  },
  {
    says: 'a text in place of traces',
    method: 'PUT',
    path: '/v0.4/traces',
    headers: msgpack,
    body: Uint8Array.of(0xa2, 0x68, 0x69),
    status: 400,
    code: 'PAYLOAD_INVALID',
  },
  {
    says: 'gzip that is none',
    method: 'PUT',
    path: '/v0.4/traces',
    headers: { ...msgpack, 'content-encoding': 'gzip' },
    body: 'no',
    status: 400,
    code: 'PAYLOAD_INVALID',
  },
  {
    says: 'an encoding we do not know',
    method: 'PUT',
    path: '/v0.4/traces',
    headers: { ...msgpack, 'content-encoding': 'lz4' },
    body: 'no',
    status: 400,
    code: 'PAYLOAD_INVALID',
  },
  {
    says: 'a configuration request that is not JSON',
    method: 'POST',
    path: '/v0.7/config',
    body: '{',
    status: 400,
    code: 'PAYLOAD_INVALID',
  },
  {
    says: 'a web page',
    method: 'PUT',
    path: '/v0.4/traces',
    headers: { ...msgpack, origin: 'https://evil.example' },
    body: Uint8Array.of(0x90),
    status: 403,
    code: 'FORBIDDEN',
  },
  { says: 'a path that is none', method: 'GET', path: '/nothing', status: 404, code: 'NOT_FOUND' },
]
const badApiRequests: BadRequest[] = [
  {
    says: 'no token',
    method: 'GET',
    path: '/api/signals',
    headers: { authorization: '' },
    status: 401,
    code: 'UNAUTHORIZED',
  },
  {
    says: 'a wrong token',
    method: 'GET',
    path: '/api/signals',
    headers: { authorization: 'Bearer wrong' },
    status: 401,
    code: 'UNAUTHORIZED',
  },
  {
    says: 'a query that does not parse',
    method: 'POST',
    path: '/api/spans/search',
    body: '{"query":"service:("}',
    status: 400,
    code: 'QUERY_SYNTAX',
  },
  {
    says: 'a field that does not exist',
    method: 'POST',
    path: '/api/spans/search',
    body: '{"query":"servce:shop"}',
    status: 400,
    code: 'QUERY_UNKNOWN_FIELD',
  },
  {
    says: 'a time that is none',
    method: 'POST',
    path: '/api/spans/search',
    body: '{"from":"yesterday-ish"}',
    status: 400,
    code: 'REQUEST_INVALID',
  },
  {
    says: 'a limit out of bounds',
    method: 'POST',
    path: '/api/spans/search',
    body: '{"limit":1000000}',
    status: 400,
    code: 'REQUEST_INVALID',
  },
  {
    says: 'a body that is not JSON',
    method: 'POST',
    path: '/api/spans/search',
    body: '{',
    status: 400,
    code: 'REQUEST_INVALID',
  },
  {
    says: 'an address that is none',
    method: 'POST',
    path: '/api/denylist',
    body: '{"kind":"ip","value":"999.1.1.1"}',
    status: 400,
    code: 'REQUEST_INVALID',
  },
  {
    says: 'an end in the past',
    method: 'POST',
    path: '/api/denylist',
    body: '{"kind":"ip","value":"203.0.113.1","expiresAt":"2020-01-01T00:00:00Z"}',
    status: 400,
    code: 'REQUEST_INVALID',
  },
  { says: 'a signal that does not exist', method: 'GET', path: '/api/signals/none', status: 404, code: 'NOT_FOUND' },
  { says: 'a trace id that is none', method: 'GET', path: '/api/traces/xyz', status: 400, code: 'REQUEST_INVALID' },
]

async function call(
  base: string,
  { method, path, headers, body }: BadRequest,
  defaults: Record<string, string>,
): Promise<{ status: number; code: string }> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: { ...defaults, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  const problem = (await response.json()) as { code: string; detail: string }
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(problem.detail.length).toBeGreaterThan(5)
  return { status: response.status, code: problem.code }
}

describe('the agent listener answers with a code', () => {
  test.each(badAgentRequests)('$says', async (bad) => {
    expect(await call(collector.agentUrl, bad, {})).toEqual({ status: bad.status, code: bad.code })
  })
  test('every case ran', () => expect(badAgentRequests).toHaveLength(8))
})

describe('the API answers with a code', () => {
  test.each(badApiRequests)('$says', async (bad) => {
    const defaults = {
      authorization: 'Bearer test-token-of-the-api',
      ...(bad.body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    expect(await call(collector.consoleUrl, bad, defaults)).toEqual({ status: bad.status, code: bad.code })
  })
  test('every case ran', () => expect(badApiRequests).toHaveLength(11))
})

test('a bad payload leaves the next good one alone', async () => {
  await fetch(new URL('/v0.4/traces', collector.agentUrl), {
    method: 'PUT',
    headers: msgpack,
    body: Uint8Array.of(0xc1),
  })
  const { status, spanIds } = await sendLogins(collector.agentUrl, [{ login: 'after-the-bad-one', ip: '198.51.100.1' }])
  expect(status).toBe(200)
  const { body } = await collector.api('POST', '/api/spans/search', {
    query: '@appsec.events_data.usr.login:after-the-bad-one',
  })
  expect(body.spans.map(({ spanId }: { spanId: string }) => spanId)).toEqual(spanIds)
})

test('a second collector on the same directory says who has it', () => {
  const { status, stderr } = collectorOnce(directory.path)
  expect(status).toBe(1)
  expect(stderr).toMatch(/STORE_LOCKED: .* is in use by process \d+/)
})

test('a port in use is named with the setting that changes it', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => holder.once('listening', resolve))
  const { port } = holder.address() as { port: number }
  const other = temporaryDirectory()
  const { status, stderr } = collectorOnce(other.path, '--agent-port', String(port))
  expect(status).toBe(1)
  expect(stderr).toContain(`PORT_IN_USE: 127.0.0.1:${port} is in use`)
  expect(stderr).toContain('AGENT_LISTEN')
  holder.close()
  other.remove()
})

test('a corrupt data directory is refused and left as it is', async () => {
  const other = temporaryDirectory()
  const first = await startCollectorProcess(other.path)
  await sendLogins(first.agentUrl, [{ login: 'a', ip: '198.51.100.1' }])
  await first.stop()
  const files = readdirSync(other.path).filter((name) => name.endsWith('.duckdb'))
  expect(files.length).toBeGreaterThan(0)
  for (const name of files) writeFileSync(join(other.path, name), 'this was a database once')
  const { status, stderr } = collectorOnce(other.path)
  expect(status).toBe(1)
  expect(stderr).toContain('STORE_CORRUPT')
  expect(readdirSync(other.path)).toEqual(expect.arrayContaining(files))
  other.remove()
})

test('an unknown command and an unknown option are explained', () => {
  for (const args of [['colector'], ['collector', '--dta', 'x']]) {
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toContain(args.at(-2) === '--dta' ? '--dta' : 'colector')
  }
})
