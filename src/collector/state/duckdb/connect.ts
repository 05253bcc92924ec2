import { dirname } from 'node:path'
import type * as Driver from '@duckdb/node-api'
import type { DuckDBConnection, DuckDBInstance, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { fail } from '../../../model/error.ts'
import type { PortcullisError } from '../../../model/error.ts'
import { createTables, formatVersion, upgradeFrom } from './schema.ts'

/** Rows of a query, by column name. */
export type Row = Readonly<Record<string, unknown>>
/** Parameters of a statement: `$name` in its text. Lists are of text. */
export type Parameters = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

export interface Connection {
  rows(sql: string, parameters?: Parameters): Promise<readonly Row[]>
  /** Appends rows to a table, values in the order of its columns. */
  append(table: string, rows: readonly (readonly (string | number | boolean | null)[])[]): Promise<void>
  close(): void
}

/**
 * Opens the file, creates its tables if it is new.
 * Throws DRIVER_MISSING, STORE_LOCKED, STORE_CORRUPT or STORE_NEWER, and changes nothing then.
 */
export async function connect(file: string): Promise<Connection> {
  const driver = await import('@duckdb/node-api').catch(() => {
    throw fail('DRIVER_MISSING', '@duckdb/node-api')
  })
  const database = new Database(driver, file)
  try {
    await database.open()
  } catch (error) {
    throw openingError(file, error)
  }
  try {
    await prepareTables(file, database)
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/**
 * The open file. DuckDB gives an instance up after a failed write, such as a checkpoint on a full disk: what was committed
 * is in the log, so the file is opened again when it is next needed.
 */
class Database implements Connection {
  readonly #driver: typeof Driver
  readonly #file: string
  #open: { readonly instance: DuckDBInstance; readonly connection: DuckDBConnection } | undefined

  constructor(driver: typeof Driver, file: string) {
    this.#driver = driver
    this.#file = file
  }

  async open(): Promise<DuckDBConnection> {
    if (this.#open) return this.#open.connection
    const instance = await this.#driver.DuckDBInstance.create(this.#file, {
      // A million entries are about 200 MB while they are sorted; the spans need the rest of the machine.
      memory_limit: '512MB',
      threads: '1',
      checkpoint_threshold: '64MB',
      storage_compatibility_version: 'latest',
    })
    const connection = await instance.connect()
    this.#open = { instance, connection }
    return connection
  }

  rows(sql: string, parameters: Parameters = {}): Promise<readonly Row[]> {
    const driver = this.#driver
    const values: Record<string, DuckDBValue> = {}
    const types: Record<string, DuckDBType | undefined> = {}
    for (const [name, value] of Object.entries(parameters)) {
      if (typeof value === 'object' && value !== null) {
        values[name] = driver.listValue(value)
        types[name] = driver.LIST(driver.VARCHAR)
      } else {
        values[name] = value
        if (typeof value === 'number') types[name] = driver.DOUBLE
      }
    }
    return this.#with(async (connection) => {
      const reader = await connection.runAndReadAll(sql, values, types)
      return reader.getRowObjectsJS()
    })
  }

  append(table: string, rows: readonly (readonly (string | number | boolean | null)[])[]): Promise<void> {
    return this.#with(async (connection) => {
      const appender = await connection.createAppender(table)
      for (const row of rows) {
        for (const value of row) {
          if (value === null) appender.appendNull()
          else if (typeof value === 'string') appender.appendVarchar(value)
          else if (typeof value === 'boolean') appender.appendBoolean(value)
          else appender.appendDouble(value)
        }
        appender.endRow()
      }
      appender.closeSync()
    })
  }

  async #with<T>(run: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    try {
      return await run(await this.open())
    } catch (error) {
      if (error instanceof Error && /^FATAL|has been invalidated/.test(error.message)) this.close()
      throw error
    }
  }

  close(): void {
    this.#open?.connection.closeSync()
    this.#open?.instance.closeSync()
    this.#open = undefined
  }
}

async function prepareTables(file: string, opened: Database): Promise<void> {
  const connection = await opened.open()
  const [found] = await opened.rows(
    `SELECT count(*)::DOUBLE AS tables, (count(*) FILTER (table_name = 'meta'))::DOUBLE AS meta FROM information_schema.tables`,
  )
  if (found?.['tables'] === 0) {
    await connection.run(`BEGIN; ${createTables} COMMIT;`)
    return
  }
  if (found?.['meta'] !== 1) throw fail('STORE_CORRUPT', file, 'it is not a state file of this program')
  const [format] = await opened.rows(`SELECT value FROM meta WHERE name = 'format'`)
  const version = Number(format?.['value'] ?? 0)
  if (version > formatVersion) throw fail('STORE_NEWER', file, version, formatVersion)
  if (version < formatVersion) await connection.run(`BEGIN; ${upgradeFrom(version)} COMMIT;`)
}

function openingError(file: string, error: unknown): PortcullisError {
  const why = error instanceof Error ? error.message : String(error)
  const holder = /PID (\d+)/.exec(why)
  if (holder !== null) return fail('STORE_LOCKED', dirname(file), Number(holder[1]))
  if (/already (?:attached|open)|different configuration|Unique file handle conflict/i.test(why)) {
    return fail('STORE_LOCKED', dirname(file), process.pid)
  }
  if (/newer version|version number/i.test(why)) return fail('STORE_NEWER', file, Number.NaN, formatVersion)
  return fail('STORE_CORRUPT', file, why.split('\n', 1)[0] ?? why)
}
