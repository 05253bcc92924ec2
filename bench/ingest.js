/**
 * Goal 11 (spec/performance.md), ingest: spans decoded, enriched and made durable, with detection and explorer queries
 * running over 600,000 logins, against inserting the same records into SQLite and ClickHouse (chdb), without queries.
 * `node bench/ingest.js [spans] [--logins 600000] [--no-peer]` after `npm run build` and `npm install --prefix bench`; by
 * default 200000 spans. CPU time is of the whole process, all threads.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToBatch } from '../dist/collector/enrich/to-batch.js'
import { createUserAgentReader } from '../dist/collector/enrich/user-agent.js'
import { decodeTraces } from '../dist/collector/ingest/datadog/decode-traces.js'
import { openStore } from '../dist/collector/store/duckdb/store.js'
import { machine, printTable } from './support/compare.js'
import { percentile } from './support/percentile.js'
import { createBodies } from './support/spans.js'
import { openChdb } from './support/chdb.js'
import { openSqlite } from './support/sqlite.js'

const SLICE = 50_000
const IN_FLIGHT = 8
const spans = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 200_000)
const logins = process.argv.includes('--logins') ? Number(process.argv[process.argv.indexOf('--logins') + 1]) : 600_000
const withPeer = !process.argv.includes('--no-peer')
const failure = '@appsec.security_activity:business_logic.users.login.failure'
const success = '@appsec.security_activity:business_logic.users.login.success'
const rule = (groupBy, windowSeconds) => ({
  queries: {
    failures: { filter: failure, aggregate: 'count' },
    users: { filter: failure, aggregate: 'cardinality', of: '@appsec.events_data.usr.login' },
    successes: { filter: success, aggregate: 'count' },
  },
  suppress: [],
  groupBy,
  windowSeconds,
})
/** As many as ship, of their kinds. */
const rules = [
  ...Array.from({ length: 6 }, () => rule(['env', 'service', '@http.client_ip'], 600)),
  ...Array.from({ length: 4 }, () => rule(['env', 'service', '@appsec.events_data.usr.login'], 600)),
  ...Array.from({ length: 2 }, () => rule(['service'], 300)),
]

const toBatch = createToBatch({
  readers: { userAgent: createUserAgentReader(), network: () => ({}) },
  storeAllTraces: true,
})
const decode = (body) =>
  toBatch(decodeTraces('v0.4', body, 'application/msgpack').flat(), { trusted: true }, Date.now())

/** Sends all bodies with a few in flight, as several tracers do. */
async function send(bodies, append, latencies) {
  let next = 0
  const sender = async () => {
    while (next < bodies.length) {
      const body = bodies[next++]
      const started = performance.now()
      await append(body)
      latencies.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
}

/** Detection ticks and explorer queries, one after the other, until stopped. */
function queryMeanwhile(store, latencies) {
  let stopped = false
  const loop = async () => {
    // What was there before is history to a detection that starts now.
    let position = await store.sequence()
    while (!stopped) {
      const upToSequence = await store.sequence()
      const tick = performance.now()
      for (const request of rules) {
        await store.windows({ ...request, touched: { afterSequence: position, upToSequence } })
      }
      latencies.tick.push(performance.now() - tick)
      position = upToSequence
      const range = { fromMs: Date.now() - 900_000, toMs: Date.now() + 1000 }
      const asked = performance.now()
      await store.search(failure, range, { limit: 50 })
      await store.timeseries('service:shop', range, { intervalMs: 10_000, aggregates: ['count'] })
      latencies.explorer.push(performance.now() - asked)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  const running = loop()
  return () => {
    stopped = true
    return running
  }
}

async function measure(append, store) {
  const latencies = { append: [], tick: [], explorer: [] }
  const stop = store ? queryMeanwhile(store, latencies) : undefined
  let cpuMs = 0
  let wallMs = 0
  let peakMb = 0
  for (let done = 0; done < spans; done += SLICE) {
    const count = Math.min(SLICE, spans - done)
    const bodies = createBodies({ spans: count, fromMs: Date.now() - 5000, toMs: Date.now(), seed: done + 1 })
    const cpu = process.cpuUsage()
    const started = performance.now()
    await send(bodies, append, latencies.append)
    wallMs += performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    cpuMs += (user + system) / 1000
    peakMb = Math.max(peakMb, process.memoryUsage().rss / 1e6)
  }
  await stop?.()
  return { cpuMs, wallMs, peakMb, latencies }
}

function row(name, { cpuMs, wallMs, peakMb, latencies }, bytes) {
  return {
    store: name,
    spans,
    'spans/core-s': Math.round((spans / cpuMs) * 1000),
    'spans/s': Math.round((spans / wallMs) * 1000),
    'ack p50 ms': percentile(latencies.append, 50),
    p95: percentile(latencies.append, 95),
    p99: percentile(latencies.append, 99),
    'tick p50 ms': percentile(latencies.tick, 50),
    'tick p95': percentile(latencies.tick, 95),
    'windows/s': latencies.tick.length === 0 ? '–' : Math.round((latencies.tick.length * rules.length * 1000) / wallMs),
    'explorer p95': percentile(latencies.explorer, 95),
    'bytes/span': Math.round(bytes / spans),
    'RSS MB': Math.round(peakMb),
  }
}

/** Logins of the last minutes, which the detection queries look at. */
async function prepare(store) {
  for (let done = 0; done < logins; done += SLICE) {
    const [count, nowMs] = [Math.min(SLICE, logins - done), Date.now()]
    const bodies = createBodies({ spans: count, fromMs: nowMs - 200_000, toMs: nowMs, seed: 7e6 + done, logins: 10 })
    await send(bodies, (body) => store.append(decode(body)), [])
  }
  await store.checkpoint()
}

async function ours() {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const store = await openStore({ dir, clock: { nowMs: () => Date.now() }, memoryLimitMb: 512 })
  await prepare(store)
  const before = await store.stats()
  const measured = await measure((body) => store.append(decode(body)), store)
  await store.checkpoint()
  const { records, bytesOnDisk } = await store.stats()
  if (records !== spans + logins) throw new Error(`${records} of ${spans + logins} spans are stored`)
  await store.close()
  rmSync(dir, { recursive: true })
  return row('ours (12 rules, explorer)', measured, bytesOnDisk - before.bytesOnDisk)
}

async function sqlite() {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const peer = openSqlite(join(dir, 'spans.sqlite'))
  const measured = await measure(async (body) => peer.append(decode(body)))
  const { records, bytes, version } = peer.finish()
  if (records !== spans) throw new Error(`${records} of ${spans} spans are stored`)
  rmSync(dir, { recursive: true })
  return row(`better-sqlite3 ${version} (no queries)`, measured, bytes)
}

/** It weighs half a gigabyte and is not there for every machine. */
function isInstalled(name) {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

async function chdb() {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const peer = openChdb(join(dir, 'chdb'))
  const measured = await measure((body) => peer.append(decode(body)))
  const { records, bytes, version } = peer.finish()
  if (records !== spans) throw new Error(`${records} of ${spans} spans are stored`)
  rmSync(dir, { recursive: true })
  return row(`chdb ${version} (no queries)`, measured, bytes)
}

console.log(JSON.stringify(machine()))
const rows = [await ours()]
if (withPeer) rows.push(await sqlite())
if (withPeer && isInstalled('chdb')) rows.push(await chdb())
printTable(rows)
