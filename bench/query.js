/**
 * Goal 11 (spec/performance.md), explorer: latencies of its queries over many spans at rest, spread over three days.
 * `node bench/query.js [spans] [--dir DIR]` after `npm run build`; by default 200000. With --dir the store is kept
 * there and used again. Wall time, one query at a time.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToBatch } from '../dist/collector/enrich/to-batch.js'
import { createUserAgentReader } from '../dist/collector/enrich/user-agent.js'
import { decodeTraces } from '../dist/collector/ingest/datadog/decode-traces.js'
import { openStore } from '../dist/collector/store/duckdb/store.js'
import { createRandom, machine, printTable } from './support/compare.js'
import { percentile } from './support/percentile.js'
import { createBodies } from './support/spans.js'

const SLICE = 50_000
const ROUNDS = 15
const DAY_MS = 86_400_000
const spans = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 200_000)
const kept = process.argv.includes('--dir') ? process.argv[process.argv.indexOf('--dir') + 1] : undefined
const dir = kept ?? mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
const nowMs = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
const isNew = !existsSync(join(dir, 'spans.duckdb'))
const store = await openStore({ dir, clock: { nowMs: () => nowMs } })

if (isNew) {
  const toBatch = createToBatch({
    readers: { userAgent: createUserAgentReader(), network: () => ({}) },
    storeAllTraces: true,
  })
  for (let done = 0; done < spans; done += SLICE) {
    const count = Math.min(SLICE, spans - done)
    const at = (index) => nowMs - 3 * DAY_MS + (3 * DAY_MS * index) / spans
    const bodies = createBodies({ spans: count, fromMs: at(done), toMs: at(done + count), seed: done + 1 })
    for (const body of bodies) {
      const traces = decodeTraces('v0.4', body, 'application/msgpack').flat()
      await store.append(toBatch(traces, { trusted: true }, nowMs))
    }
  }
  await store.checkpoint()
}

const { records, oldestMs } = await store.stats()
const all = { fromMs: oldestMs, toMs: nowMs + 1 }
const failure = '@appsec.security_activity:business_logic.users.login.failure'
const random = createRandom(1)
const user = () => `user${random() % 50_000}@example.com`
const { records: samples } = await store.search('', all, { limit: 1000 })
const sample = () => samples[random() % samples.length]

const queries = {
  'newest spans': () => store.search('', all, { limit: 50 }),
  'failures of a login': () => store.search(`@appsec.events_data.usr.login:${user()}`, all, { limit: 50 }),
  'spans of an address': () =>
    store.search(`@http.client_ip:${sample().attributes['http.client_ip']}`, all, { limit: 50 }),
  'spans of a network': () => store.search('@http.client_ip:198.7.0.0/16', all, { limit: 50 }),
  'free text': () => store.search('checkout', all, { limit: 50 }),
  'nothing found': () => store.search('@usr.id:nobody', all, { limit: 50 }),
  'an attribute without a column': () =>
    store.search('@http.request.headers.x-forwarded-for:198.1.*', all, { limit: 50 }),
  'time series of failures': () => store.timeseries(failure, all, { intervalMs: 3_600_000, aggregates: ['count'] }),
  'time series of all by route': () =>
    store.timeseries('', all, { intervalMs: 3_600_000, aggregates: ['count'], by: ['@http.route'] }),
  'top addresses of failures': () =>
    store.top(failure, all, {
      by: ['@http.client_ip'],
      aggregates: ['count', { cardinality: '@appsec.events_data.usr.login' }],
      limit: 50,
    }),
  'top user agents': () => store.top('', all, { by: ['@http.useragent'], aggregates: ['count'], limit: 50 }),
  'values of a facet': () => store.facetValues('@http.status_code', '', all, 20),
  'a trace, with its time': () => {
    const { traceId, timestampMs } = sample()
    return store.trace(traceId, timestampMs)
  },
}

const rows = []
const every = []
for (const [name, run] of Object.entries(queries)) {
  const taken = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    await run()
    taken.push(performance.now() - started)
  }
  every.push(...taken)
  rows.push({
    query: name,
    'p50 ms': percentile(taken, 50),
    'p95 ms': percentile(taken, 95),
    least: percentile(taken, 0),
  })
}
rows.push({
  query: 'all',
  'p50 ms': percentile(every, 50),
  'p95 ms': percentile(every, 95),
  least: percentile(every, 0),
})
console.log(`${JSON.stringify(machine())}, ${records} spans`)
printTable(rows)
await store.close()
if (kept === undefined) rmSync(dir, { recursive: true })
