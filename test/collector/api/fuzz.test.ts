import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { pack } from 'msgpackr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loginTrace, sendLogins } from '../../support/agent-payload.ts'
import {
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../../support/collector-process.ts'

/** Runs on the build (dist/): hostile payloads against a collector that has to go on taking good ones. */
const directory = temporaryDirectory()
let collector: CollectorProcess

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
})
afterAll(async () => {
  // Whatever came, the process is still the one that was started, and ends as it should.
  expect(await collector.stop()).toBe(0)
  directory.remove()
})

const formats = ['v0.3', 'v0.4', 'v0.5', 'v0.7'] as const
const hostileNames = [
  '__proto__',
  'constructor',
  'toString',
  '"; DROP TABLE events; --',
  "' OR 1=1",
  '=cmd|calc!A1',
  '\u202Egnp.exe',
  '\u0000\u0001',
  'a'.repeat(5_000),
  '',
  '@http.client_ip',
  '\uD800',
]

async function post(path: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<number> {
  const reply = await fetch(new URL(path, collector.agentUrl), { method: 'POST', headers, body: new Uint8Array(body) })
  const text = await reply.text()
  if (reply.status >= 400 && reply.headers.get('content-type')?.includes('problem') === true) {
    expect(JSON.parse(text)).toMatchObject({ status: reply.status, detail: expect.stringMatching(/.+/) })
  }
  return reply.status
}

/** The collector is well: it takes a good batch, and finds it. */
async function checkWell(): Promise<void> {
  const login = `well-${Math.random()}`
  const { status, spanIds } = await sendLogins(collector.agentUrl, [{ login, ip: '198.51.100.1' }])
  expect(status).toBe(200)
  const { body } = await collector.api('POST', '/api/spans/search', {
    query: `@appsec.events_data.usr.login:"${login}"`,
  })
  expect(body.spans.map(({ spanId }: { spanId: string }) => spanId)).toEqual(spanIds)
}

test('random bytes are refused with a reason, or taken when they happen to be empty', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...formats), async (bytes, format) => {
      expect([200, 400]).toContain(await post(`/${format}/traces`, bytes, { 'content-type': 'application/msgpack' }))
    }),
    { numRuns: 200 },
  )
  await checkWell()
}, 60_000)

test('random values in the place of traces are refused, or stored inert', async () => {
  const value = fc.anything({
    key: fc.oneof(fc.string(), fc.constantFrom(...hostileNames)),
    values: [
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(...hostileNames),
    ],
    maxDepth: 5,
  })
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom(...formats), async (anything, format) => {
      expect([200, 400]).toContain(
        await post(`/${format}/traces`, pack(anything), { 'content-type': 'application/msgpack' }),
      )
      const json = Buffer.from(JSON.stringify(anything) ?? 'null')
      expect([200, 400]).toContain(await post(`/${format}/traces`, json, { 'content-type': 'application/json' }))
      expect([200, 400]).toContain(await post('/v1/traces', json, { 'content-type': 'application/json' }))
      expect([200, 400]).toContain(await post('/v0.7/config', json))
    }),
    { numRuns: 100 },
  )
  await checkWell()
}, 60_000)

test('a good payload with a byte changed breaks nothing', async () => {
  const good = pack([loginTrace({ login: 'flipped', ip: '198.51.100.2' }).spans])
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
      const broken = new Uint8Array(good)
      broken[at] = byte
      expect([200, 400]).toContain(await post('/v0.4/traces', broken, { 'content-type': 'application/msgpack' }))
    }),
    { numRuns: 200 },
  )
  await checkWell()
}, 60_000)

test('a gzip bomb is refused, whatever it holds', async () => {
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
  for (const path of ['/v0.4/traces', '/v1/traces', '/v0.7/config']) {
    expect(await post(path, bomb, { 'content-encoding': 'gzip', 'content-type': 'application/json' })).toBe(413)
  }
  const cut = gzipSync(Buffer.alloc(1_000)).subarray(0, 20)
  expect(await post('/v0.4/traces', cut, { 'content-encoding': 'gzip' })).toBe(400)
  await checkWell()
}, 60_000)

