import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))
const token = 'token-of-a-benchmark'

/** A collector in a process of its own, on ports and in a directory of its own; `stop` removes it. */
export async function startCollector(env = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const child = spawn(process.execPath, [bin, 'collector', '--data', dir, '--agent-port', '0', '--console-port', '0'], {
    env: { ...process.env, PORTCULLIS_TOKEN: token, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('close', resolve))
  const [agentUrl, consoleUrl] = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, agent, console] = /agent listener (\S+), console (\S+)/.exec(line) ?? []
      if (agent && console) resolve([agent, console])
      else process.stderr.write(`collector: ${line}\n`)
    })
    void exited.then((code) => reject(new Error(`the collector ended with code ${code}`)))
  })
  return {
    agentUrl,
    consoleUrl,
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
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      return JSON.parse(text)
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
