/**
 * What it costs to look for the clusters of a signal again, with a million logins since its onset: reading the counts
 * from the store, and the search. `node bench/clusters/recompute.js [logins]` after `npm run build`. Some thousand logins
 * of the labelled generator are stored as spans of our tracer and then copied in the database, each copy at a time of its
 * own. CPU time of the whole process, DuckDB's two threads included.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { findClusters } from '../../dist/collector/cluster/find-clusters.js'
import { joinObservations, readTraits } from '../../dist/collector/cluster/read-observations.js'
import { createToBatch } from '../../dist/collector/enrich/to-batch.js'
import { createUserAgentReader } from '../../dist/collector/enrich/user-agent.js'
import { openStore } from '../../dist/collector/store/duckdb/store.js'
import { toSpan } from '../../dist/tracer/finished-span.js'
import { createTracedService } from '../traffic/to-span.js'
import { createTraffic } from '../traffic/traffic.js'

const wanted = Number(process.argv[2] ?? 1_000_000)
const rounds = 8
const hourMs = 3_600_000
const nowMs = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs - 2 * hourMs
const onsetMs = nowMs - hourMs
const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
const clock = { nowMs: () => nowMs }
const login = '@appsec.security_activity:business_logic.users.login'
const queries = {
  attempts: `env:prod service:shop ${login}.failure`,
  successes: `env:prod service:shop ${login}.success`,
}

try {
  const first = await openStore({ dir, clock })
  const service = createTracedService()
  const toBatch = createToBatch({ readers: { userAgent: createUserAgentReader(), network: () => ({}) } })
  const events = createTraffic({
    seed: 3,
    fromMs: onsetMs - 8 * hourMs,
    toMs: nowMs,
    loginsPerDay: 8_000,
    people: 8_000,
    campaigns: [{ name: 'distributed, user agents rotated', fromMs: onsetMs, attempts: 1_500, overMs: hourMs - 1 }],
  })
  const spans = [...events].map((event) => toSpan(service.toSpan(event)))
  service.stop()
  for (let start = 0; start < spans.length; start += 2_000) {
    await first.append(toBatch(spans.slice(start, start + 2_000), { trusted: true }, nowMs))
  }
  await first.close()

  const instance = await DuckDBInstance.create(join(dir, 'spans.duckdb'))
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'events_%'",
  )
  for (const [table] of reader.getRowsJS()) {
    const counted = await connection.runAndReadAll(`SELECT count(*)::DOUBLE FROM ${table} WHERE ts >= ${onsetMs}000`)
    const [[count]] = counted.getRowsJS()
    if (count === 0) continue
    const copies = Math.ceil(wanted / count) - 1
    await connection.run(
      `INSERT INTO ${table} SELECT o.* REPLACE (least(ts + (hash(trace_id, n) % 60000000)::BIGINT - 30000000, ${nowMs}000 - 1) AS ts) FROM ${table} o, range(${copies}) r(n) WHERE ts >= ${onsetMs}000 + 30000000`,
    )
  }
  connection.closeSync()
  instance.closeSync()

  const store = await openStore({ dir, clock })
  const range = { fromMs: onsetMs, toMs: nowMs }
  const baseline = await readTraits(store, queries, { fromMs: onsetMs - 24 * hourMs, toMs: onsetMs - 600_000 })
  const times = []
  let found = []
  let logins = 0
  for (let round = 0; round < rounds; round++) {
    const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()]
    const attack = await readTraits(store, queries, range)
    const readMs = performance.now() - startedMs
    found = findClusters({
      observations: joinObservations(attack, baseline),
      timeScale: 1 / 24,
      narrow: false,
      feeds: { fingerprints: true },
    })
    const { user, system } = process.cpuUsage(startedCpu)
    times.push({ wallMs: performance.now() - startedMs, readMs, cpuMs: (user + system) / 1_000 })
    logins = attack.reduce((sum, { weight, failures, successes }) => sum + weight * (failures + successes), 0)
  }
  await store.close()
  const of = (name) => times.map((time) => time[name]).sort((a, b) => a - b)
  const shown = (name) => `${of(name)[0].toFixed(0)} ms at best, ${of(name)[rounds / 2].toFixed(0)} ms median`
  process.stdout.write(
    `${logins} logins since the onset, ${found.length} cluster(s), ${rounds} rounds\n` +
      `wall: ${shown('wallMs')}\nof it reading: ${shown('readMs')}\nCPU: ${shown('cpuMs')}\n`,
  )
} finally {
  rmSync(dir, { recursive: true, force: true })
}
