import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { eventually } from '../support/eventually.ts'
import {
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../support/collector-process.ts'

/** Runs on the build (dist/): exports far larger than what the process may take for them. */
const directory = temporaryDirectory()
const started: CollectorProcess[] = []
afterAll(async () => {
  for (const collector of started) await collector.stop()
  directory.remove()
})

/** `EXPORT_RECORDS=1000000` takes the time that it takes. */
const records = Number(process.env['EXPORT_RECORDS'] ?? 50_000)
const perBatch = 2_500
/** Makes each record about 3 KB of text, alike, so that it takes little disk. */
const padding = 'a long header value, '.repeat(140)
/** What exports may add to the process: slices in flight, DuckDB's own buffers, and what is not collected yet. */
const maxGrowthMb = 380
/** An export that held its result would not fit into this heap. */
const smallHeap = { NODE_OPTIONS: '--max-old-space-size=128' }

async function start(dir: string, env: Record<string, string> = {}): Promise<CollectorProcess> {
  const collector = await startCollectorProcess(dir, env)
  started.push(collector)
  return collector
}

async function fill(collector: CollectorProcess, count: number): Promise<void> {
  const baseMs = Date.now() - 3_600_000
  // What claims to come from the future would all count as now.
  const stepMs = Math.min(50, 3_500_000 / count)
  for (let begin = 0; begin < count; begin += perBatch) {
    const attempts = Array.from({ length: perBatch }, (_, index) => ({
      login: `user${begin + index}`,
      ip: '198.51.100.1',
      atMs: baseMs + (begin + index) * stepMs,
      meta: { padding },
    }))
    await eventually(async () => (await sendLogins(collector.agentUrl, attempts)).status === 200, {
      says: 'the batch taken',
      everyMs: 500,
    })
  }
}

function download(collector: CollectorProcess, format: string, signal?: AbortSignal): Promise<Response> {
  return fetch(new URL(`/api/spans/export?format=${format}&from=now-2h`, collector.consoleUrl), {
    headers: { authorization: `Bearer ${token}` },
    ...(signal === undefined ? {} : { signal }),
  })
}

function residentMb(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1]) / 1_024
}

// The kernel's own figure of the memory is there on Linux only.
test.runIf(process.platform === 'linux')(
  'exports stream in constant memory, and give every record once',
  async () => {
    const dir = join(directory.path, 'large')
    const first = await start(dir)
    await fill(first, records)
    await first.stop()

    const collector = await start(dir, smallHeap)
    const before = residentMb(collector.pid)
    let peak = before
    let totalMb = 0
    for (const format of ['ndjson', 'csv', 'ndjson']) {
      const reply = await download(collector, format)
      expect(reply.status).toBe(200)
      let lines = 0
      let parts = 0
      for await (const part of reply.body as AsyncIterable<Uint8Array>) {
        totalMb += part.length / 1_048_576
        for (const byte of part) if (byte === 10) lines++
        if (parts++ % 50 === 0) peak = Math.max(peak, residentMb(collector.pid))
      }
      expect(lines).toBe(records + (format === 'csv' ? 1 : 0))
    }
    expect(totalMb).toBeGreaterThan(1.2 * maxGrowthMb)
    expect(peak - before).toBeLessThan(maxGrowthMb)
  },
  Math.max(240_000, records * 5),
)

test('who goes away in the middle leaves nothing running', async () => {
  const collector = await start(join(directory.path, 'left'))
  await fill(collector, perBatch)
  const gone = new AbortController()
  const reply = await download(collector, 'ndjson', gone.signal)
  await reply.body?.getReader().read()
  gone.abort()
  expect((await collector.api('GET', '/api/overview')).status).toBe(200)
  expect(await collector.stop()).toBe(0)
}, 60_000)
