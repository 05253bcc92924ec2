import { statSync } from 'node:fs'
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { fail } from '../../../model/error.ts'
import type { AppendResult } from '../store.ts'
import type { Database, Driver } from './database.ts'
import type { Cell, EncodedBatch } from './encode.ts'
import { at, traitsAt } from './encode.ts'
import type { Column } from './schema.ts'
import { createTable, recordColumns, spanColumns, traitColumns } from './schema.ts'
import type { Dedupe } from './dedupe.ts'
import type { Table, Tables } from './tables.ts'
import { tableFor } from './tables.ts'
import type { KnownTraits } from './traits.ts'

/** Rows that wait for their commit; more are refused with STORE_FULL, so that the sender keeps and retries them. */
const MAX_WAITING_ROWS = 60_000
/** A commit takes about this many rows at most, so that a long queue does not make one long commit. */
const MAX_COMMIT_ROWS = 10_000
/** The log of recent commits is replayed at start, about 100 MB a second, and folded into the file when this long. */
const CHECKPOINT_WAL_BYTES = 256 * 1024 * 1024
/** DuckDB's data chunks hold no more. */
const CHUNK_ROWS = 2048
/** Clocks further ahead are taken to be wrong. */
const MAX_AHEAD_MS = 60_000
/** Older times are taken to be wrong too: every day of event time is a table. */
const MAX_HISTORY_MS = 400 * 86_400_000

/** Compact records live for hours; later ones are past their end on arrival, and each hour is a table. */
const MAX_COMPACT_AGE_MS = 48 * 3_600_000

interface Waiting {
  readonly batch: EncodedBatch
  readonly nowMs: number
  readonly rows: number
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: Error) => void
}

/** Rows on their way into a table, a list a column. */
interface Columns {
  readonly table: Table
  readonly cells: Cell[][]
}

/** What one commit writes: rows by table, and what becomes of each batch. */
interface Commit {
  readonly records: Map<string, Columns>
  readonly spans: Map<string, Columns>
  readonly traits: Map<string, Columns>
  readonly ids: Map<string, readonly [traceId: string, spanId: string, ingestedMs: number]>
  readonly results: { stored: number; duplicates: number }[]
  sequence: number
}

/**
 * Group commit: what arrives while one commit is written goes into the next, and every batch is answered once the commit
 * that holds it is on disk. One writer, so that sequence numbers are in the order of the commits.
 */
export class Writer {
  readonly #database: Database
  readonly #tables: Tables
  readonly #dedupe: Dedupe
  readonly #walFile: string
  readonly #knownTraits: KnownTraits
  #sequence: number
  #queue: Waiting[] = []
  #queuedRows = 0
  #running: Promise<void> | undefined
  #stopped = false
  #checkpointAtBytes = CHECKPOINT_WAL_BYTES
  /** Exclusive work between two commits, such as a checkpoint. */
  #between: (() => Promise<void>)[] = []

  constructor(options: {
    readonly database: Database
    readonly tables: Tables
    readonly dedupe: Dedupe
    readonly walFile: string
    readonly sequence: number
    readonly knownTraits: KnownTraits
  }) {
    this.#database = options.database
    this.#tables = options.tables
    this.#dedupe = options.dedupe
    this.#walFile = options.walFile
    this.#sequence = options.sequence
    this.#knownTraits = options.knownTraits
  }

  /** The highest sequence that is durable. */
  get sequence(): number {
    return this.#sequence
  }

