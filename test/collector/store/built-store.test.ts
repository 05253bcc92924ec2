import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DuckDBInstance } from '@duckdb/node-api'
import type * as StoreModule from '../../../src/collector/store/duckdb/store.ts'
import { aFailure, aRecord, aSpan, always, batchOf } from '../../conformance/store/fixtures.ts'

// The build: a worker thread cannot load TypeScript.
const { openStore } = (await import(resolve('dist/collector/store/duckdb/store.js'))) as typeof StoreModule

const clock = { nowMs: () => Date.now() }
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-built-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('a directory belongs to one store at a time, and is given back', async () => {
  const store = await openStore({ dir, clock })
  await expect(openStore({ dir, clock })).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining(String(process.pid)),
  })
  await store.close()
  await (await openStore({ dir, clock })).close()
  expect(await readdir(dir)).toEqual(['spans.duckdb'])
})

test('a lock whose owner is gone is taken over, also when its process id lives on in another process', async () => {
  for (const content of ['999999999 1\n', `${process.ppid} 1\n`, '']) {
    await writeFile(join(dir, 'lock'), content)
    await (await openStore({ dir, clock })).close()
  }
})

test('a file that is no store is refused, and nothing is changed', async () => {
  const file = join(dir, 'spans.duckdb')
  await writeFile(file, 'garbage'.repeat(5000))
  await expect(openStore({ dir, clock })).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  expect(await readFile(file, 'utf8')).toBe('garbage'.repeat(5000))
  expect(await readdir(dir)).toEqual(['spans.duckdb'])
})

test('a store of version 1 is brought forward: its records and spans stay, new ones have traits', async () => {
  const before = await openStore({ dir, clock })
  const old = aFailure('ann', '203.0.113.9', { timestampMs: Date.now() })
  const { traceId, spanId } = old
  await before.append({
    ...batchOf([old]),
    spans: [aSpan({ traceId, spanId, startMs: Date.now(), resource: 'whole' })],
  })
  await before.close()
  const instance = await DuckDBInstance.create(join(dir, 'spans.duckdb'))
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll('SELECT table_name FROM duckdb_tables()')
  for (const [name] of reader.getRowsJS() as [string][]) {
    for (const column of name.startsWith('events_') ? ['span', 'traits'] : []) {
      await connection.run(`ALTER TABLE "${name}" DROP COLUMN ${column}`)
    }
    if (name.startsWith('traits_')) await connection.run(`DROP TABLE "${name}"`)
  }
  await connection.run("UPDATE meta SET value = 1 WHERE name = 'schema'")
  connection.closeSync()
  instance.closeSync()
  const store = await openStore({ dir, clock })
  await store.append(
    batchOf([aFailure('bob', '203.0.113.9', { timestampMs: Date.now(), attributes: { 'http.useragent': 'curl' } })]),
  )
  const { records } = await store.search('', always, { limit: 10, sort: 'timestamp' })
  expect(records.map(({ attributes }) => attributes['appsec.events_data.usr.login'])).toEqual(['ann', 'bob'])
  const login = '@appsec.security_activity:business_logic.users.login'
  const traits = await store.traits({
    range: { fromMs: Date.now() - 600_000, toMs: Date.now() + 60_000 },
    attempts: `${login}.failure`,
    successes: `${login}.success`,
    halfLifeMs: 600_000,
    parts: 24,
    limit: 100,
  })
  expect(traits).toMatchObject([{ failures: 1 }])
  expect(await store.trace(traceId)).toMatchObject([{ resource: 'whole' }])
  await store.close()
})

test('a store of a newer version is refused, and still opens there', async () => {
  await (await openStore({ dir, clock })).close()
  const instance = await DuckDBInstance.create(join(dir, 'spans.duckdb'))
  const connection = await instance.connect()
  await connection.run("UPDATE meta SET value = 99 WHERE name = 'schema'")
  connection.closeSync()
  instance.closeSync()
  await expect(openStore({ dir, clock })).rejects.toMatchObject({
    code: 'STORE_NEWER',
    message: expect.stringContaining('99'),
  })
})

