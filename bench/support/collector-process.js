import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
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
    /** Waits as long as it takes: `fetch` gives up on an answer after five minutes. */
    async api(method, path, body) {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      }
      const sent = request(new URL(path, consoleUrl), { method, headers })
      sent.end(body === undefined ? undefined : JSON.stringify(body))
      const [response] = await once(sent, 'response')
      const answer = await text(response)
      if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}: ${answer}`)
      return JSON.parse(answer)
    },
    rssMb() {
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024)
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
