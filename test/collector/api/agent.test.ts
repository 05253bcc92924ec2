import { statSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'msgpackr'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loginTrace, sendLogins } from '../../support/agent-payload.ts'
import { eventually } from '../../support/eventually.ts'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../../support/collector-process.ts'

/** Runs on the build (dist/): a collector with every listener that it has. */
const directory = temporaryDirectory()
const socketPath = join(directory.path, 'agent.socket')
let collector: CollectorProcess
let otlpUrl = ''

beforeAll(async () => {
  const port = await freePort()
  otlpUrl = `http://127.0.0.1:${port}`
  // What a process that was killed leaves behind.
  await leaveStaleSocket(socketPath)
  collector = await startCollectorProcess(directory.path, {
    AGENT_SOCKET: socketPath,
    OTLP_LISTEN: `127.0.0.1:${port}`,
    ALLOWED_HOSTS: 'collector.internal',
    INGEST_MAX_BODY_BYTES: '30000000',
  })
})
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer().listen(path)
  await new Promise((resolve) => server.once('listening', resolve))
  const copy = `${path}.copy`
  const { linkSync, renameSync } = await import('node:fs')
  linkSync(path, copy)
  await new Promise((resolve) => server.close(resolve))
  renameSync(copy, path)
}

/** Sends one login as a v0.4 payload; `headers` beside the usual ones. */
async function sendAs(
  headers: Record<string, string>,
  service: string,
  env = 'prod',
): Promise<{ status: number; body: any }> {
  const reply = await fetch(new URL('/v0.4/traces', collector.agentUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/msgpack', ...headers },
    body: new Uint8Array(pack([loginTrace({ login: 'a', ip: '198.51.100.1', service, meta: { env } }).spans])),
  })
  return { status: reply.status, body: await reply.json() }
}

function configRequest(service: string, env: string): object {
  return {
    client: {
      id: `client-${service}-${env}`,
      state: { root_version: 1, targets_version: 0, config_states: [], has_error: false },
      products: ['ASM_DATA'],
      is_tracer: true,
      client_tracer: { runtime_id: 'r', language: 'node', tracer_version: '1', service, env, tags: [] },
      capabilities: 'AA==',
    },
    cached_target_files: [],
  }
}

test('/info says what a tracer may send', async () => {
  const info: any = await (await fetch(new URL('/info', collector.agentUrl))).json()
  expect(info).toMatchObject({ client_drop_p0s: false, span_meta_structs: true })
  expect(info.version).toMatch(/^portcullis-\d/)
  expect(info.endpoints).toEqual(
    expect.arrayContaining([
      '/v0.3/traces',
      '/v0.4/traces',
      '/v0.5/traces',
      '/v0.7/traces',
      '/v0.7/config',
      '/v1/traces',
    ]),
  )
})

test('every endpoint that /info names answers, and none of them with 404', async () => {
  const info: any = await (await fetch(new URL('/info', collector.agentUrl))).json()
  for (const endpoint of info.endpoints as string[]) {
    const reply = await fetch(new URL(endpoint, collector.agentUrl), { method: 'POST', body: new Uint8Array([0x90]) })
    expect({ endpoint, found: reply.status !== 404 }).toEqual({ endpoint, found: true })
  }
})

const ignored = [
  '/telemetry/proxy/api/v2/apmtelemetry',
  '/v0.6/stats',
  '/v0.1/pipeline_stats',
  '/profiling/v1/input',
  '/dogstatsd/v2/proxy',
  '/evp_proxy/v2/api/v2/citestcycle',
  '/tracer_flare/v1',
  '/debugger/v1/input',
]
test.each(ignored)('%s is accepted and dropped', async (path) => {
  const reply = await fetch(new URL(path, collector.agentUrl), { method: 'POST', body: 'anything' })
  expect(reply.status).toBe(202)
})

const refused: { says: string; headers: Record<string, string>; status: number }[] = [
  { says: 'a page of another origin', headers: { origin: 'https://shop.example' }, status: 403 },
  { says: 'a page of no origin', headers: { origin: 'null' }, status: 403 },
  { says: 'a foreign host', headers: { host: 'rebound.example' }, status: 403 },
  { says: 'a host of the configuration', headers: { host: 'collector.internal:8126' }, status: 200 },
  { says: 'fetch metadata', headers: { 'sec-fetch-site': 'cross-site' }, status: 403 },
]
test.each(refused)('$says gets $status', async ({ headers, status }) => {
  const { port } = new URL(collector.agentUrl)
  const answered = await new Promise<number | undefined>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/info', headers }, (reply) => {
      reply.resume()
      resolve(reply.statusCode)
    })
      .once('error', reject)
      .end()
  })
  expect(answered).toBe(status)
})
test('every case ran', () => expect(ignored.length + refused.length).toBe(13))

