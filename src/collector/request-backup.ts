import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock } from '../model/clock.ts'
import { fail, PortcullisError } from '../model/error.ts'
import { backUp } from './back-up.ts'
import { callCollector } from './call-collector.ts'
import { loadConfig, type CollectorOptions } from './config.ts'
import { openState } from './state/duckdb/state.ts'
import { fileName as storeFile } from './store/duckdb/database.ts'
import { openStore } from './store/duckdb/store.ts'

/**
 * Copies a checkpoint of a data directory into a new or empty directory: by the collector that runs on it, or, when none
 * does, by itself. Rejects with BACKUP_FAILED, with NOT_FOUND where there is no data directory, and with what opening the stores says.
 */
export async function requestBackup(wanted: {
  readonly target: string
  readonly options?: CollectorOptions
  readonly configFile?: string | undefined
  readonly clock: Pick<Clock, 'nowMs'>
}): Promise<void> {
  const { config } = loadConfig(wanted.options, wanted.configFile)
  const dir = resolve(config.dataDir)
  const target = resolve(wanted.target)
  try {
    await callCollector(dir, { method: 'POST', path: '/api/backups', body: { directory: target } })
    return
  } catch (error) {
    if (!(error instanceof PortcullisError && error.code === 'COLLECTOR_NOT_RUNNING')) throw error
  }
  // Opening a store makes one; a misspelled directory is not to give a backup of nothing.
  if (!existsSync(join(dir, storeFile))) throw fail('NOT_FOUND', `the data directory ${dir} (--data)`)
  const store = await openStore({ dir, clock: wanted.clock })
  try {
    const state = await openState({ dir })
    try {
      await backUp({ store, state, dir }, target)
    } finally {
      await state.close()
    }
  } finally {
    await store.close()
  }
}
