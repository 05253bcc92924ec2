import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../../src/collector/store/store.ts'
import { aFailure, aRecord, always, batchOf, nowMs } from '../../conformance/store/fixtures.ts'

const limits = { memoryLimitMb: 256, threads: 2 }
let dir: string
let store: Store

async function open(leastRecords = 1): Promise<void> {
  const indexLimits = { leastRecords, leastOfToday: leastRecords, mostRecords: 1_000 }
  store = toStore(await openEngine({ dir, nowMs, limits, indexLimits }), { nowMs: () => nowMs })
}

/** Changes the file while nobody has it open; gives the rows of the last statement. */
async function inFile(...statements: readonly string[]): Promise<unknown[][]> {
  await store.close()
  const instance = await DuckDBInstance.create(join(dir, 'spans.duckdb'))
  const connection = await instance.connect()
  let rows: unknown[][] = []
  for (const statement of statements) rows = (await connection.runAndReadAll(statement)).getRowsJS()
  connection.closeSync()
  instance.closeSync()
  await open()
  return rows
}

const indexes = "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'values_') ORDER BY ALL"
const foundBy = async (query: string): Promise<number> =>
  (await store.search(query, always, { limit: 100 })).records.length

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-index-'))
  await open()
})
afterEach(async () => {
  await store.close()
  await rm(dir, { recursive: true, force: true })
})

test('a value is looked for only where the index has it, and everywhere else when the query needs no value', async () => {
  await store.append(batchOf([aFailure('ann', '203.0.113.9'), aRecord({ attributes: { 'x.y': 'z' } })]))
  await store.settled()
  for (const query of ['@http.client_ip:203.0.113.9', '@x.y:z']) expect(await foundBy(query)).toBe(1)
  // An index that knows of other values only.
  await inFile('UPDATE values_requests_20260310 SET hash = 1')
  expect(await foundBy('@x.y:z')).toBe(0)
  for (const query of ['@x.y:z*', '-@x.y:w', '@x.y:z OR service:shop']) expect(await foundBy(query)).toBeGreaterThan(0)
})

test('what came after the index was made is found, and so is what differs in case alone', async () => {
  await store.append(batchOf([aRecord({ attributes: { 'x.y': 'Ann', list: ['One', 'Two'], 'usr.id': 'A1' } })]))
  await store.settled()
  await store.close()
  await open(1_000)
  await store.append(batchOf([aRecord({ attributes: { 'x.y': 'ann', list: ['Two'], 'usr.id': 'A1' } })]))
  await store.settled()
  expect(await foundBy('@x.y:(Ann OR ann)')).toBe(2)
  expect(await foundBy('@x.y:Ann')).toBe(1)
  expect(await foundBy('@list:Two')).toBe(2)
  expect(await foundBy('@list:One @usr.id:A1')).toBe(1)
  expect(await foundBy('@list:One @usr.id:A2')).toBe(0)
})

test('an index made by another version of the engine is made again', async () => {
  await store.append(batchOf([aFailure('ann', '203.0.113.9')]))
  await store.settled()
  await inFile('UPDATE values_events_20260310 SET hash = 1', "UPDATE meta SET value = 1 WHERE name = 'values'")
  expect(await foundBy('@http.client_ip:203.0.113.9')).toBe(1)
  await store.settled()
  expect(await inFile(indexes)).toEqual([['values_events_20260310']])
  expect(await foundBy('@http.client_ip:203.0.113.9')).toBe(1)
})

test('an erased user is in no index, and a day that is dropped takes its indexes along', async () => {
  await store.append(batchOf([aFailure('ann', '203.0.113.9'), aFailure('bob', '203.0.113.9'), aRecord()]))
  await store.settled()
  const hash = "(hash('ann') >> 32)::UINTEGER"
  const entries = `SELECT count(*)::INTEGER FROM values_events_20260310 WHERE hash = ${hash}`
  expect(await inFile(entries)).toEqual([[1]])
  expect(await store.eraseUser({ login: 'ann' })).toBe(1)
  await store.settled()
  expect(await inFile(entries)).toEqual([[0]])
  expect(await foundBy('@appsec.events_data.usr.login:ann')).toBe(0)
  expect(await foundBy('@appsec.events_data.usr.login:bob')).toBe(1)
  await store.dropBefore('2026-03-11')
  expect(await inFile(indexes)).toEqual([])
})

test('what belongs to others is found while users are erased', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `user-${index}`)
  await store.append(batchOf(['bob', ...names].map((name) => aFailure(name, '203.0.113.9'))))
  for (const login of names) {
    await store.settled()
    const erasure = store.eraseUser({ login })
    const reads = Array.from({ length: 8 }, () => foundBy('@appsec.events_data.usr.login:bob'))
    const more = erasure.then(() => foundBy('@appsec.events_data.usr.login:bob'))
    expect(await Promise.all([...reads, more])).toEqual(Array.from({ length: 9 }, () => 1))
    await erasure
  }
})

test('what belongs to other days is found while days are dropped', async () => {
  const dayMs = 86_400_000
  await store.append(batchOf([aFailure('bob', '203.0.113.9')]))
  for (let round = 0; round < 8; round++) {
    await store.append(batchOf([aFailure('ann', '203.0.113.9', { timestampMs: nowMs - 3 * dayMs })]))
    await store.settled()
    const drop = store.dropBefore('2026-03-09')
    const reads = Array.from({ length: 8 }, () => foundBy('@appsec.events_data.usr.login:bob'))
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 8 }, () => 1))
    expect(await drop).toBe(1)
  }
})

test('a user is erased and a day is dropped while somebody reads', async () => {
  await store.append(batchOf([aFailure('ann', '203.0.113.9'), aFailure('bob', '203.0.113.9')]))
  const reader = store.export('', always, 'ndjson')[Symbol.asyncIterator]()
  await reader.next()
  expect(await store.eraseUser({ login: 'ann' })).toBe(1)
  expect(await store.dropBefore('2026-03-11')).toBe(1)
  expect(await foundBy('')).toBe(0)
  await reader.return?.()
})

test('how much is stored is known at once, also after an erasure and after a restart', async () => {
  const early = nowMs - 3_600_000
  await store.append(batchOf([aFailure('ann', '203.0.113.9', { timestampMs: early }), aFailure('bob', '203.0.113.9')]))
  expect(await store.stats()).toMatchObject({ records: 2, oldestMs: early, newestMs: nowMs })
  await store.eraseUser({ login: 'ann' })
  expect(await store.stats()).toMatchObject({ records: 1, oldestMs: nowMs, newestMs: nowMs })
  await inFile()
  expect(await store.stats()).toMatchObject({ records: 1, oldestMs: nowMs, newestMs: nowMs })
  await store.eraseUser({ login: 'bob' })
  expect(await store.stats()).toMatchObject({ records: 0, oldestMs: null, newestMs: null })
})

test('a page of records that lie far apart is read within the memory there is', async () => {
  const records = Array.from({ length: 2_000 }, (_, index) => aRecord({ timestampMs: nowMs - index }))
  await store.append(batchOf(records))
  await inFile('UPDATE requests_20260310 SET seq = seq * 10000')
  const page = await store.search('', always, { limit: 2_000 })
  expect(page.records.map((record) => record.spanId)).toEqual(records.map((record) => record.spanId))
})
