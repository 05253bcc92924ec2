// Does the collector hold on to anything? Spans at a modest rate for half an hour over HTTP, three in ten logins, while the
// explorer is asked and everything is exported now and then; each minute, how much memory the process takes.
//   npm run build && node bench/collector-soak.js [--minutes 30] [--rate 200] [--json]
// Ends with 1 when anything is refused or fails, when a span is missing, or when memory grows in the second half.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, printTable } from './support/compare.js'
import { createBodies } from './support/spans.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '200' },
    json: { type: 'boolean' },
  },
})
const [minutes, rate] = [Number(values.minutes), Number(values.rate)]
const EACH = 50
/** DuckDB keeps what it has read up to its limit, the heap what the caches take in; a leak goes on beyond that. */
const GROWTH_MB = 150
const token = 'soak-token-0123456789'

const dir = mkdtempSync(join(tmpdir(), 'portcullis-soak-'))
const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const collector = spawn(process.execPath, [bin, 'collector', '--data', dir], {
  env: {
    ...process.env,
    AGENT_LISTEN: '127.0.0.1:0',
    CONSOLE_LISTEN: '127.0.0.1:0',
    PORTCULLIS_TOKEN: token,
    STORE_ALL_TRACES: 'true',
  },
  stdio: ['ignore', 'ignore', 'pipe'],
})
const faults = []
const { agentUrl, consoleUrl } = await new Promise((resolve, reject) => {
  collector.once('exit', (code) => reject(new Error(`the collector ended with ${code}`)))
  createInterface({ input: collector.stderr }).on('line', (line) => {
    const said = /agent listener (\S+), console (\S+)/.exec(line)
    if (said) resolve({ agentUrl: said[1], consoleUrl: said[2] })
    else if (line.startsWith('{') ? JSON.parse(line).level >= 50 : !line.startsWith('portcullis collector'))
      faults.push(line)
    else if (line.includes('did not end in time')) faults.push(line)
  })
})

const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
const ask = async (path, body) => {
  const reply = await fetch(new URL(path, consoleUrl), {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}`)
  return reply
}

let sent = 0
async function send() {
  const nowMs = Date.now()
  const [body] = createBodies({ spans: EACH, each: EACH, fromMs: nowMs - 1000, toMs: nowMs, seed: sent + 1 })
  const reply = await fetch(new URL('/v0.4/traces', agentUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/msgpack' },
    body,
  })
  await reply.arrayBuffer()
  if (reply.status !== 200) throw new Error(`spans were answered with ${reply.status}`)
  sent += EACH
}

const rows = []
const startedMs = Date.now()
let lookedMinute = 0
while (Date.now() - startedMs < minutes * 60_000) {
  const turnMs = Date.now()
  try {
    for (let done = 0; done < rate; done += EACH) await send()
    const range = { from: 'now-10m', to: 'now' }
    await (await ask('/api/spans/search', { query: 'service:shop', limit: 20, ...range })).json()
    await (await ask('/api/spans/top', { query: '', by: ['@http.client_ip'], ...range })).json()
    const minute = Math.floor((Date.now() - startedMs) / 60_000)
    if (minute > lookedMinute) {
      lookedMinute = minute
      let bytes = 0
      for await (const part of (await ask('/api/spans/export?format=ndjson&from=now-5m&to=now')).body)
        bytes += part.length
      rows.push({ minute, sent, 'exported MB': Math.round(bytes / 1e6), 'RSS MB': memoryMb(collector.pid) })
      if (!values.json) console.error(JSON.stringify(rows.at(-1)))
    }
  } catch (error) {
    faults.push(error.message)
  }
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 - (Date.now() - turnMs))))
}

const { rows: counted } = await (
  await ask('/api/spans/top', { query: '', by: ['service'], from: startedMs - 60_000, to: Date.now() + 60_000 })
).json()
const stored = counted[0]?.values[0] ?? 0
const ended = new Promise((resolve) => collector.once('exit', (code, signal) => resolve(code ?? signal)))
const stoppedMs = Date.now()
collector.kill('SIGTERM')
const exitCode = await ended
const drainMs = Date.now() - stoppedMs
rmSync(dir, { recursive: true })

const half = rows.slice(Math.floor(rows.length / 2))
const growthMb = half.length < 2 ? 0 : half.at(-1)['RSS MB'] - half[0]['RSS MB']
const ok = faults.length === 0 && stored === sent && exitCode === 0 && growthMb <= GROWTH_MB
if (values.json) console.log(JSON.stringify({ minutes, sent, stored, exitCode, drainMs, growthMb, faults, rows }))
else {
  if (rows.length > 0) printTable(rows)
  console.log(ok ? 'flat' : 'NOT flat', JSON.stringify({ sent, stored, exitCode, drainMs, growthMb, ...machine() }))
  for (const fault of faults.slice(0, 20)) console.log(fault)
}
process.exitCode = ok ? 0 : 1

/** What the process takes of the machine (Linux); 0 elsewhere, where only faults and losses are found. */
function memoryMb(pid) {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
  } catch {
    return 0
  }
}
