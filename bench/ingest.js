/**
 * Goal 11 (spec/performance.md), ingest: spans decoded, enriched and made durable, with detection (all rules that ship, as
 * often and in the same way as the collector evaluates them: one look for what is new to any, then the windows of those
 * that have news) and explorer queries over 600,000 logins of the last minutes, against inserting the same records into
 * SQLite and ClickHouse (chdb), without queries and without queueing.
 * `node bench/ingest.js [spans] [--logins 600000] [--seconds 90] [--no-peer]` after `npm run build` and
 * `npm install --prefix bench`; by default 300000 spans. No side takes longer than `--seconds`, the logins twice that: on a
 * busy machine fewer are made, and the table says how many. With room it takes three minutes, at most eight. CPU time is of
 * the whole process, all threads.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToBatch } from '../dist/collector/enrich/to-batch.js'
import { createUserAgentReader } from '../dist/collector/enrich/user-agent.js'
import { isSlow } from '../dist/collector/detect/slow-windows.js'
import { shippedRules } from '../dist/collector/detect/shipped-rules.js'
import { decodeTraces } from '../dist/collector/ingest/datadog/decode-traces.js'
import { openStore } from '../dist/collector/store/duckdb/store.js'
import { machine, printTable } from './support/compare.js'
import { percentile } from './support/percentile.js'
import { createBodies } from './support/spans.js'
import { openChdb } from './support/chdb.js'
import { openSqlite } from './support/sqlite.js'

const SLICE = 10_000
const IN_FLIGHT = 8
const valueOf = (option) => (process.argv.includes(option) ? process.argv[process.argv.indexOf(option) + 1] : undefined)
const spans = Number(/^\d+$/.test(process.argv[2] ?? '') ? process.argv[2] : 300_000)
const logins = Number(valueOf('--logins') ?? 600_000)
const mostMs = Number(valueOf('--seconds') ?? 90) * 1000
const withPeer = !process.argv.includes('--no-peer')
const failure = '@appsec.security_activity:business_logic.users.login.failure'
/** Those that are evaluated over live windows, as the collector does it. */
const rules = shippedRules().filter((rule) => !isSlow(rule))
/** A rule is due again after a second, or ten times what it costs (collector/detect/detection.ts). */
const EVERY_MS = 1_000
const COST_FACTOR = 10

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

/** Runs `turn` again and again until stopped. */
function repeat(turn) {
  let stopped = false
  const running = (async () => {
    while (!stopped) await turn()
  })()
  return () => {
    stopped = true
    return running
  }
}

/** Detection and explorer, each one query after the other, until stopped. */
async function queryMeanwhile(store, latencies) {
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  // What was there before is history to a detection that starts now.
  const position = await store.sequence()
  const running = rules.map((rule) => ({ rule, position, dueMs: 0 }))
  const stopDetection = repeat(async () => {
    const upToSequence = await store.sequence()
    const due = running.filter(({ position, dueMs }) => position < upToSequence && dueMs <= performance.now())
    const requests = due.map(({ rule: { queries, suppress = [], groupBy, windowSeconds }, position }) => {
      return { queries, suppress, groupBy, windowSeconds, touched: { afterSequence: position, upToSequence } }
    })
    const looked = performance.now()
    const touched = due.length === 0 ? [] : await store.touched(requests)
    if (due.length > 0) latencies.look.push(performance.now() - looked)
    for (const [index, one] of due.entries()) {
      const started = performance.now()
      const [request, seconds] = [requests[index], touched[index]]
      if (seconds) {
        await store.windows({ ...request, touched: { ...request.touched, seconds } })
        latencies.rule.push(performance.now() - started)
      }
      one.position = upToSequence
      one.dueMs = started + Math.max(EVERY_MS, COST_FACTOR * (performance.now() - started))
    }
    await rest(200)
  })
  const stopExplorer = repeat(async () => {
    const range = { fromMs: Date.now() - 900_000, toMs: Date.now() + 1000 }
    for (const ask of [
      () => store.search(failure, range, { limit: 50 }),
      () => store.timeseries('service:shop', range, { intervalMs: 10_000, aggregates: ['count'] }),
    ]) {
      const asked = performance.now()
      await ask()
      latencies.explorer.push(performance.now() - asked)
    }
    await rest(1000)
  })
  return () => Promise.all([stopDetection(), stopExplorer()])
}

