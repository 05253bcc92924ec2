import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backUp } from '../../src/collector/back-up.ts'
import { openEngine as openStateEngine } from '../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../src/collector/state/duckdb/state.ts'
import type { State } from '../../src/collector/state/state.ts'
import { openEngine, toStore } from '../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../src/collector/store/store.ts'
import { aRecord, always, batchOf, nowMs } from '../conformance/store/fixtures.ts'
import { temporaryDirectory } from '../support/collector-process.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory.remove())

async function open(dir: string): Promise<{ store: Store; state: State; close(): Promise<void> }> {
  const limits = { memoryLimitMb: 256, threads: 1 }
  const store = toStore(await openEngine({ dir, nowMs, limits }), { nowMs: () => nowMs })
  const state = observe(await openStateEngine(join(dir, 'state.duckdb')))
  return {
    store,
    state,
    async close() {
      await state.close()
      await store.close()
    },
  }
}

const documentOf = (name: string) =>
  ({
    kind: 'standingAnswer',
    put: { id: name, signalId: 's', kind: 'ip', selection: 'ips', forSeconds: 1, by: 'ada', at: '' },
  }) as const

test('a backup holds all that was acknowledged before it, whatever is taken meanwhile, and a collector opens it', async () => {
  const dir = join(directory.path, 'data')
  mkdirSync(join(dir, 'threat-intel'), { recursive: true })
  writeFileSync(join(dir, 'threat-intel', 'list.csv'), 'ip_address\n192.0.2.1\n')
  const { store, state, close } = await open(dir)
  const before = Array.from({ length: 200 }, () => aRecord({ service: 'before' }))
  const meanwhile = Array.from({ length: 30 }, () => batchOf(Array.from({ length: 20 }, () => aRecord())))
  await store.append(batchOf(before))
  await state.commit({ documents: [documentOf('kept')] })
  const target = join(directory.path, 'backup')
  await Promise.all([
    backUp({ store, state, dir }, target),
    ...meanwhile.map((batch) => store.append(batch)),
    store.checkpoint(),
    store.dropBefore('2020-01-01'),
  ])
  expect((await store.stats()).records).toBe(800)
  await close()

  const copy = await open(target)
  const { records } = await copy.store.search('service:before', always, { limit: 1000 })
  expect(new Set(records.map(({ spanId }) => spanId))).toEqual(new Set(before.map(({ spanId }) => spanId)))
  expect(await copy.state.document('standingAnswer', 'kept')).toMatchObject({ by: 'ada' })
  expect(existsSync(join(target, 'threat-intel', 'list.csv'))).toBe(true)
  await copy.store.append(batchOf([aRecord()]))
  await copy.close()
})

test('a directory with something in it is not written to', async () => {
  const dir = join(directory.path, 'data')
  mkdirSync(dir)
  const { store, state, close } = await open(dir)
  const target = join(directory.path, 'full')
  mkdirSync(target)
  writeFileSync(join(target, 'mine'), 'x')
  await expect(backUp({ store, state, dir }, target)).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  expect(existsSync(join(target, 'spans.duckdb'))).toBe(false)
  await close()
})
