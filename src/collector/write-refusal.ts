import { PortcullisError, fail } from '../model/error.ts'

/** What systems say when a file cannot grow: the disk, a quota, or a limit on the size of files. */
const diskFull = /no space left on device|disk quota exceeded|file too large/i

/** Why a database did not write, for people: DISK_FULL or STORE_FULL with the first line of what it said; our own errors stay. */
export function writeRefusal(error: unknown): PortcullisError {
  if (error instanceof PortcullisError) return error
  const said = error instanceof Error ? error.message : String(error)
  const [why = said] = said.split('\n', 1)
  return fail(diskFull.test(said) ? 'DISK_FULL' : 'STORE_FULL', why)
}