async function measure(append, store) {
  const latencies = { append: [], look: [], rule: [], explorer: [] }
  const stop = store ? await queryMeanwhile(store, latencies) : undefined
  let [sent, cpuMs, wallMs, peakMb] = [0, 0, 0, 0]
  while (sent < spans && wallMs < mostMs) {
    const count = Math.min(SLICE, spans - sent)
    const bodies = createBodies({ spans: count, fromMs: Date.now() - 5000, toMs: Date.now(), seed: sent + 1 })
    const cpu = process.cpuUsage()
    const started = performance.now()
    await send(bodies, append, latencies.append)
    wallMs += performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    cpuMs += (user + system) / 1000
    peakMb = Math.max(peakMb, process.memoryUsage().rss / 1e6)
    sent += count
  }
  await stop?.()
  return { sent, cpuMs, wallMs, peakMb, latencies }
}

function row(name, { sent, cpuMs, wallMs, peakMb, latencies }, bytes) {
  return {
    store: name,
    spans: sent,
    'spans/core-s': Math.round((sent / cpuMs) * 1000),
    'spans/s': Math.round((sent / wallMs) * 1000),
    cores: (cpuMs / wallMs).toFixed(2),
    'ack p50 ms': percentile(latencies.append, 50),
    p95: percentile(latencies.append, 95),
    p99: percentile(latencies.append, 99),
    'look p50 ms': percentile(latencies.look, 50),
    'rule p50 ms': percentile(latencies.rule, 50),
    'rule p95': percentile(latencies.rule, 95),
    'rules/s': latencies.rule.length === 0 ? '–' : ((latencies.rule.length * 1000) / wallMs).toFixed(1),
    'explorer p50': percentile(latencies.explorer, 50),
    'explorer p95': percentile(latencies.explorer, 95),
    'bytes/span': Math.round(bytes / sent),
    'RSS MB': Math.round(peakMb),
  }
}

/** Logins of the last minutes, which the detection queries look at; returns how many were made in time. */
async function prepare(store) {
  const started = performance.now()
  let done = 0
  while (done < logins && performance.now() - started < mostMs * 2) {
    const [count, nowMs] = [Math.min(SLICE, logins - done), Date.now()]
    const bodies = createBodies({ spans: count, fromMs: nowMs - 200_000, toMs: nowMs, seed: 7e6 + done, logins: 10 })
    await send(bodies, (body) => store.append(decode(body)), [])
    done += count
  }
  await store.checkpoint()
  return done
}

async function ours() {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const store = await openStore({ dir, clock: { nowMs: () => Date.now() }, memoryLimitMb: 512 })
  const made = await prepare(store)
  const before = await store.stats()
  const measured = await measure((body) => store.append(decode(body)), store)
  await store.checkpoint()
  const { records, bytesUsed } = await store.stats()
  if (records !== measured.sent + made) throw new Error(`${records} of ${measured.sent + made} spans are stored`)
  await store.close()
  rmSync(dir, { recursive: true })
  return row(`ours (${rules.length} rules, explorer, ${made} logins)`, measured, bytesUsed - before.bytesUsed)
}

async function sqlite() {
  if (!isInstalled('better-sqlite3')) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const peer = openSqlite(join(dir, 'spans.sqlite'))
  const measured = await measure(async (body) => peer.append(decode(body)))
  const { records, bytes, version } = peer.finish()
  if (records !== measured.sent) throw new Error(`${records} of ${measured.sent} spans are stored`)
  rmSync(dir, { recursive: true })
  return row(`better-sqlite3 ${version} (no queries)`, measured, bytes)
}

/** Peers are not in the repository's own install, and not there for every machine. */
function isInstalled(name) {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

async function chdb() {
  if (!isInstalled('chdb')) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const peer = openChdb(join(dir, 'chdb'))
  const measured = await measure((body) => peer.append(decode(body)))
  const { records, bytes, version } = peer.finish()
  if (records !== measured.sent) throw new Error(`${records} of ${measured.sent} spans are stored`)
  rmSync(dir, { recursive: true })
  return row(`chdb ${version} (no queries)`, measured, bytes)
}

console.log(JSON.stringify({ ...machine(), load: loadavg().map((load) => Number(load.toFixed(1))) }))
const rows = [await ours(), ...(withPeer ? [await sqlite(), await chdb()] : [])]
printTable(rows.filter((one) => one !== undefined))
