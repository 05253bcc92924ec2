import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { attributeColumns } from '../../dist/collector/store/duckdb/schema.js'

const require = createRequire(import.meta.url)

/** The same records in one SQLite table with the same columns; each batch is a transaction, synced before it counts. */
export function openSqlite(file) {
  const Database = require('better-sqlite3')
  const { version } = require('better-sqlite3/package.json')
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  const fixed = [
    'timestampMs',
    'traceId',
    'spanId',
    'service',
    'env',
    'version',
    'resource',
    'operation',
    'type',
    'status',
    'durationMs',
  ]
  const own = attributeColumns.map(({ name }) => name)
  const columns = [...fixed, ...own, 'rest'].map((name) => `"${name}"`)
  database.exec(`CREATE TABLE records (${columns.join(', ')}, PRIMARY KEY ("traceId", "spanId")) WITHOUT ROWID`)
  database.exec('CREATE INDEX by_time ON records ("timestampMs")')
  database.exec('CREATE TABLE spans (trace_id, span_id, body, PRIMARY KEY (trace_id, span_id)) WITHOUT ROWID')
  const insert = database.prepare(`INSERT OR IGNORE INTO records VALUES (${columns.map(() => '?').join(', ')})`)
  const insertSpan = database.prepare('INSERT OR IGNORE INTO spans VALUES (?, ?, ?)')
  const plain = (value) => {
    if (value === undefined) return null
    if (typeof value === 'boolean') return value ? 1 : 0
    return typeof value === 'object' ? JSON.stringify(value) : value
  }
  const isOwn = new Set(own)
  const append = database.transaction(({ records, spans }) => {
    for (const { record } of records) {
      const rest = {}
      for (const name in record.attributes) if (!isOwn.has(name)) rest[name] = record.attributes[name]
      insert.run(
        ...fixed.map((name) => record[name]),
        ...own.map((name) => plain(record.attributes[name])),
        JSON.stringify(rest),
      )
    }
    for (const span of spans) insertSpan.run(span.traceId, span.spanId, JSON.stringify(span))
  })
  return {
    append,
    finish() {
      const { records } = database.prepare('SELECT count(*) AS records FROM records').get()
      database.pragma('wal_checkpoint(TRUNCATE)')
      database.close()
      return { records, bytes: statSync(file).size, version }
    },
  }
}
