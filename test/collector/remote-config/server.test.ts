import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRemoteConfigServer } from '../../../src/collector/remote-config/server.ts'
import type { RemoteConfigServer } from '../../../src/collector/remote-config/remote-config.ts'
import { openEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { State } from '../../../src/collector/state/state.ts'
import type { DenylistEntry, DenylistKind } from '../../../src/model/denylist-entry.ts'
import { ConfigClient, type ClientOptions } from '../../support/config-client.ts'
import { systemClock } from '../../support/system-clock.ts'

let dir: string
let state: State
let server: RemoteConfigServer
const open: RemoteConfigServer[] = []

async function startServer(): Promise<RemoteConfigServer> {
  const started = await createRemoteConfigServer({
    state,
    clock: systemClock,
    onError: (error) => {
      throw error
    },
  })
  open.push(started)
  return started
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-config-'))
  state = observe(await openEngine(join(dir, 'state.duckdb')))
  server = await startServer()
})
afterEach(async () => {
  for (const one of open.splice(0)) one.close()
  await state.close()
  await rm(dir, { recursive: true, force: true })
})

let ids = 0
function entry(value: string, over: Partial<DenylistEntry> = {}): DenylistEntry {
  return {
    id: `e${++ids}`,
    kind: 'ip',
    value,
    expiresAt: null,
    reason: 'test',
    signalId: null,
    author: 'ann',
    createdAt: new Date(Date.now() + ids).toISOString(),
    rescindedAt: null,
    rescindedBy: null,
    ...over,
  }
}

function deny(...entries: readonly DenylistEntry[]): Promise<void> {
  return state.commit({ entries: entries.map((one) => ({ list: 'denylist', entry: one })) })
}

class Client extends ConfigClient {
  constructor(options: ClientOptions = {}) {
    super((request, wait) => server.configFor(request, wait), options)
  }
}

test('a client gets what is denied, keeps it, and is then told that nothing is new', async () => {
  const until = new Date(Date.now() + 3_600_000).toISOString()
  await deny(entry('203.0.113.9', { expiresAt: until }), entry('203.0.113.0/24', { kind: 'cidr' }))
  await deny(entry('u1', { kind: 'user' }))
  const client = new Client()
  await settle(client, 3)
  expect([...client.list('blocked_ips')].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
    ['203.0.113.0/24', 0],
    ['203.0.113.9', Math.ceil(Date.parse(until) / 1000)],
  ])
  expect([...client.list('blocked_users').keys()]).toEqual(['u1'])
  expect(await client.ask()).toEqual({ reply: {}, held: false })
})

/** Asks until the client has this many entries of the block lists. */
async function settle(client: Client, entries: number): Promise<void> {
  const size = (): number => client.list('blocked_ips').size + client.list('blocked_users').size
  while (size() !== entries) await client.ask(5_000)
}

test('a waiting client is answered as soon as something changes, and only gets what it lacks', async () => {
  await deny(...Array.from({ length: 9_000 }, (_, index) => entry(`10.0.${index >> 8}.${index & 255}`)))
  const client = new Client()
  await settle(client, 9_000)
  expect(client.files.size).toBeGreaterThanOrEqual(4)

  const waiting = client.ask(50_000)
  await deny(entry('203.0.113.9'))
  const answer = await waiting
  expect(answer.held).toBe(true)
  expect(client.received).toHaveLength(1)
  expect(client.list('blocked_ips').size).toBe(9_001)

  const undone = client.ask(50_000)
  const [newest] = (await state.entries('denylist', { values: ['203.0.113.9'] }, { limit: 1 })).items
  if (newest === undefined) throw new Error('the entry is gone')
  await deny({ ...newest, rescindedAt: new Date().toISOString(), rescindedBy: 'ann' })
  await undone
  expect(client.list('blocked_ips').has('203.0.113.9')).toBe(false)
  expect(client.received.length).toBeLessThanOrEqual(1)
})

test('a wait ends at its time, when the client goes, and when the server drains', async () => {
  const client = new Client()
  await client.ask()
  expect(await client.ask(30)).toEqual({ reply: {}, held: true })
  const gone = new AbortController()
  const left = client.ask(50_000, gone.signal)
  gone.abort()
  expect((await left).held).toBe(true)
  const drained = client.ask(50_000)
  server.drain()
  expect((await drained).reply).toEqual({})
  expect(await client.ask(50_000)).toEqual({ reply: {}, held: false })
})

test('an entry that is replaced by a longer or shorter one has the end of those in force', async () => {
  const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
  const seconds = (iso: string): number => Math.ceil(Date.parse(iso) / 1000)
  const long = entry('203.0.113.9', { expiresAt: inMinutes(60) })
  const short = entry('203.0.113.9', { expiresAt: inMinutes(10) })
  const client = new Client()
  const has = async (end: number | undefined): Promise<void> => {
    while (client.list('blocked_ips').get('203.0.113.9') !== end) await client.ask(5_000)
  }
  await deny(long, short)
  await has(seconds(long.expiresAt ?? ''))
  await deny({ ...long, rescindedAt: new Date().toISOString(), rescindedBy: 'ann' })
  await has(seconds(short.expiresAt ?? ''))
  const extended = { ...short, expiresAt: inMinutes(90) }
  await deny(extended)
  await has(seconds(extended.expiresAt))
  const shortened = { ...extended, expiresAt: inMinutes(5) }
  await deny(shortened)
  await has(seconds(shortened.expiresAt))
})

