import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../../../model/error.ts'

/**
 * Takes a data directory for this process: a file `lock` with the process id and, where the system tells it, the start
 * of that process, so that a recycled id is not taken for the owner. A lock whose owner is gone is taken over.
 * Returns the function that gives the directory back. Throws STORE_LOCKED.
 */
export function lockDirectory(dir: string): () => void {
  const file = join(dir, 'lock')
  const mine = `${process.pid} ${startOf(process.pid)}\n`
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 })
      return () => {
        if (read(file) === mine) rmSync(file, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const [pid = 0, start = ''] = read(file).trim().split(' ')
    if (isAlive(Number(pid)) && (start === '' || startOf(Number(pid)) === start)) {
      throw fail('STORE_LOCKED', dir, Number(pid))
    }
    rmSync(file, { force: true })
  }
  throw fail('STORE_LOCKED', dir, Number(read(file).split(' ')[0]))
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0) || statusOf(pid)[0] === 'Z') return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process started, in clock ticks since boot (Linux); empty elsewhere. */
function startOf(pid: number): string {
  return statusOf(pid)[19] ?? ''
}

/** Fields of /proc/<pid>/stat from the third, the state, on; a dead process that nobody waited for has the state Z. */
function statusOf(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
