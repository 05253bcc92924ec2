import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import type { Clock } from '../../../model/clock.ts'
import type { PortcullisError } from '../../../model/error.ts'
import { fail } from '../../../model/error.ts'
import { schemaVersion } from './schema.ts'
import type { Bindings } from './driver.ts'
import { loadBindings, loadDriver } from './driver.ts'

type Driver = Awaited<ReturnType<typeof loadDriver>>
export type Parameters = Readonly<Record<string, DuckDBValue>>

/** The store's file under its data directory; DuckDB puts the log of recent commits beside it, as `.wal`. */
export const fileName = 'spans.duckdb'

export interface Limits {
  readonly memoryLimitMb: number
  readonly threads: number
}

/**
 * Reads run on libuv's four threads, as commits do: so many at once that a commit always finds one free. Detection has
 * a lane of its own, so that no explorer query delays it; so has what was kept, of which a page takes milliseconds.
 */
const lanes = { detection: 1, explorer: 1, export: 1, kept: 1 } as const
export type Lane = keyof typeof lanes
/** A query of the explorer that takes longer is stopped: others wait for its lane. */
const MAX_EXPLORER_MS = 30_000
/** Reads waiting for their lane; more are refused. */
const MAX_WAITING = 200
/** An interrupt between two steps of a read is lost: while the file is being closed, what still runs is interrupted this often. */
const PAUSE_MS = 20

/** The rows of a query as they were when it was asked. */
export interface KeptRows {
  /** Rows of a statement that calls them `kept`; undefined when they are gone. */
  read(sql: string): Promise<unknown[][] | undefined>
  drop(): Promise<void>
}

/** An open file: one connection that writes, one a read. All errors a user can see are PortcullisErrors. */
export class Database {
  readonly driver: Driver
  readonly bindings: Bindings
  readonly #file: string
  readonly #limits: Limits
  readonly #after: Clock['after'] | undefined
  #open: { readonly instance: DuckDBInstance; readonly writer: DuckDBConnection } | undefined
  #opening: Promise<void> | undefined
  readonly #running: Record<Lane, number> = { detection: 0, explorer: 0, export: 0, kept: 0 }
  /** Connections of reads, those of kept rows and of streams that nobody is pulling at included. */
  readonly #connections = new Set<DuckDBConnection>()
  /** Steps of reads that are with the driver. */
  readonly #steps = new Set<Promise<unknown>>()
  readonly #waiting: Record<Lane, (() => void)[]> = { detection: [], explorer: [], export: [], kept: [] }
  #closed = false

  private constructor(driver: Driver, file: string, limits: Limits, after: Clock['after'] | undefined) {
    this.driver = driver
    this.bindings = loadBindings()
    this.#file = file
    this.#limits = limits
    this.#after = after
  }

  /** Opens or creates `file`. Throws DRIVER_MISSING, STORE_CORRUPT, STORE_LOCKED, STORE_NEWER. */
  static async open(file: string, limits: Limits, after?: Clock['after']): Promise<Database> {
    const database = new Database(await loadDriver(), file, limits, after)
    try {
      await database.#ready()
    } catch (error) {
      throw openError(file, error)
    }
    try {
      await database.#checkVersion(file)
    } catch (error) {
      await database.close()
      throw error
    }
    return database
  }

  /**
   * The open instance. DuckDB gives an instance up after a failed write, such as a checkpoint on a full disk: what was
   * committed is in the log, so the file is opened again when it is next needed.
   */
  async #ready(): Promise<{ readonly instance: DuckDBInstance; readonly writer: DuckDBConnection }> {
    if (this.#closed) throw closedError()
    this.#opening ??= this.#open ? undefined : this.#reopen().finally(() => (this.#opening = undefined))
    await this.#opening
    return this.#open ?? this.#ready()
  }