test('after a restart versions go on rising, and a client that has everything is sent nothing again', async () => {
  await deny(...Array.from({ length: 6_000 }, (_, index) => entry(`10.1.${index >> 8}.${index & 255}`)))
  server = await startServer()
  const client = new Client()
  await settle(client, 6_000)
  const before = client.version
  server = await startServer()
  await client.ask()
  expect(client.version).toBeGreaterThan(before)
  expect(client.received).toEqual([])
})

test('a Datadog tracer gets the 10,000 most recent entries', async () => {
  const entries = Array.from({ length: 10_050 }, (_, index) => entry(`10.2.${index >> 8}.${index & 255}`))
  await deny(...entries)
  const client = new Client({ kind: 'datadog' })
  while (client.list('blocked_ips').size === 0) await client.ask(5_000)
  const values = client.list('blocked_ips')
  expect(values.size).toBe(10_000)
  expect(values.has('10.2.0.0')).toBe(false)
  expect(values.has(entries.at(-1)?.value ?? '')).toBe(true)
  const waiting = client.ask(50_000)
  await deny(entry('203.0.113.77'))
  await waiting
  expect(client.list('blocked_ips').has('203.0.113.77')).toBe(true)
})

const others: readonly [DenylistKind, string, string][] = [
  ['login', 'blocked_logins', 'pc-blk-login'],
  ['user_agent', 'blocked_user_agents', 'pc-blk-ua'],
  ['fingerprint', 'blocked_fingerprints', 'pc-blk-fp'],
]
test.each(others)('a denied %s comes as data and with the rule that reads it', async (kind, list, rule) => {
  await deny(entry('some value', { kind }))
  const client = new Client()
  while (client.list(list).size === 0) await client.ask(5_000)
  const rules = [...client.files].filter(([path]) => path.includes('/ASM/'))
  expect(rules).toHaveLength(1)
  expect(rules[0]?.[1].raw.toString()).toContain(rule)
  const without = new Client({ capabilities: 'AA==' })
  await without.ask()
  expect([...without.files.keys()].some((path) => path.includes('/ASM/'))).toBe(false)
})

test('the passlist comes as exclusions for clients that know them', async () => {
  await state.commit({ entries: [{ list: 'passlist', entry: entry('198.51.100.0/24', { kind: 'cidr' }) }] })
  const client = new Client()
  while (client.list('passlisted_ips').size === 0) await client.ask(5_000)
  const rules = [...client.files].find(([path]) => path.includes('pc-passlist-rules'))
  expect(JSON.parse(rules?.[1].raw.toString() ?? '{}')).toMatchObject({ exclusions: [{ on_match: 'monitor' }] })
})

test('AppSec is switched for the service that it is set for, and left alone where it is not', async () => {
  const shop = new Client()
  const other = new Client({ service: 'blog' })
  await shop.ask()
  await other.ask()
  const switched = shop.ask(50_000)
  await state.commit({
    documents: [{ kind: 'service', put: { id: 'shop', appsec: { enabled: true }, clientIpVerified: false } }],
  })
  await switched
  await other.ask()
  const features = (client: Client): string[] =>
    [...client.files].filter(([path]) => path.includes('/ASM_FEATURES/')).map(([, { raw }]) => raw.toString())
  expect(features(shop)).toEqual(['{"asm":{"enabled":true}}'])
  expect(features(other)).toEqual([])

  const left = shop.ask(50_000)
  await state.commit({
    documents: [{ kind: 'service', put: { id: 'shop', appsec: { enabled: null }, clientIpVerified: false } }],
  })
  await left
  expect(features(shop)).toEqual([])
})

test('a client gets only the products that it subscribed to', async () => {
  await deny(entry('203.0.113.9'))
  const client = new Client({ products: ['ASM_FEATURES'] })
  await client.ask()
  await client.ask(50)
  expect(client.files.size).toBe(0)
})

test('tracers are listed with what they have applied, and what failed', async () => {
  await deny(entry('203.0.113.9'))
  const told: string[] = []
  server.onTracer(({ clientId }) => told.push(clientId))
  const client = new Client()
  await settle(client, 1)
  await client.ask()
  expect(server.tracers()).toMatchObject([
    { clientId: client.id, service: 'shop', env: 'prod', kind: 'portcullis', connected: true, upToDate: true },
  ])
  const [path] = client.files.keys()
  client.failing.set(path ?? '', 'no such operator')
  await client.ask()
  expect(server.tracers()).toMatchObject([
    {
      upToDate: false,
      configurations: [{ apply_state: 3, apply_error: 'no such operator', product: 'ASM_DATA' }],
    },
  ])
  expect(told.length).toBeGreaterThanOrEqual(2)
})

const malformed: { body: unknown }[] = [
  { body: null },
  { body: 5 },
  { body: [] },
  { body: {} },
  { body: { client: {} } },
  { body: { client: { id: 'x', state: [], client_tracer: {} } } },
]
test.each(malformed)('a body that is no request is refused: $body', async ({ body }) => {
  await expect(server.configFor(body, { waitMs: 0 })).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' })
})
