import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../model/error.ts'

/** How whoever owns the data directory reaches the collector that runs on it: its console, and a token. */
export interface Control {
  readonly consoleUrl: string
  readonly token: string
  /** Of its certificate (`fingerprint256`), where the console speaks TLS. */
  readonly certificateSha256?: string
}

const fileName = 'control.json'

/** Leaves the control file in the data directory, readable by its owner only. Returns what takes it away. */
export function writeControl(dir: string, control: Control): () => void {
  const file = join(dir, fileName)
  rmSync(file, { force: true })
  writeFileSync(file, `${JSON.stringify(control)}\n`, { mode: 0o600, flag: 'wx' })
  return () => rmSync(file, { force: true })
}

/** Reads the control file. Throws COLLECTOR_NOT_RUNNING. */
export function readControl(dir: string): Control {
  try {
    const { consoleUrl, token, certificateSha256 } = JSON.parse(
      readFileSync(join(dir, fileName), 'utf8'),
    ) as Partial<Control>
    if (typeof consoleUrl === 'string' && typeof token === 'string') {
      return { consoleUrl, token, ...(certificateSha256 === undefined ? {} : { certificateSha256 }) }
    }
  } catch {
    // Said below.
  }
  throw fail('COLLECTOR_NOT_RUNNING', dir)
}
