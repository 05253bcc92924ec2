import type { DuckDBConnection } from '@duckdb/node-api'
import type { Database } from './database.ts'
import { quoted } from './schema.ts'
import type { Held, Table } from './tables.ts'
import { nothingHeld } from './tables.ts'

/** Counts what a table of records holds, as a connection sees it. */
export async function countHeld(database: Database, connection: DuckDBConnection, table: Table): Promise<Held> {
  const [row] = await database.rows(
    connection,
    `SELECT count(*), min(ts), max(ts), max(seq) FROM ${quoted(table.name)}`,
  )
  const [records = 0, oldestUs = 0, newestUs = 0, lastSequence = 0] = (row ?? []).map(Number)
  return records === 0 ? nothingHeld : { records, oldestUs, newestUs, lastSequence }
}