test('errors, records and exports cross the thread as they are', async () => {
  const store = await openStore({ dir, clock })
  const records = [
    aFailure('ann', '192.0.2.1'),
    aRecord({ attributes: JSON.parse('{"__proto__":"x"}') as { x: string } }),
  ]
  await store.append(batchOf(records))
  await expect(store.search('servce:x', always, { limit: 1 })).rejects.toMatchObject({
    name: 'PortcullisError',
    code: 'QUERY_UNKNOWN_FIELD',
    position: 0,
    suggestion: 'service',
  })
  expect((await store.search('', always, { limit: 9, sort: 'timestamp' })).records).toHaveLength(2)
  const [hostile] = (await store.search('@__proto__:x', always, { limit: 1 })).records
  expect(Object.keys(hostile?.attributes ?? {})).toEqual(['__proto__'])
  const parts: Uint8Array[] = []
  for await (const part of store.export('', always, 'ndjson')) parts.push(part)
  expect(Buffer.concat(parts).toString().trimEnd().split('\n')).toHaveLength(2)
  const abandoned = store.export('', always, 'ndjson')[Symbol.asyncIterator]()
  await abandoned.next()
  await abandoned.return?.()
  await store.close()
  await expect(store.append(batchOf([aRecord()]))).rejects.toMatchObject({ code: 'STORE_FULL' })
})

test(
  'kill -9, again and again: no acknowledged record is lost, and a batch that is sent again is stored once',
  { timeout: 180_000 },
  async () => {
    const acknowledged = new Set<number>()
    let first = 0
    for (const enough of [3, 12, 1, 25, 8]) {
      const child = spawn(process.execPath, [resolve('test/collector/store/appender.js'), dir, String(first)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'close')
      let heard = 0
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.add(Number(line))
        if (++heard === enough) child.kill('SIGKILL')
      }
      await ended
      // What was not acknowledged is sent again, as a tracer does, together with some that was.
      first = Math.max(0, Math.min(...missing(acknowledged)) - 3)
    }
    const store = await openStore({ dir, clock })
    const rows = await store.top('', always, {
      by: ['@batch'],
      aggregates: ['count', { cardinality: 'span_id' }],
      limit: 10_000,
    })
    const counts = new Map(rows.map(({ group, values }) => [Number(group['@batch']), values]))
    expect(acknowledged.size).toBeGreaterThanOrEqual(30)
    expect([...acknowledged].filter((batch) => !counts.has(batch))).toEqual([])
    expect([...counts].filter(([, [count, distinct]]) => count !== 20 || distinct !== 20)).toEqual([])
    expect(await store.trace('1'.padStart(32, '0'))).toHaveLength(1)
    expect(await store.sequence()).toBe(counts.size * 20)
    await store.close()
  },
)

test(
  'a disk that is full refuses, loses nothing, and takes more once there is room',
  { timeout: 120_000 },
  async () => {
    const script = resolve('test/collector/store/appender.js')
    const limited = spawn(
      'bash',
      ['-c', 'ulimit -f 1200; exec "$0" "$@"', process.execPath, script, dir, '0', 'keep-log'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const said: string[] = []
    for await (const line of createInterface({ input: limited.stdout })) said.push(line)
    const acknowledged = said.filter((line) => /^\d+$/.test(line))
    // A small commit may still find room between two refusals; what is said of each has to be true.
    expect(said.filter((line) => line === 'DISK_FULL')).toHaveLength(4)
    expect(said.slice(-2)).toEqual(['checkpoint DISK_FULL', `records ${acknowledged.length * 20}`])
    const store = await openStore({ dir, clock })
    const rows = await store.top('', always, { by: ['@batch'], aggregates: ['count'], limit: 10_000 })
    expect(new Set(rows.map(({ group }) => group['@batch']))).toEqual(new Set(acknowledged))
    expect(rows.every(({ values }) => values[0] === 20)).toBe(true)
    await store.append(batchOf([aRecord()]))
    await store.close()
  },
)

/** Numbers from 0 on that are not in the set, up to the first beyond it. */
function missing(numbers: ReadonlySet<number>): readonly number[] {
  return Array.from({ length: Math.max(0, ...numbers) + 2 }, (_, number) => number).filter((n) => !numbers.has(n))
}
