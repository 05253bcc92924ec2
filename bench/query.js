/**
 * Goal 11 (spec/performance.md), explorer: latencies of its queries over many spans at rest, spread over three days.
 * `node bench/query.js [spans] [--dir DIR] [--rounds 15]` after `npm run build`; by default 1000000, which takes two to four
 * minutes; 10000000 take twenty and 4 GB of disk. About 80,000 spans go through the pipeline; the others are copies of
 * them at other times, with ids and addresses of their own, made inside the engine. With --dir the store is kept there
 * and used again. Wall time, one query at a time, beside nothing else.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../dist/collector/store/duckdb/store.js'
import { createRandom, machine, printTable } from './support/compare.js'
import { fillStore } from './support/fill-store.js'
import { percentile } from './support/percentile.js'

const DAY_MS = 86_400_000
const valueOf = (option) => (process.argv.includes(option) ? process.argv[process.argv.indexOf(option) + 1] : undefined)
const spans = Number(/^\d+$/.test(process.argv[2] ?? '') ? process.argv[2] : 1_000_000)
const rounds = Number(valueOf('--rounds') ?? 15)
const kept = valueOf('--dir')
const dir = kept ?? mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
const toMs = Math.floor(Date.now() / DAY_MS) * DAY_MS
mkdirSync(dir, { recursive: true })
if (!existsSync(join(dir, 'spans.duckdb'))) {
  const started = performance.now()
  await fillStore(dir, { spans, days: 3, toMs })
  console.log(`filled in ${Math.round((performance.now() - started) / 1000)} s`)
}
const store = await openStore({ dir, clock: { nowMs: () => toMs } })
const settling = performance.now()
await store.settled()
console.log(`indexed in ${Math.round((performance.now() - settling) / 1000)} s`)

const { records, oldestMs, newestMs, bytesUsed } = await store.stats()
const all = { fromMs: oldestMs, toMs: newestMs + 1 }
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
  'free text that is nowhere': () => store.search('wp-login', all, { limit: 50 }),
  'nothing found': () => store.search('@usr.id:nobody', all, { limit: 50 }),
  'an attribute without a column': () =>
    store.search('@http.request.headers.x-forwarded-for:198.1.*', all, { limit: 50 }),
  'the same, nowhere': () => store.search('@http.request.headers.x-forwarded-for:"203.0.113.77"', all, { limit: 50 }),
  'time series of failures': () => store.timeseries(failure, all, { intervalMs: 3_600_000, aggregates: ['count'] }),
  'time series of all by route': () =>
    store.timeseries('', all, { intervalMs: 3_600_000, aggregates: ['count'], by: ['@http.route'] }),
  'top addresses of failures': () =>
    store.top(failure, all, {
      by: ['@http.client_ip'],
      aggregates: ['count', { cardinality: '@appsec.events_data.usr.login' }],
      limit: 50,
    }),
  'top addresses of all': () => store.top('', all, { by: ['@http.client_ip'], aggregates: ['count'], limit: 50 }),
  'top user agents': () => store.top('', all, { by: ['@http.useragent'], aggregates: ['count'], limit: 50 }),
  facets: () => store.facets(all),
  'values of a facet': () => store.facetValues('@http.status_code', '', all, 20),
  'values of a list': () => store.facetValues('@appsec.security_activity', '', all, 20),
  'values of a facet with a filter': () => store.facetValues('@http.useragent', failure, all, 20),
  'a trace, with its time': () => {
    const { traceId, timestampMs } = sample()
    return store.trace(traceId, timestampMs)
  },
}

const rows = []
const every = []
for (const [name, run] of Object.entries(queries)) {
  const taken = []
  for (let round = 0; round < rounds; round++) {
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
const { rss } = process.memoryUsage()
console.log(
  `${JSON.stringify(machine())}, ${records} spans, ${Math.round(bytesUsed / records)} bytes a span on disk, ${Math.round(rss / 1e6)} MB of memory`,
)
printTable(rows)
await store.close()
if (kept === undefined) rmSync(dir, { recursive: true })