  append(batch: EncodedBatch, nowMs: number): Promise<AppendResult> {
    const rows = batch.kinds.length + batch.spans.ts.length
    if (this.#stopped) return Promise.reject(fail('STORE_FULL', 'it is closed'))
    // A batch that is larger than the queue by itself still gets in when nothing else waits.
    if (this.#queuedRows > 0 && this.#queuedRows + rows > MAX_WAITING_ROWS) {
      return Promise.reject(fail('STORE_FULL', `${this.#queuedRows} rows are waiting to be written`))
    }
    this.#queuedRows += rows
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, nowMs, rows, resolve, reject })
      this.#run()
    })
  }

  /** Runs `work` while nothing is being written. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stopped) return Promise.reject(fail('STORE_FULL', 'it is closed'))
    return new Promise((resolve, reject) => {
      this.#between.push(() => work().then(resolve, reject))
      this.#run()
    })
  }

  /** Takes nothing more, and resolves once everything taken is durable. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined
      if (this.#queue.length + this.#between.length > 0) this.#run()
    })
  }

  async #drain(): Promise<void> {
    // What arrived in the same turn of the event loop shares a commit.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length + this.#between.length > 0) {
      for (const work of this.#between.splice(0)) await work()
      const taken = this.#take()
      if (taken.length > 0) await this.#commit(taken)
      await this.#checkpointWhenLong()
    }
  }

  /** A failure, such as a full disk, loses nothing: the log stays, and the next attempt is made when it has grown. */
  async #checkpointWhenLong(): Promise<void> {
    const bytes = walBytes(this.#walFile)
    if (bytes < this.#checkpointAtBytes) return
    try {
      await this.#database.write('CHECKPOINT')
      this.#checkpointAtBytes = CHECKPOINT_WAL_BYTES
    } catch {
      this.#checkpointAtBytes = bytes + CHECKPOINT_WAL_BYTES / 4
    }
  }

  #take(): Waiting[] {
    let rows = 0
    let count = 0
    while (count < this.#queue.length && (count === 0 || rows < MAX_COMMIT_ROWS)) {
      rows += this.#queue[count]?.rows ?? 0
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #commit(taken: readonly Waiting[]): Promise<void> {
    const commit: Commit = {
      records: new Map(),
      spans: new Map(),
      traits: new Map(),
      ids: new Map(),
      results: [],
      sequence: this.#sequence,
    }
    try {
      for (const { batch, nowMs } of taken) this.#plan(commit, batch, nowMs)
      await this.#write(commit)
    } catch (error) {
      const why = error instanceof Error ? firstLine(error.message) : String(error)
      const refusal = fail(/no space left on device/i.test(why) ? 'DISK_FULL' : 'STORE_FULL', why)
      for (const waiting of taken) waiting.reject(refusal)
      return
    } finally {
      for (const waiting of taken) this.#queuedRows -= waiting.rows
    }
    this.#sequence = commit.sequence
    for (const [traceId, spanId, ingestedMs] of commit.ids.values()) this.#dedupe.add(traceId, spanId, ingestedMs)
    taken.forEach((waiting, index) => waiting.resolve(commit.results[index] as AppendResult))
  }

  /** Sorts the rows of a batch into tables and leaves out what is known; a record and its span share one identity. */
  #plan(commit: Commit, { kinds, records, traits, spans }: EncodedBatch, nowMs: number): void {
    const verdicts = new Map<string, boolean>()
    const isNew = (traceId: string, spanId: string): boolean => {
      const id = `${traceId} ${spanId}`
      let verdict = verdicts.get(id)
      if (verdict === undefined) {
        verdict = !commit.ids.has(id) && !this.#dedupe.has(traceId, spanId)
        verdicts.set(id, verdict)
        if (verdict) commit.ids.set(id, [traceId, spanId, nowMs])
      }
      return verdict
    }
    const [traceIds, spanIds, times] = [records[at.trace_id], records[at.span_id], records[at.ts]] as string[][]
    const seen = new Set<string>()
    kinds.forEach((kind, row) => {
      const [traceId, spanId] = [traceIds?.[row] ?? '', spanIds?.[row] ?? '']
      const id = `${traceId} ${spanId}`
      if (!isNew(traceId, spanId) || seen.has(id)) return
      seen.add(id)
      const ts = clampTime(Number(times?.[row]), nowMs)
      if (kind === 'compact' && ts < (nowMs - MAX_COMPACT_AGE_MS) * 1000) return
      const { table, cells } = columnsOf(commit.records, tableFor(kind, ts / 1000), recordColumns)
      if (records[at.odd]?.[row] === true) table.odd = true
      for (let column = 0; column < cells.length; column++) cells[column]?.push(records[column]?.[row] ?? null)
      const last = (cells[0]?.length ?? 1) - 1
      const set = (column: number, value: Cell): void => {
        const target = cells[column]
        if (target) target[last] = value
      }
      set(at.seq, ++commit.sequence)
      set(at.ingested, nowMs)
      set(at.ts, ts)
      const trait = records[traitsAt]?.[row]
      if (typeof trait === 'number') this.#planTrait(commit, tableFor('traits', ts / 1000), trait, traits.get(trait))
    })
    const seenSpans = new Set<string>()
    spans.ts.forEach((rawTs, index) => {
      const [traceId, spanId] = [spans.traceIds[index] ?? '', spans.spanIds[index] ?? '']
      const id = `${traceId} ${spanId}`
      if (!isNew(traceId, spanId) || seenSpans.has(id)) return
      seenSpans.add(id)
      const ts = clampTime(rawTs, nowMs)
      const { cells } = columnsOf(commit.spans, tableFor('spans', ts / 1000), spanColumns)
      const row: Cell[] = [nowMs, ts, traceId, spanId, spans.bodies[index] ?? '{}']
      row.forEach((value, column) => cells[column]?.push(value))
    })
    const stored = [...verdicts.values()].filter(Boolean).length
    commit.results.push({ stored, duplicates: verdicts.size - stored })
  }

  /** Traits are written once a day, when the first record refers to them. */
  #planTrait(commit: Commit, table: Table, id: number, body: string | undefined): void {
    if (body === undefined || this.#knownTraits.has(table.name, id)) return
    const { cells } = columnsOf(commit.traits, table, traitColumns)
    if (cells[0]?.includes(id) === true) return
    cells[0]?.push(id)
    cells[1]?.push(body)
  }

  async #write(commit: Commit): Promise<void> {
    if (commit.ids.size === 0) return
    const database = this.#database
    await database.write('BEGIN')
    try {
      for (const { table, cells } of commit.records.values()) await this.#fill(table, recordColumns, cells)
      for (const { table, cells } of commit.spans.values()) await this.#fill(table, spanColumns, cells)
      for (const { table, cells } of commit.traits.values()) await this.#fill(table, traitColumns, cells)
      await database.write('COMMIT')
    } catch (error) {
      await database.write('ROLLBACK').catch(() => undefined)
      throw error
    }
    for (const { table, cells } of commit.traits.values()) this.#knownTraits.add(table.name, cells[0] as number[])
    for (const { table } of [...commit.records.values(), ...commit.spans.values(), ...commit.traits.values()]) {
      const known = this.#tables.get(table.name)
      if (!known) this.#tables.add(table)
      else if (table.odd) known.odd = true
    }
  }

  async #fill(table: Table, columns: readonly Column[], cells: readonly (readonly Cell[])[]): Promise<void> {
    const { driver } = this.#database
    if (!this.#tables.get(table.name)) await this.#database.write(createTable(table.name, columns))
    const types = columns.map((column) => duckType(driver, column))
    const rows = cells[0]?.length ?? 0
    const appender = await (await this.#database.writer()).createAppender(table.name)
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows - from)
      const chunk = driver.DuckDBDataChunk.create(types, count)
      columns.forEach((column, index) => {
        const part = (cells[index] ?? []).slice(from, from + count)
        chunk.setColumnValues(index, part.map(toDuck(driver, column)))
      })
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
  }
}

function columnsOf(into: Map<string, Columns>, table: Table, columns: readonly Column[]): Columns {
  let found = into.get(table.name)
  if (!found) {
    found = { table, cells: columns.map(() => []) }
    into.set(table.name, found)
  }
  return found
}

/** Event time in microseconds within what is believable; a clock ahead counts as now. */
function clampTime(ts: number, nowMs: number): number {
  if (!(ts <= (nowMs + MAX_AHEAD_MS) * 1000)) return Math.round(nowMs * 1000)
  return Math.max(ts, Math.round((nowMs - MAX_HISTORY_MS) * 1000))
}

function duckType(driver: Driver, column: Column): DuckDBType {
  if (column.type === 'VARCHAR[]') return driver.LIST(driver.VARCHAR)
  return driver[column.type]
}

function toDuck(driver: Driver, column: Column): (value: Cell) => DuckDBValue {
  if (column.type === 'BIGINT') return (value) => (value === null ? null : BigInt(Math.round(value as number)))
  if (column.type === 'VARCHAR[]') {
    return (value) => (value === null ? null : driver.listValue(value as readonly string[]))
  }
  return (value) => value as DuckDBValue
}

/** Size of the log of recent commits. */
export function walBytes(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
