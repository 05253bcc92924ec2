import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createRemoteConfigServer } from '../../../src/collector/remote-config/server.ts'
import { openEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { DenylistEntry } from '../../../src/model/denylist-entry.ts'
import { portcullisClientTag } from '../../../src/model/remote-config.ts'
import { connectAgent } from '../../../src/tracer/agent-connection.ts'
import { createDenylistCompiler } from '../../../src/tracer/denylist/denylist-compiler.ts'
import { subscriptionFor } from '../../../src/tracer/remote-config/capabilities.ts'
import { createRemoteConfigClient } from '../../../src/tracer/remote-config/remote-config-client.ts'
import { eventually } from '../../support/eventually.ts'
import { systemClock } from '../../support/system-clock.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function entry(id: string, value: string, over: Partial<DenylistEntry> = {}): DenylistEntry {
  return {
    id,
    kind: 'ip',
    value,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    reason: 'test',
    signalId: null,
    author: 'ann',
    createdAt: new Date().toISOString(),
    rescindedAt: null,
    rescindedBy: null,
    ...over,
  }
}

test('the tracer of this package takes what the server gives, waits for more, and says what it has', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-tracer-'))
  cleanups.push(() => rm(dir, { recursive: true, force: true }))
  const state = observe(await openEngine(join(dir, 'state.duckdb')))
  cleanups.push(() => state.close())
  const errors: unknown[] = []
  const server = await createRemoteConfigServer({ state, clock: systemClock, onError: (error) => errors.push(error) })
  cleanups.push(() => server.close())

  const http = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const waitMs = 1000 * Number(/wait=(\d+)/.exec(String(request.headers['prefer'] ?? ''))?.[1] ?? 0)
      void server.configFor(JSON.parse(Buffer.concat(parts).toString()), { waitMs }).then(({ reply, held }) => {
        if (held) response.setHeader('preference-applied', 'wait')
        response.end(JSON.stringify(reply))
      })
    })
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  cleanups.push(() => {
    http.closeAllConnections()
    return new Promise((done) => http.close(done))
  })

  const compiler = createDenylistCompiler({ clock: systemClock, onBadItem: (_list, item) => errors.push(item) })
  const connection = connectAgent(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, systemClock)
  const client = createRemoteConfigClient({
    connection,
    clock: systemClock,
    random: Math.random,
    identity: {
      runtimeId: 'runtime',
      tracerVersion: '0.1.0',
      service: 'shop',
      env: 'prod',
      appVersion: '1',
      tags: [portcullisClientTag],
    },
    pollIntervalMs: 5_000,
    subscription: () => subscriptionFor({ local: true, running: true, ownRules: false }),
    apply: (changes) => compiler.apply(changes),
    warn: (problem) => errors.push(problem),
  })
  cleanups.push(async () => {
    await client.stop()
    connection.close()
  })

  await state.commit({ entries: [{ list: 'denylist', entry: entry('e0', '198.51.100.1') }] })
  client.start()
  const isBlocked = (ip: string): boolean => compiler.denylist.check({ ip }, Date.now() / 1000).blocked
  await eventually(() => isBlocked('198.51.100.1'), { says: 'the first entry' })

  for (let index = 1; index <= 5; index++) {
    const ip = `203.0.113.${index}`
    await state.commit({ entries: [{ list: 'denylist', entry: entry(`e${index}`, ip) }] })
    await eventually(() => isBlocked(ip), { says: ip })
    expect(isBlocked('198.51.100.1')).toBe(true)
  }
  const rescinded = { rescindedAt: new Date().toISOString(), rescindedBy: 'ann' }
  await state.commit({ entries: [{ list: 'denylist', entry: entry('e3', '203.0.113.3', rescinded) }] })
  await eventually(() => !isBlocked('203.0.113.3'), { says: 'what was taken back' })

  const tracer = await eventually(() => server.tracers().find(({ upToDate }) => upToDate), { says: 'the report' })
  expect(tracer).toMatchObject({ kind: 'portcullis', service: 'shop', connected: true, error: null })
  expect(tracer.configurations.map(({ apply_state }) => apply_state)).toEqual([2])
  expect(errors).toEqual([])
})
