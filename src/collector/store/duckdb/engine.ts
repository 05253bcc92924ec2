import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { statSync } from 'node:fs'
import type { Clock } from '../../../model/clock.ts'
import { fail } from '../../../model/error.ts'
import { writeRefusal } from '../../write-refusal.ts'
import type { AppendResult, QueryText, RecordScope, Store, StoreCapabilities, StoreStats, TimeRange } from '../store.ts'
import { compare } from './compare.ts'
import { facetValues, timeseries, top } from './aggregate.ts'
import { Writer, walBytes } from './append.ts'
import { integer } from './binder.ts'
import type { Limits } from './database.ts'
import { Database, fileName } from './database.ts'
import { DEDUPE_WINDOW_MS, Dedupe } from './dedupe.ts'
import { dropBefore, dropCompactBefore, eraseUser } from './erase.ts'
import { compileQuery } from './compile-query.ts'
import { counts } from './counts.ts'
import { exportRecords } from './export.ts'
import { KeptGroups } from './kept-groups.ts'
import { facets } from './facets.ts'
import type { EncodedBatch } from './encode.ts'
import { encodeBatch } from './encode.ts'
import { addColumns, quoted } from './schema.ts'
import { countHeld } from './held.ts'
import { scanRecords } from './scan.ts'
import { search } from './search.ts'
import type { Sources } from './tables.ts'
import { Tables, addHeld, holdsFullRecords, holdsRecords, nothingHeld, tableNamed } from './tables.ts'
import { readTrace } from './trace.ts'
import { loadKnownTraits, traits } from './traits.ts'
import type { IndexLimits } from './value-index.ts'
import { ValueIndex } from './value-index.ts'
import { touched, windows } from './windows.ts'

/** Ten seconds or more, which nearly every query ends within. */
const MAX_CHECKPOINT_TRIES = 500

export interface EngineOptions {
  /** The data directory; it exists and belongs to this process. */
  readonly dir: string
  readonly nowMs: number
  readonly limits: Limits
  /** Stops explorer queries that take too long; without it none is stopped. */
  readonly after?: Clock['after']
  readonly indexLimits?: IndexLimits
}

/** A store without a clock, whose batches come as columns; it runs in this thread, or in one of its own (`openStore`). */
export interface Engine extends Omit<Store, 'append'> {
  append(batch: EncodedBatch, nowMs: number): Promise<AppendResult>
}

/** What this engine can do. */
export const capabilities: StoreCapabilities = {
  engine: 'duckdb',
  cardinality: 'exact',
  erasure: 'at once',
  backup: true,
}

export function toStore(engine: Engine, clock: Pick<Clock, 'nowMs'>): Store {
  return { ...engine, append: (batch) => engine.append(encodeBatch(batch), clock.nowMs()) }
}

/** Opens or creates the store's file. Throws DRIVER_MISSING, STORE_CORRUPT, STORE_LOCKED, STORE_NEWER. */
export async function openEngine({ dir, nowMs, limits, after, indexLimits }: EngineOptions): Promise<Engine> {
  const file = join(dir, fileName)
  const walFile = `${file}.wal`
  const database = await Database.open(file, limits, after)
  const tables = await loadTables(database)
  const dedupe = await loadDedupe(database, tables, nowMs)
  const sequence = await loadSequence(database, tables)
  const knownTraits = await loadKnownTraits(database, tables)
  const writer = new Writer({ database, tables, dedupe, walFile, sequence, knownTraits })
  const index = await ValueIndex.open({ database, tables, writer, limits: indexLimits, after })
  const keptGroups = new KeptGroups(database, tables)
  const narrowed = async (query: QueryText, range: TimeRange, records?: RecordScope): Promise<Sources> =>
    index.narrow(compileQuery(query, records), range)

  /** Lets records go, without anything being indexed; the log is folded behind it. Resolves with how many went. */
  const alone = async (work: () => Promise<number>): Promise<number> => {
    const gone = await index.pausedFor(() => writer.exclusively(work))
    if (gone > 0) await foldLog(database, writer)
    return gone
  }

  index.grow(nowMs)
  return {
    capabilities,
    async append(batch, nowMs) {
      const result = await writer.append(batch, nowMs)
      index.grow(nowMs)
      return result
    },
    sequence: () => Promise.resolve(writer.sequence),
    search: async (query, range, page) =>
      search(database, await narrowed(query, range, page.records), query, range, page),
    timeseries: async (query, range, options) =>
      timeseries(database, await narrowed(query, range, options.records), query, range, options),
    top: async (query, range, options) =>
      top(database, await narrowed(query, range, options.records), query, range, options),
    keepGroups: (request) => keptGroups.make(request),
    keptGroups: (list, page) => keptGroups.read(list, page),
    dropGroups: (list) => keptGroups.drop(list),
    compare: (query, ranges, options) => compare(database, tables, query, ranges, options),
    facets: (range) => facets(database, tables, range),
    facetValues: async (facet, query, range, limit) =>
      facetValues(database, await narrowed(query, range), facet, query, range, limit),
    windows: (request) => windows(database, tables, request),
    touched: (requests) => touched(database, tables, requests),
    counts: (request) => counts(database, tables, request),
    traits: (request) => traits(database, tables, request),
    trace: (traceId, aroundMs) => readTrace(database, tables, traceId, aroundMs),
    async *scan(query, range, options, signal) {
      const { attributes, records } = options
      const upToSequence = writer.sequence
      for await (const part of scanRecords(database, tables, query, range, { attributes, records, upToSequence })) {
        if (signal?.aborted) return
        yield part
      }
    },
    async *export(query, range, format, signal) {
      const upToSequence = writer.sequence
      for await (const part of exportRecords(database, tables, query, range, { format, upToSequence })) {
        if (signal?.aborted) return
        yield part
      }
    },
    dropBefore: (day) => alone(() => dropBefore(database, tables, day, writer.sequence)),
    dropCompactBefore: (timestampMs) => alone(() => dropCompactBefore(database, tables, timestampMs, writer.sequence)),
    async eraseUser(selector) {
      try {
        return await alone(() => eraseUser(database, tables, selector, writer.sequence))
      } finally {
        await keptGroups.clear()
      }
    },
    async backup(target) {
      await foldLog(database, writer)
      await writer.holding(
        () => checkpoint(database),
        () => copyFile(file, join(target, fileName)),
      )
    },
    settled: () => index.settled(),
    checkpoint: () => foldLog(database, writer),
    async stats(): Promise<StoreStats> {
      const bytesOnDisk = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) + walBytes(walFile)
      // Records are counted as they come, so that nobody who asks how it goes waits for a query of the explorer.
      const sizeSql = 'SELECT used_blocks * block_size FROM pragma_database_size()'
      const [size] = await database.read(sizeSql, {}, 'kept')
      const bytesUsed = Number(size?.[0] ?? 0) + walBytes(walFile)
      const compactFromMs = tables.all().find(({ kind }) => kind === 'compact')?.fromMs ?? null
      const { records, oldestUs, newestUs } = tables
        .all()
        .filter(holdsFullRecords)
        .map(({ held }) => held)
        .reduce(addHeld, nothingHeld)
      const isEmpty = records === 0
      return {
        records,
        bytesOnDisk,
        bytesUsed,
        oldestMs: isEmpty ? null : oldestUs / 1000,
        newestMs: isEmpty ? null : newestUs / 1000,
        compactFromMs,
      }
    },
    async close() {
      await writer.stop()
      await database.close({ checkpoint: true })
    },
  }
}

