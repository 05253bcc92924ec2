import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SpanRecord } from '../../src/model/span-record.ts'
import { keepRetention } from '../../src/collector/retention.ts'
import { openEngine, toStore } from '../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../src/collector/store/store.ts'
import { temporaryDirectory } from '../support/collector-process.ts'

const dayMs = 86_400_000
const nowMs = Date.parse('2026-11-22T12:00:00Z')
const clock = { nowMs: () => nowMs, after: () => () => undefined }
let directory: ReturnType<typeof temporaryDirectory>
let store: Store

beforeEach(async () => {
  directory = temporaryDirectory()
  store = toStore(await openEngine({ dir: directory.path, nowMs, limits: { memoryLimitMb: 256, threads: 1 } }), clock)
  for (let daysAgo = 0; daysAgo < 6; daysAgo++) {
    const records = Array.from({ length: 50 }, (_, index) => ({
      record: record(nowMs - daysAgo * dayMs + index, daysAgo * 50 + index),
      keep: 'full' as const,
      trusted: true,
    }))
    await store.append({ records, spans: [] })
  }
})
afterEach(async () => {
  await store.close()
  directory.remove()
})

function record(timestampMs: number, number: number): SpanRecord {
  const id = (number + 1).toString(16)
  return {
    timestampMs,
    traceId: id.padStart(32, '0'),
    spanId: id.padStart(16, '0'),
    service: 'shop',
    env: 'prod',
    version: '',
    resource: 'POST /login',
    operation: 'web.request',
    type: 'web',
    status: 'ok',
    durationMs: 1,
    attributes: { 'appsec.security_activity': ['business_logic.users.login.failure'] },
  }
}

async function after(days: number, diskBudgetGb: number): Promise<{ dropped: object[]; records: number }> {
  const dropped: object[] = []
  const retention = keepRetention({
    store,
    clock,
    days: () => days,
    compactHours: 24,
    diskBudgetGb,
    onDropped: (what) => dropped.push(what),
    onError: (error) => expect(error).toBeUndefined(),
  })
  await retention.look()
  await retention.stop()
  return { dropped, records: (await store.stats()).records }
}

test('days past their time are dropped, and no other', async () => {
  expect(await after(3, 0)).toEqual({ dropped: [{ days: 2, why: 'age' }], records: 200 })
  expect(await after(3, 0)).toEqual({ dropped: [], records: 200 })
})

test('over the budget the oldest days go, and today stays', async () => {
  const { dropped, records } = await after(30, 1e-9)
  expect(dropped).toEqual(Array.from({ length: 5 }, () => ({ days: 1, why: 'disk' })))
  expect(records).toBe(50)
})

test('compact records past their hours are dropped', async () => {
  const hourMs = 3_600_000
  const compact = [23, 26, 30].map((hours) => ({
    record: { ...record(nowMs - hours * hourMs, 1000 + hours), traceId: `${hours}`.padStart(32, 'c') },
    keep: 'compact' as const,
    trusted: true,
  }))
  await store.append({ records: compact, spans: [] })
  await after(30, 0)
  const { fromMs, toMs } = { fromMs: 0, toMs: 8e15 }
  const { records } = await store.search('', { fromMs, toMs }, { limit: 1000, records: 'all' })
  const kept = records.filter(({ traceId }) => traceId.startsWith('ccc'))
  expect(kept.map(({ traceId }) => traceId.slice(-2))).toEqual(['23'])
})

test('within the budget nothing goes', async () => {
  expect(await after(30, 1)).toEqual({ dropped: [], records: 300 })
})
