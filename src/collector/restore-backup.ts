import { cp, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../model/clock.ts'
import { PortcullisError, fail } from '../model/error.ts'
import { filesBeside } from './back-up.ts'
import { loadConfig, type CollectorOptions } from './config.ts'
import { makeDataDirectory } from './data-directory.ts'
import { fileName as stateFile, openState } from './state/duckdb/state.ts'
import { fileName as storeFile } from './store/duckdb/database.ts'
import { openStore } from './store/duckdb/store.ts'

const needed = [storeFile, stateFile]
/** What lies in a data directory while a collector runs on it, and after one was killed. */
const inUse = 'lock'

/**
 * Puts a backup into a new or empty data directory, and opens the copy once: what an older version wrote is brought forward
 * there, the backup stays as it is. Resolves with how many records it holds. Rejects with RESTORE_FAILED, STORE_NEWER and
 * STORE_CORRUPT; the directory is then as empty as before.
 */
export async function restoreBackup(wanted: {
  readonly backup: string
  readonly options?: CollectorOptions
  readonly configFile?: string | undefined
  readonly clock: Pick<Clock, 'nowMs'>
}): Promise<{ readonly dir: string; readonly records: number }> {
  const { config } = loadConfig(wanted.options, wanted.configFile)
  const dir = resolve(config.dataDir)
  const backup = resolve(wanted.backup)
  const present = await readdir(backup).catch((error: NodeJS.ErrnoException) => {
    throw fail('RESTORE_FAILED', dir, `${backup}: ${error.message}`)
  })
  const missing = needed.filter((name) => !present.includes(name))
  if (missing.length > 0) throw fail('RESTORE_FAILED', dir, `${backup} is no backup: it lacks ${missing.join(', ')}`)
  if (present.includes(inUse)) {
    throw fail('RESTORE_FAILED', dir, `${backup} is the data directory of a collector; make a backup of it`)
  }
  makeDataDirectory(dir)
  const found = await readdir(dir)
  if (found.length > 0) {
    throw fail('RESTORE_FAILED', dir, found.includes(inUse) ? 'a collector owns it' : 'it is not empty')
  }
  try {
    for (const name of [...needed, ...filesBeside.filter((file) => present.includes(file))]) {
      await cp(join(backup, name), join(dir, name), { recursive: true, errorOnExist: true, force: false })
    }
    return { dir, records: await openOnce(dir, wanted.clock) }
  } catch (error) {
    for (const name of await readdir(dir)) await rm(join(dir, name), { recursive: true, force: true })
    throw error instanceof PortcullisError ? error : fail('RESTORE_FAILED', dir, (error as Error).message)
  }
}

async function openOnce(dir: string, clock: Pick<Clock, 'nowMs'>): Promise<number> {
  const store = await openStore({ dir, clock })
  try {
    await (await openState({ dir })).close()
    return (await store.stats()).records
  } finally {
    await store.close()
  }
}
