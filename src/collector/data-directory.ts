import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../model/error.ts'

/** Makes a directory for the files of a collector unless it is there. Throws DATA_DIR_UNUSABLE when nothing can be written in it. */
export function makeDataDirectory(dir: string): void {
  try {
    makePath(dir)
    accessSync(dir, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw fail('DATA_DIR_UNUSABLE', dir, (error as Error).message)
  }
}

/** Makes a directory and those above it. Node's own `recursive` never ends below /proc, where nothing can be made. */
function makePath(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return
  const parent = dirname(dir)
  if (!existsSync(parent)) makePath(parent)
  mkdirSync(dir, { mode: 0o700 })
}