describe('a key that is for some services and environments', () => {
  let key = ''
  beforeAll(async () => {
    const body = { name: 'shop in prod', role: 'ingest', services: ['scoped'], envs: ['prod'] }
    key = (await collector.api('POST', '/api/keys', body)).body.secret
  })

  test('speaks for them', async () => {
    expect((await sendAs({ 'dd-api-key': key }, 'scoped')).status).toBe(200)
  })

  test.each([
    ['other', 'prod'],
    ['scoped', 'staging'],
  ])('does not speak for %s in %s, and nothing of it is stored', async (service, env) => {
    expect(await sendAs({ 'dd-api-key': key }, service, env)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    })
    const { body } = await collector.api('POST', '/api/spans/search', { query: `service:${service} env:${env}` })
    expect(body.spans).toEqual([])
  })

  test('fetches configuration for them only', async () => {
    const ask = async (service: string): Promise<number> => {
      const reply = await fetch(new URL('/v0.7/config', collector.agentUrl), {
        method: 'POST',
        headers: { 'dd-api-key': key },
        body: JSON.stringify(configRequest(service, 'prod')),
      })
      return reply.status
    }
    expect(await ask('scoped')).toBe(200)
    expect(await ask('other')).toBe(403)
  })
})

describe('the unix socket', () => {
  function overSocket(path: string, body: Uint8Array): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      // Tracers name any host on a socket, or none that resolves.
      const headers = { 'content-type': 'application/msgpack', host: 'whatever' }
      request({ socketPath, path, method: 'PUT', headers }, (reply) => {
        reply.resume()
        resolve(reply.statusCode)
      })
        .once('error', reject)
        .end(body)
    })
  }

  test('takes spans, in place of the one that was left behind', async () => {
    const { spans, spanId } = loginTrace({ login: 'by-socket', ip: '198.51.100.2' })
    expect(await overSocket('/v0.4/traces', new Uint8Array(pack([spans])))).toBe(200)
    const { body } = await collector.api('POST', '/api/spans/search', {
      query: '@appsec.events_data.usr.login:by-socket',
    })
    expect(body.spans.map((span: { spanId: string }) => span.spanId)).toEqual([spanId])
  })

  test('may be opened by its owner and group only', () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o660)
  })
})

test('OTLP is taken on its own port too', async () => {
  const now = BigInt(Date.now()) * 1_000_000n
  const attributes = [
    { key: 'http.request.method', value: { stringValue: 'POST' } },
    { key: 'client.address', value: { stringValue: '198.51.100.3' } },
    { key: 'appsec.events.users.login.failure.track', value: { stringValue: 'true' } },
    { key: 'appsec.events.users.login.failure.usr.login', value: { stringValue: 'otel' } },
  ]
  const span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    name: 'POST /login',
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1_000_000n),
    attributes,
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'otel-shop' } }] }
  const reply = await fetch(new URL('/v1/traces', otlpUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: new Uint8Array(gzipSync(JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }))),
  })
  expect(reply.status).toBe(200)
  const { body } = await collector.api('POST', '/api/spans/search', { query: 'service:otel-shop' })
  expect(body.spans).toMatchObject([{ spanId: 'eee19b7ec3c1b174', service: 'otel-shop' }])
})

// Whether the queue fills depends on how fast the machine writes; the store's own tests hold it to its bound.
test('of more than the queue holds nothing is lost: what is refused says when to come back, and is taken then', async () => {
  const batch = (name: string): Uint8Array =>
    new Uint8Array(
      pack(
        Array.from(
          { length: 16_000 },
          (_, index) => loginTrace({ login: `${name}${index}`, ip: '198.51.100.4', service: name }).spans,
        ),
      ),
    )
  const bodies = ['q1', 'q2', 'q3'].map(batch)
  const send = (body: Uint8Array): Promise<Response> =>
    fetch(new URL('/v0.4/traces', collector.agentUrl), {
      method: 'PUT',
      headers: { 'content-type': 'application/msgpack' },
      body,
    })
  const replies = await Promise.all(bodies.map(send))
  for (const { status } of replies) expect([200, 429]).toContain(status)
  for (const [index, reply] of replies.entries()) {
    if (reply.status !== 429) continue
    expect(reply.headers.get('retry-after')).toBe('1')
    await eventually(async () => (await send(bodies[index] ?? new Uint8Array())).status === 200, {
      says: 'the queue taking the batch',
      withinMs: 60_000,
      everyMs: 1_000,
    })
  }
  const { body } = await collector.api('POST', '/api/spans/top', { query: 'service:q*', by: ['service'] })
  expect(body.rows.map(({ values }: { values: number[] }) => values[0])).toEqual([16_000, 16_000, 16_000])
}, 120_000)

test('/metrics counts what was taken, refused and dropped', async () => {
  await sendLogins(collector.agentUrl, [{ login: 'counted', ip: '198.51.100.5' }])
  await fetch(new URL('/v0.4/traces', collector.agentUrl), { method: 'PUT', body: new Uint8Array([0xc1]) })
  const text = await (await fetch(new URL('/metrics', collector.consoleUrl))).text()
  for (const name of ['portcullis_batches_total{format="v0.4"}', 'portcullis_spans_received_total{format="v0.4"}']) {
    expect(
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      ),
    ).toBeGreaterThan(0)
  }
  expect(text).toMatch(/^portcullis_refused_total\{code="PAYLOAD_INVALID"\} [1-9]/m)
  expect(text).toMatch(/^portcullis_detection_lag_records\{rule="credential-stuffing"\} \d+/m)
  for (const line of text.trim().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? -?[\d.e+]+)$/)
})

test('beyond this machine a token is asked for /metrics', async () => {
  const reply = await fetch(new URL('/metrics', collector.consoleUrl), {
    headers: { 'x-forwarded-for': '203.0.113.1' },
  })
  expect(reply.status).toBe(401)
})
