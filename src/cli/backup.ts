import { parseArgs } from 'node:util'
import { requestBackup } from '../collector.ts'
import type { Io } from './io.ts'

const options = {
  data: { type: 'string' },
  config: { type: 'string' },
} as const

/** `portcullis backup DIR`: a copy of a data directory, whether a collector runs on it or not. */
export async function backupCommand(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0) {
    io.err('usage: portcullis backup DIR [--data DIR] [--config FILE]')
    return 2
  }
  await requestBackup({
    target,
    options: { dataDir: values.data },
    configFile: values.config,
    clock: { nowMs: () => Date.now() },
  })
  io.out(`backed up to ${target}; to go on from it: portcullis restore ${target} --data DIR`)
  return 0
}
