import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** The built command line; `npm run build` makes it. */
export const bin: string = resolve('dist/bin.js')
export const token = 'test-token-of-the-api'

/** A collector in a process of its own, from the build, on ports of its own. */
export interface CollectorProcess {
  readonly agentUrl: string
  readonly consoleUrl: string
  readonly dir: string
  /** What the process wrote to its standard error so far, a line each. */
  readonly said: readonly string[]
  readonly pid: number
  /** Calls the API as admin; the parsed body of the reply, whatever its status. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

export async function startCollectorProcess(
  dir: string,
  env: Readonly<Record<string, string>> = {},
  ports: { readonly agent?: number; readonly console?: number } = {},
): Promise<CollectorProcess> {
  const child = spawn(
    process.execPath,
    [bin, 'collector', '--data', dir, '--agent-port', `${ports.agent ?? 0}`, '--console-port', `${ports.console ?? 0}`],
    { env: { ...process.env, PORTCULLIS_TOKEN: token, LOG_LEVEL: 'warn', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const exited = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  const said: string[] = []
  const [agentUrl, consoleUrl] = await addresses(child, exited, said)
  return {
    agentUrl,
    consoleUrl,
    dir,
    said,
    pid: child.pid ?? 0,
    async api(method, path, body) {
      const response = await fetch(new URL(path, consoleUrl), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
    },
    stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** A directory that is removed after the test. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'portcullis-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

async function addresses(
  child: ChildProcess,
  exited: Promise<number | null>,
  said: string[],
): Promise<[string, string]> {
  const found = new Promise<[string, string]>((done) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line)
      const [, agent, console] = /agent listener (\S+), console (\S+)/.exec(line) ?? []
      if (agent && console) done([agent, console])
    })
    createInterface({ input: child.stdout! }).on('line', (line) => said.push(line))
  })
  const gone = exited.then((code) => Promise.reject(new Error(`the collector ended with ${code}:\n${said.join('\n')}`)))
  return Promise.race([found, gone])
}
