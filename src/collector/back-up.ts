import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../model/error.ts'
import type { State } from './state/state.ts'
import type { Store } from './store/store.ts'

/** Files beside the two stores that a collector needs to go on. */
export const filesBeside = ['threat-intel'] as const

/**
 * Copies a checkpoint of both stores, and the threat-intel lists, into a new or empty directory; a collector starts on
 * it as it is. Spans are taken and blocks are pushed meanwhile. Rejects with BACKUP_FAILED.
 */
export async function backUp(
  { store, state, dir }: { readonly store: Store; readonly state: State; readonly dir: string },
  target: string,
): Promise<void> {
  try {
    await mkdir(target, { recursive: true, mode: 0o700 })
    if ((await readdir(target)).length > 0) throw new Error('the directory was not empty')
    for (const name of filesBeside) {
      await cp(join(dir, name), join(target, name), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    // The state first: it may then know less than the spans, never of spans that are missing.
    await state.backup(target)
    await store.backup(target)
  } catch (error) {
    throw fail('BACKUP_FAILED', target, (error as Error).message)
  }
}
