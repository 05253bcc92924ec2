import { accessSync, constants, mkdirSync } from 'node:fs'
import { fail } from '../model/error.ts'

/** Makes a directory for the files of a collector unless it is there. Throws DATA_DIR_UNUSABLE when nothing can be written in it. */
export function makeDataDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    accessSync(dir, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw fail('DATA_DIR_UNUSABLE', dir, (error as Error).message)
  }
}
