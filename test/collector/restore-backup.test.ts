import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type * as StateModule from '../../src/collector/state/duckdb/state.ts'
import type * as StoreModule from '../../src/collector/store/duckdb/store.ts'
import { aFailure, batchOf } from '../conformance/store/fixtures.ts'
import { temporaryDirectory } from '../support/collector-process.ts'

// The build: a worker thread cannot load TypeScript.
const { openStore } = (await import(resolve('dist/collector/store/duckdb/store.js'))) as typeof StoreModule
const { openState } = (await import(resolve('dist/collector/state/duckdb/state.js'))) as typeof StateModule

const clock = { nowMs: () => Date.now() }
let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory.remove())

async function aBackup(): Promise<string> {
  const backup = join(directory.path, 'backup')
  mkdirSync(join(backup, 'threat-intel'), { recursive: true })
  writeFileSync(join(backup, 'threat-intel', 'list.csv'), 'ip_address\n192.0.2.1\n')
  const store = await openStore({ dir: backup, clock })
  await store.append(batchOf([aFailure('ann', '203.0.113.9', { timestampMs: Date.now() })]))
  await store.close()
  const state = await openState({ dir: backup })
  await state.close()
  return backup
}

async function restore(backup: string, dir: string): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn(process.execPath, [resolve('dist/bin.js'), 'restore', backup, '--data', dir])
  let said = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  child.stderr.on('data', (part: Buffer) => (said += part.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

test('a backup is put into a new directory, with all that a collector needs to go on', async () => {
  const backup = await aBackup()
  const before = readdirSync(backup, { recursive: true }).map(String).sort()
  const dir = join(directory.path, 'data')
  expect(await restore(backup, dir)).toMatchObject({ code: 0, said: expect.stringContaining('restored 1 records') })
  expect(readdirSync(dir, { recursive: true }).map(String).sort()).toEqual(before)
  const store = await openStore({ dir, clock })
  const { records } = await store.search('ann', { fromMs: 0, toMs: Date.now() + 60_000 }, { limit: 10 })
  expect(records).toHaveLength(1)
  await store.close()
})

const refusals: {
  readonly says: string
  readonly code: string
  readonly prepare: (backup: string, dir: string) => void | Promise<unknown>
}[] = [
  {
    says: 'a directory with something in it',
    code: 'RESTORE_FAILED',
    prepare: (_, dir) => writeFileSync(join(dir, 'mine'), 'x'),
  },
  {
    says: 'a directory that a collector owns',
    code: 'RESTORE_FAILED',
    prepare: (_, dir) => writeFileSync(join(dir, 'lock'), `${process.pid}\n`),
  },
  {
    says: 'a backup that is the data directory of a collector',
    code: 'RESTORE_FAILED',
    prepare: (backup) => writeFileSync(join(backup, 'lock'), `${process.pid}\n`),
  },
  {
    says: 'a backup that lacks the state',
    code: 'RESTORE_FAILED',
    prepare: (backup, dir) => {
      cpSync(join(backup, 'spans.duckdb'), join(dir, '..', 'half', 'spans.duckdb'))
    },
  },
  {
    says: 'a backup whose records are of a newer version',
    code: 'STORE_NEWER',
    prepare: (backup) => run(join(backup, 'spans.duckdb'), "UPDATE meta SET value = 99 WHERE name = 'schema'"),
  },
  {
    says: 'a backup whose state is of a newer version',
    code: 'STORE_NEWER',
    prepare: (backup) => run(join(backup, 'state.duckdb'), "UPDATE meta SET value = 99 WHERE name = 'format'"),
  },
  {
    says: 'a backup that is damaged',
    code: 'STORE_CORRUPT',
    prepare: (backup) => writeFileSync(join(backup, 'spans.duckdb'), 'garbage'.repeat(5_000)),
  },
]

test.each(refusals)('$says is refused, and nothing is left behind', async ({ says, code, prepare }) => {
  const backup = await aBackup()
  const dir = join(directory.path, 'data')
  mkdirSync(dir)
  await prepare(backup, dir)
  const before = readdirSync(dir)
  const from = says.includes('lacks') ? join(directory.path, 'half') : backup
  expect(await restore(from, dir)).toMatchObject({ code: 1, said: expect.stringContaining(code) })
  expect(readdirSync(dir)).toEqual(before)
  expect(existsSync(join(backup, 'spans.duckdb'))).toBe(true)
})

test('every refusal ran', () => expect(refusals).toHaveLength(7))

async function run(file: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}