async function checkpoint(database: Database): Promise<void> {
  try {
    await database.write('CHECKPOINT')
  } catch (error) {
    throw writeRefusal(error)
  }
}

/**
 * Checkpoints. After most changes DuckDB refuses while a query runs that began before them: then commits are let through
 * until it has ended, and where that takes too long, the log is folded by the next checkpoint.
 */
async function foldLog(database: Database, writer: Writer): Promise<void> {
  for (let tries = 0; tries < MAX_CHECKPOINT_TRIES; tries++) {
    const isDone = await writer.exclusively(async () => {
      try {
        await checkpoint(database)
        return true
      } catch (error) {
        if (isRefusedForNow(error)) return false
        throw error
      }
    })
    if (isDone) return
    await database.pause()
  }
}

function isRefusedForNow(error: unknown): boolean {
  return error instanceof Error && error.message.includes('other write transactions active')
}

async function loadTables(database: Database): Promise<Tables> {
  const tables = new Tables()
  for (const [name] of await database.read('SELECT table_name FROM duckdb_tables() WHERE NOT internal')) {
    const table = tableNamed(String(name))
    if (!table) continue
    if (holdsRecords(table)) {
      for (const statement of addColumns(table.name)) await database.write(statement)
      const [row] = await database.read(`SELECT coalesce(bool_or(odd), FALSE) FROM ${quoted(table.name)}`)
      table.odd = row?.[0] === true
      table.held = await countHeld(database, await database.writer(), table)
    }
    tables.add(table)
  }
  return tables
}

/** What came in during the last minutes before the start, so that a batch retried over a restart is stored once. */
async function loadDedupe(database: Database, tables: Tables, nowMs: number): Promise<Dedupe> {
  const dedupe = new Dedupe()
  for (const { name } of tables.all().filter(({ kind }) => kind !== 'traits')) {
    const since = integer(nowMs - DEDUPE_WINDOW_MS)
    const sql = `SELECT trace_id, span_id, ingested FROM ${quoted(name)} WHERE ingested >= ${since} ORDER BY ingested`
    for await (const rows of database.stream(sql, {})) {
      for (const [traceId, spanId, ingested] of rows) {
        if (!dedupe.has(String(traceId), String(spanId))) dedupe.add(String(traceId), String(spanId), Number(ingested))
      }
    }
  }
  return dedupe
}

/** Sequences never go back, not even when the newest records have been erased: then the file remembers. */
async function loadSequence(database: Database, tables: Tables): Promise<number> {
  const [row] = await database.read("SELECT value FROM meta WHERE name = 'sequence'")
  if (row === undefined) throw fail('STORE_CORRUPT', fileName, 'its sequence is missing')
  return Math.max(Number(row[0]), ...tables.all().map(({ held }) => held.lastSequence))
}
