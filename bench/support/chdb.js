import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { attributeColumns } from '../../dist/collector/store/duckdb/schema.js'

const require = createRequire(import.meta.url)
const fixed = ['traceId', 'spanId', 'service', 'env', 'version', 'resource', 'operation', 'type', 'status']

/**
 * The same records in a ClickHouse table with the same columns, in this process; each batch is an insert, synced before
 * it counts.
 */
export function openChdb(dir) {
  const { Session } = require('chdb')
  const { version } = require('chdb/package.json')
  const session = new Session(dir)
  const types = { VARCHAR: 'String', BIGINT: 'Int64', DOUBLE: 'Float64', BOOLEAN: 'Bool', 'VARCHAR[]': 'Array(String)' }
  const columnType = ({ type }) => (type === 'VARCHAR[]' ? types[type] : `Nullable(${types[type]})`)
  const columns = [
    'timestampMs Float64, durationMs Float64',
    ...fixed.map((name) => `${name} String`),
    ...attributeColumns.map((column) => `\`${columnName(column.name)}\` ${columnType(column)}`),
    'rest Map(LowCardinality(String), String)',
  ]
  const settings = 'SETTINGS fsync_after_insert = 1'
  session.query('CREATE DATABASE IF NOT EXISTS bench')
  session.query(
    `CREATE TABLE bench.records (${columns.join(', ')}) ENGINE = MergeTree ORDER BY (service, timestampMs) ${settings}`,
  )
  session.query(
    `CREATE TABLE bench.spans (trace_id String, span_id String, body String) ENGINE = MergeTree ORDER BY (trace_id, span_id) ${settings}`,
  )
  const isOwn = new Set(attributeColumns.map(({ name }) => name))
  const rowOf = ({ record }) => {
    const row = { timestampMs: record.timestampMs, durationMs: record.durationMs, rest: {} }
    for (const name of fixed) row[name] = record[name]
    for (const name in record.attributes) {
      if (isOwn.has(name)) row[columnName(name)] = record.attributes[name]
      else row.rest[name] = String(record.attributes[name])
    }
    return JSON.stringify(row)
  }
  return {
    async append({ records, spans }) {
      await session.insert({ table: 'bench.records', values: records.map(rowOf).join('\n'), format: 'JSONEachRow' })
      const bodies = spans.map((span) =>
        JSON.stringify({ trace_id: span.traceId, span_id: span.spanId, body: JSON.stringify(span) }),
      )
      await session.insert({ table: 'bench.spans', values: bodies.join('\n'), format: 'JSONEachRow' })
    },
    finish() {
      const records = Number(session.query('SELECT count() FROM bench.records', 'TSV'))
      session.close()
      return { records, bytes: sizeOf(dir), version }
    },
  }
}

/** ClickHouse takes a name with dots for a part of a nested structure. */
function columnName(name) {
  return name.replaceAll('.', '__')
}

function sizeOf(dir) {
  return readdirSync(dir, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(dir, entry.name)
    return sum + (entry.isDirectory() ? sizeOf(path) : statSync(path).size)
  }, 0)
}
