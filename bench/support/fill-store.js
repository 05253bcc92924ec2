import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { createToBatch } from '../../dist/collector/enrich/to-batch.js'
import { createUserAgentReader } from '../../dist/collector/enrich/user-agent.js'
import { decodeTraces } from '../../dist/collector/ingest/datadog/decode-traces.js'
import { openStore } from '../../dist/collector/store/duckdb/store.js'
import { createBodies } from './spans.js'

const DAY_MS = 86_400_000
/** Spans that go the whole way; the others are copies of these. */
const MOST_MADE = 84_000
const SLICE = 10_000

/** Fills a new store with spans spread evenly over the days before `toMs`, a midnight. */
export async function fillStore(dir, { spans, days, toMs }) {
  const copiesADay = Math.max(1, Math.ceil(spans / MOST_MADE / days))
  const copies = copiesADay * days
  const made = Math.round(spans / copies)
  const stepMs = (days * DAY_MS) / copies
  const fromMs = toMs - days * DAY_MS
  const store = await openStore({ dir, clock: { nowMs: () => toMs } })
  const toBatch = createToBatch({
    readers: { userAgent: createUserAgentReader(), network: () => ({}) },
    storeAllTraces: true,
  })
  for (let done = 0; done < made; done += SLICE) {
    const count = Math.min(SLICE, made - done)
    const at = (index) => fromMs + (stepMs * index) / made
    const bodies = createBodies({ spans: count, fromMs: at(done), toMs: at(done + count), seed: done + 1 })
    for (const body of bodies) {
      const traces = decodeTraces('v0.4', body, 'application/msgpack').flat()
      await store.append(toBatch(traces, { trusted: true }, toMs))
    }
  }
  await store.close()
  await copyOver(join(dir, 'spans.duckdb'), { fromMs, stepMs, copies, copiesADay, made })
}

async function copyOver(file, { fromMs, stepMs, copies, copiesADay, made }) {
  const instance = await DuckDBInstance.create(file, {
    storage_compatibility_version: 'latest',
    memory_limit: '2GB',
    threads: '2',
  })
  const connection = await instance.connect()
  const day = (index) => new Date(fromMs + index * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
  for (let copy = 1; copy < copies; copy++) {
    const to = day(Math.floor(copy / copiesADay))
    for (const kind of ['events', 'requests']) {
      const [from, target] = [`"${kind}_${day(0)}"`, `"${kind}_${to}"`]
      const isFirst = copy % copiesADay === 0
      if (isFirst) await connection.run(`CREATE TABLE ${target} (${await columnsOf(connection, `${kind}_${day(0)}`)})`)
      await connection.run(
        `INSERT INTO ${target} SELECT * REPLACE (
           (ts + ${Math.round(copy * stepMs * 1000)})::BIGINT AS ts,
           printf('%08x', ${copy}) || substr(trace_id, 9) AS trace_id, seq + ${copy * made} AS seq, ${addresses(copy)})
         FROM ${from} WHERE ts < ${Math.round((fromMs + stepMs) * 1000)}`,
      )
    }
    if (copy % copiesADay === 0) {
      const [from, target] = [`"traits_${day(0)}"`, `"traits_${to}"`]
      await connection.run(`CREATE TABLE ${target} (${await columnsOf(connection, `traits_${day(0)}`)})`)
      await connection.run(`INSERT INTO ${target} FROM ${from}`)
    }
  }
  await connection.run('CHECKPOINT')
  connection.closeSync()
  instance.closeSync()
}

/** As many different addresses as there would be, so that dictionaries and groups are as large. */
function addresses(copy) {
  const part = (index, by, modulo) => `(split_part("http.client_ip", '.', ${index})::INT + ${copy * by}) % ${modulo}`
  const [second, third, fourth] = [part(2, 1, 32), part(3, 7, 256), part(4, 13, 256)]
  return `printf('198.%d.%d.%d', ${second}, ${third}, ${fourth}) AS "http.client_ip",
    '00000000000000000000ffff' || printf('c6%02x%02x%02x', ${second}, ${third}, ${fourth}) AS client_ip_hex`
}

/** Columns of a table with their compression, which a copy of the table would lose. */
async function columnsOf(connection, table) {
  const reader = await connection.runAndReadAll(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '${table}' ORDER BY column_index`,
  )
  return reader
    .getRowsJS()
    .map(([name, type]) => `"${name}" ${type}${['rest', 'span'].includes(name) ? ' USING COMPRESSION zstd' : ''}`)
    .join(', ')
}