const tooLong = [
  { says: 'of a stated length', headers: { 'content-length': 26 * 1024 * 1024 } },
  { says: 'of no stated length', headers: { 'transfer-encoding': 'chunked' } },
]
test.each(tooLong)(
  'a body $says that is too large is refused, and who sends all of it reads why',
  async ({ headers }) => {
    const call = request(new URL('/v0.4/traces', collector.agentUrl), { method: 'POST', headers })
    const reply = once(call, 'response') as Promise<[IncomingMessage]>
    const megabyte = Buffer.alloc(1024 * 1024)
    // Each piece waits until the one before went out, the last ones long after the reply is on its way.
    for (let sent = 0; sent < 26; sent++) await new Promise((resolve) => call.write(megabyte, resolve))
    call.end()
    const [received] = await reply
    expect(received.statusCode).toBe(413)
    expect(JSON.parse(await text(received))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    await checkWell()
  },
  60_000,
)

test('who never stops sending a body that is too large is cut off', async () => {
  const headers = { 'transfer-encoding': 'chunked' }
  const call = request(new URL('/v0.4/traces', collector.agentUrl), { method: 'POST', headers })
  let status = 0
  call.on('response', (reply) => {
    status = reply.statusCode ?? 0
    reply.resume().on('error', () => undefined)
  })
  call.on('error', () => undefined)
  const gone = new Promise<boolean>((resolve) => call.once('close', () => resolve(true)))
  const piece = Buffer.alloc(4 * 1024 * 1024)
  let sent = 0
  let cut = false
  while (!cut && sent < 400) {
    cut = await Promise.race([gone, new Promise<boolean>((resolve) => call.write(piece, () => resolve(false)))])
    sent += 4
  }
  expect({ status, cut }).toEqual({ status: 413, cut: true })
  await checkWell()
}, 60_000)

test('an encoding is known however it is written', async () => {
  const body = gzipSync(pack([loginTrace({ login: 'shouting', ip: '198.51.100.2' }).spans]))
  expect(await post('/v0.4/traces', body, { 'content-encoding': 'GZIP' })).toBe(200)
})

test('what refuses a protobuf request of OpenTelemetry is protobuf, too', async () => {
  const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024))
  const reply = await fetch(new URL('/v1/traces', collector.agentUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    body: new Uint8Array(bomb),
  })
  expect([reply.status, reply.headers.get('content-type')]).toEqual([413, 'application/x-protobuf'])
  // google.rpc.Status: field 1 is the code (RESOURCE_EXHAUSTED), field 2 the message.
  const status = Buffer.from(await reply.arrayBuffer())
  expect([...status.subarray(0, 3)]).toEqual([0x08, 8, 0x12])
  expect(status.toString()).toContain('send smaller batches')
})

const absurdTimes = [0n, 1n, -1n, 2n ** 62n, BigInt(Date.now()) * 1_000n, BigInt(Date.now() + 86_400_000) * 1_000_000n]
test('absurd times are clamped or refused, and never lose another span of the batch', async () => {
  for (const [index, start] of absurdTimes.entries()) {
    const odd = loginTrace({ login: `odd${index}`, ip: '198.51.100.3' })
    const fine = loginTrace({ login: `beside-odd${index}`, ip: '198.51.100.3' })
    const spans = [odd.spans.map((span) => ({ ...span, start })), fine.spans]
    const status = await post('/v0.4/traces', pack(spans), { 'content-type': 'application/msgpack' })
    if (status === 400) continue
    expect(status).toBe(200)
    const { body } = await collector.api('POST', '/api/spans/search', {
      query: `@appsec.events_data.usr.login:beside-odd${index}`,
    })
    expect(body.spans).toHaveLength(1)
  }
})

test('hostile names and values are stored as they are, found again, and inert in a spreadsheet', async () => {
  for (const [index, hostile] of hostileNames.entries()) {
    const meta = { [hostile]: hostile, 'http.useragent': hostile }
    const { status } = await sendLogins(collector.agentUrl, [{ login: `hostile${index}`, ip: '198.51.100.4', meta }])
    expect({ hostile, status }).toEqual({ hostile, status: 200 })
    const { body } = await collector.api('POST', '/api/spans/search', {
      query: `@appsec.events_data.usr.login:hostile${index}`,
    })
    expect(body.spans).toHaveLength(1)
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  const reply = await fetch(new URL('/api/spans/export?query=@http.client_ip:198.51.100.4', collector.consoleUrl), {
    headers: { authorization: `Bearer ${token}` },
  })
  const csv = await reply.text()
  expect({ formula: /(^|,)"?=cmd/m.test(csv), inert: csv.includes(",'=cmd|calc!A1,") }).toEqual({
    formula: false,
    inert: true,
  })
  expect((await collector.api('GET', '/api/spans/facets')).status).toBe(200)
  await checkWell()
}, 60_000)

test('hostile paths, queries and bodies of the API are problems, never errors of ours', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.constantFrom(...hostileNames))
  await fc.assert(
    fc.asyncProperty(text, text, async (one, other) => {
      const replies = await Promise.all([
        collector.api('GET', `/api/signals/${safe(one)}`),
        collector.api('GET', `/api/signals?cursor=${safe(one)}&state=${safe(other)}`),
        collector.api('GET', `/api/entities/user/${safe(one)}`),
        collector.api('GET', `/api/spans/facets/${safe(one)}/values?query=${safe(other)}`),
        collector.api('POST', '/api/spans/search', { query: one, cursor: other }),
        collector.api('POST', '/api/spans/top', { by: [one, other] }),
        collector.api('POST', '/api/detection-rules', { id: one, queries: { [other]: one } }),
        collector.api('POST', '/api/denylist', { kind: 'user', value: one, reason: other }),
        collector.api('GET', `/api/blocked/${safe(one)}`),
      ])
      expect(replies.filter(({ status }) => status >= 500)).toEqual([])
    }),
    { numRuns: 40 },
  )
  await checkWell()
}, 120_000)

/** Half of a surrogate pair cannot stand in an address. */
function safe(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
}
