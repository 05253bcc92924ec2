import { parseArgs } from 'node:util'
import { restoreBackup } from '../collector.ts'
import type { Io } from './io.ts'

const options = {
  data: { type: 'string' },
  config: { type: 'string' },
} as const

/** `portcullis restore BACKUP`: a new data directory from a backup. */
export async function restoreCommand(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const [backup, ...more] = positionals
  if (backup === undefined || more.length > 0) {
    io.err('usage: portcullis restore BACKUP [--data DIR] [--config FILE]')
    return 2
  }
  const { dir, records } = await restoreBackup({
    backup,
    options: { dataDir: values.data },
    configFile: values.config,
    clock: { nowMs: () => Date.now() },
  })
  io.out(`restored ${records} records to ${dir}; start a collector on it: portcullis collector --data ${dir}`)
  return 0
}
