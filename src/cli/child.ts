import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** A process that a verb started; it is ended with the verb. */
export interface Child {
  readonly name: string
  /** Resolves with the exit code once the process is gone. */
  readonly exited: Promise<number | null>
  /** Asks the process to end, and makes it end after 10 s. */
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where its standard error (and output, unless `onLine`) goes. */
  readonly logFile: string
  readonly onLine?: (line: string) => void
}

const stopPatienceMs = 10_000
const leash = new URL('leash.js', import.meta.url).href

/** Starts a Node process with the given arguments. It ends with this process, also when this one is killed. */
export function startChild({ name, args, env, logFile, onLine }: ChildOptions): Child {
  const child: ChildProcess = spawn(process.execPath, ['--import', leash, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const log = createWriteStream(logFile, { flags: 'a' })
  child.stderr?.pipe(log, { end: false })
  if (onLine && child.stdout) createInterface({ input: child.stdout }).on('line', onLine)
  else child.stdout?.pipe(log, { end: false })
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    name,
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const insist = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs)
      await exited
      clearTimeout(insist)
    },
  }
}

/** The preferred port when nothing on this machine listens there, else a free one. */
export async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? 0
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
}