  async #reopen(): Promise<void> {
    const instance = await this.driver.DuckDBInstance.create(this.#file, {
      threads: String(this.#limits.threads),
      memory_limit: `${this.#limits.memoryLimitMb}MB`,
      storage_compatibility_version: 'latest',
      // The writer checkpoints on purpose; DuckDB would do it in the middle of a commit.
      checkpoint_threshold: '1TB',
      // Attacker-supplied text never reaches SQL, and SQL never reaches the file system or the network.
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    this.#open = { instance, writer: await instance.connect() }
  }

  #giveUpAfter(error: unknown): void {
    const isFatal = error instanceof Error && /^FATAL|has been invalidated/.test(error.message)
    if (!isFatal || !this.#open) return
    const { instance, writer } = this.#open
    this.#open = undefined
    writer.closeSync()
    instance.closeSync()
  }

  async #checkVersion(file: string): Promise<void> {
    await this.write('CREATE TABLE IF NOT EXISTS meta (name VARCHAR PRIMARY KEY, value BIGINT)')
    await this.write(`INSERT INTO meta VALUES ('schema', ${schemaVersion}), ('sequence', 0) ON CONFLICT DO NOTHING`)
    const [row] = await this.rows(await this.writer(), "SELECT value FROM meta WHERE name = 'schema'")
    const found = Number(row?.[0])
    if (found > schemaVersion) throw fail('STORE_NEWER', file, found, schemaVersion)
    if (found < schemaVersion) await this.write(`UPDATE meta SET value = ${schemaVersion} WHERE name = 'schema'`)
  }

  /** The connection that writes. */
  async writer(): Promise<DuckDBConnection> {
    return (await this.#ready()).writer
  }

  async write(sql: string): Promise<void> {
    const writer = await this.writer()
    try {
      await writer.run(sql)
    } catch (error) {
      this.#giveUpAfter(error)
      throw error
    }
  }

  /** Rows of a query, values as JavaScript has them (BIGINT as bigint). */
  async read(sql: string, parameters: Parameters = {}, lane: Lane = 'explorer'): Promise<unknown[][]> {
    return this.#inLane(lane, () => this.#readOn(lane, sql, parameters))
  }

  async #inLane<T>(lane: Lane, run: () => Promise<T>): Promise<T> {
    const leave = await this.#enter(lane)
    try {
      return await this.#step(run())
    } finally {
      leave()
    }
  }

  async #readOn(lane: Lane, sql: string, parameters: Parameters): Promise<unknown[][]> {
    const connection = await this.#connect()
    try {
      return await this.#within(lane, connection, sql, parameters)
    } finally {
      this.#disconnect(connection)
    }
  }

  async #within(lane: Lane, connection: DuckDBConnection, sql: string, parameters: Parameters): Promise<unknown[][]> {
    let isLate = false
    const stop = (): void => {
      isLate = true
      connection.interrupt()
    }
    const cancel = lane === 'explorer' ? this.#after?.(MAX_EXPLORER_MS, stop) : undefined
    try {
      return await this.rows(connection, sql, parameters)
    } catch (error) {
      this.#giveUpAfter(error)
      if (isLate) throw fail('QUERY_TOO_SLOW', MAX_EXPLORER_MS / 1000)
      throw this.#closed ? closedError() : error
    } finally {
      cancel?.()
    }
  }

  /** Keeps the rows of a query until they are dropped; what is more than memory takes goes to disk. */
  async keep(sql: string, parameters: Parameters): Promise<KeptRows> {
    // A temporary table lives as long as its connection, and the connection as long as its instance.
    const { instance } = await this.#ready()
    const connection = await this.#inLane('explorer', () => this.#keepOn(sql, parameters, 'explorer'))
    return {
      read: (statement) =>
        this.#inLane('kept', async () =>
          this.#connections.has(connection) && this.#open?.instance === instance
            ? this.#within('kept', connection, statement, {})
            : undefined,
        ),
      drop: () => this.#inLane('kept', async () => this.#disconnect(connection)),
    }
  }

  /**
   * Appends the rows of a query to a table. The query runs beside commits; what it found is written when `between` lets
   * it, which takes a fraction.
   */
  async appendRows(table: string, sql: string, between: (write: () => Promise<void>) => Promise<void>): Promise<void> {
    const connection = await this.#inLane('export', () => this.#keepOn(sql, {}, 'export'))
    try {
      await between(async () => {
        await this.#step(this.#within('export', connection, `INSERT INTO ${table} FROM kept`, {}))
      })
    } finally {
      this.#disconnect(connection)
    }
  }

  async #keepOn(sql: string, parameters: Parameters, lane: Lane): Promise<DuckDBConnection> {
    const connection = await this.#connect()
    try {
      await this.#within(lane, connection, `CREATE TEMP TABLE kept AS ${sql}`, parameters)
      return connection
    } catch (error) {
      this.#disconnect(connection)
      throw error
    }
  }

  /** Rows as they come, a chunk at a time, without holding more than one. */
  async *stream(sql: string, parameters: Parameters): AsyncGenerator<unknown[][]> {
    const leave = await this.#enter('export')
    let connection: DuckDBConnection | undefined
    try {
      connection = await this.#step(this.#connect())
      const result = await this.#step(connection.stream(sql, used(sql, parameters)))
      const parts = result.yieldRowsJs()
      for (;;) {
        if (this.#closed) throw closedError()
        const part = await this.#step(parts.next())
        if (part.done === true) return
        yield part.value
      }
    } catch (error) {
      throw this.#closed ? closedError() : error
    } finally {
      if (connection) this.#disconnect(connection)
      leave()
    }
  }

  async #connect(): Promise<DuckDBConnection> {
    const { instance } = await this.#ready()
    const connection = await instance.connect()
    this.#connections.add(connection)
    if (!this.#closed) return connection
    this.#disconnect(connection)
    throw closedError()
  }

  #disconnect(connection: DuckDBConnection): void {
    if (this.#connections.delete(connection)) connection.closeSync()
  }

  /** Nothing is closed while a step is with the driver: it would abort the process. */
  async #step<T>(step: Promise<T>): Promise<T> {
    this.#steps.add(step)
    try {
      return await step
    } finally {
      this.#steps.delete(step)
    }
  }

  async rows(connection: DuckDBConnection, sql: string, parameters: Parameters = {}): Promise<unknown[][]> {
    const result = await connection.runAndReadAll(sql, used(sql, parameters))
    return result.getRowsJS()
  }

  async #enter(lane: Lane): Promise<() => void> {
    if (this.#closed) throw closedError()
    if (this.#running[lane] >= lanes[lane]) {
      const waiting = this.#waiting[lane]
      if (waiting.length >= MAX_WAITING) throw fail('STORE_FULL', `${MAX_WAITING} queries are waiting`)
      await new Promise<void>((resolve) => waiting.push(resolve))
      if (this.#closed) throw closedError()
    } else {
      this.#running[lane]++
    }
    // Whoever waits takes the place over, so that nobody slips in between.
    return () => {
      const next = this.#waiting[lane].shift()
      if (next) next()
      else this.#running[lane]--
    }
  }

  /** Interrupts what is being read, folds the log into the file if asked, and closes it. */
  async close({ checkpoint = false } = {}): Promise<void> {
    this.#closed = true
    for (const waiting of Object.values(this.#waiting)) for (const resolve of waiting.splice(0)) resolve()
    while (this.#steps.size > 0) {
      for (const connection of this.#connections) connection.interrupt()
      await Promise.race([Promise.allSettled(this.#steps), this.pause()])
    }
    for (const connection of this.#connections) this.#disconnect(connection)
    // Where a checkpoint fails, as on a full disk, the log holds what was acknowledged.
    if (checkpoint) await this.#open?.writer.run('CHECKPOINT').catch(() => undefined)
    this.#open?.writer.closeSync()
    this.#open?.instance.closeSync()
    this.#open = undefined
  }

  /** Some milliseconds in which reads come to their end. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#after) this.#after(PAUSE_MS, resolve)
      else setImmediate(resolve)
    })
  }
}

function closedError(): PortcullisError {
  return fail('STORE_FULL', 'it is closed')
}

/** DuckDB refuses parameters that a statement does not mention. */
function used(sql: string, parameters: Parameters): Record<string, DuckDBValue> {
  const names = new Set(Array.from(sql.matchAll(/\$([a-z]\w*)/g), (found) => found[1]))
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.has(name)))
}

function openError(file: string, error: unknown): PortcullisError {
  const why = error instanceof Error ? error.message : String(error)
  const owner = /Conflicting lock is held in .*?\(PID (\d+)\)/.exec(why)
  if (owner) return fail('STORE_LOCKED', file, Number(owner[1]))
  return fail('STORE_CORRUPT', file, why.split('\n')[0] ?? why)
}
