import { statSync } from 'node:fs'
import { fail } from '../../../model/error.ts'
import { writeRefusal } from '../../write-refusal.ts'
import type { AppendResult } from '../store.ts'
import type { Days, TableRows } from './commit-plan.ts'
import { CommitPlan, daysOf, joinDays } from './commit-plan.ts'
import type { Database } from './database.ts'
import type { EncodedBatch } from './encode.ts'
import type { Share } from './fill-chunk.ts'
import { fillChunk } from './fill-chunk.ts'
import { columnsOf, createTable } from './schema.ts'
import type { Dedupe } from './dedupe.ts'
import type { Tables } from './tables.ts'
import { addHeld } from './tables.ts'
import type { KnownTraits } from './traits.ts'

/** Rows that wait for their commit; more are refused with STORE_FULL, so that the sender keeps and retries them. */
const MAX_WAITING_ROWS = 60_000
/** A commit takes about this many rows at most, so that a long queue does not make one long commit. */
const MAX_COMMIT_ROWS = 10_000
/** Each table that a transaction touches takes about a megabyte of DuckDB's memory until its end, and a day has several. */
const MAX_COMMIT_DAYS = 40
/** The log of recent commits is replayed at start, about 100 MB a second, and folded into the file when this long. */
const CHECKPOINT_WAL_BYTES = 256 * 1024 * 1024
/** DuckDB's data chunks hold no more. */
const CHUNK_ROWS = 2048
interface Waiting {
  readonly batch: EncodedBatch
  readonly nowMs: number
  readonly days: Days
  readonly rows: number
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: Error) => void
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
  /** While the file is being copied: resolves when it is done. */
  #held: Promise<void> | undefined

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

  async append(batch: EncodedBatch, nowMs: number): Promise<AppendResult> {
    const rows = batch.kinds.length + batch.spans.ts.length
    if (this.#stopped) throw fail('STORE_FULL', 'it is closed')
    // A batch that is larger than the queue by itself still gets in when nothing else waits.
    if (this.#queuedRows > 0 && this.#queuedRows + rows > MAX_WAITING_ROWS) {
      throw fail('STORE_FULL', `${this.#queuedRows} rows are waiting to be written`)
    }
    const stretches = daysOf(batch, nowMs, MAX_COMMIT_DAYS)
    const parts = await Promise.all(
      stretches.map((days) => this.#enqueue({ batch, nowMs, days, rows: Math.ceil(rows / stretches.length) })),
    )
    return {
      stored: parts.reduce((sum, { stored }) => sum + stored, 0),
      duplicates: parts.reduce((sum, { duplicates }) => sum + duplicates, 0),
    }
  }

  #enqueue(part: Omit<Waiting, 'resolve' | 'reject'>): Promise<AppendResult> {
    this.#queuedRows += part.rows
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...part, resolve, reject })
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

  /**
   * Runs `prepare` while nothing is being written, then `work`, during which commits go on but nothing exclusive does and
   * the file is not checkpointed: what lies in it stays as it is.
   */
  async holding(prepare: () => Promise<void>, work: () => Promise<void>): Promise<void> {
    let release = (): void => undefined
    await this.exclusively(async () => {
      await prepare()
      this.#held = new Promise((resolve) => {
        release = resolve
      })
    })
    try {
      await work()
    } finally {
      this.#held = undefined
      release()
      this.#run()
    }
  }

  /** Takes nothing more, and resolves once everything taken is durable. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#held
    while (this.#running) await this.#running
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined
      if (this.#isBusy()) this.#run()
    })
  }

  #isBusy(): boolean {
    return this.#queue.length > 0 || (this.#held === undefined && this.#between.length > 0)
  }

  async #drain(): Promise<void> {
    // What arrived in the same turn of the event loop shares a commit.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#isBusy()) {
      while (this.#held === undefined && this.#between.length > 0) await this.#between.shift()?.()
      const taken = this.#take()
      if (taken.length > 0) await this.#commit(taken)
      await this.#checkpointWhenLong()
    }
  }

  /** A failure, such as a full disk, loses nothing: the log stays, and the next attempt is made when it has grown. */
  async #checkpointWhenLong(): Promise<void> {
    if (this.#held !== undefined) return
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
    let days: Days = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, count: 0 }
    for (const next of this.#queue) {
      days = joinDays(days, next.days)
      if (count > 0 && (rows >= MAX_COMMIT_ROWS || days.count > MAX_COMMIT_DAYS)) break
      rows += next.rows
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #commit(taken: readonly Waiting[]): Promise<void> {
    const plan = new CommitPlan({ sequence: this.#sequence, dedupe: this.#dedupe, knownTraits: this.#knownTraits })
    try {
      for (const { batch, nowMs, days } of taken) plan.add(batch, nowMs, days)
      await this.#write(plan)
    } catch (error) {
      const refusal = writeRefusal(error)
      for (const waiting of taken) waiting.reject(refusal)
      return
    } finally {
      for (const waiting of taken) this.#queuedRows -= waiting.rows
    }
    this.#sequence = plan.sequence
    plan.settle()
    taken.forEach((waiting, index) => waiting.resolve(plan.results[index] as AppendResult))
  }

  async #write(plan: CommitPlan): Promise<void> {
    if (plan.isEmpty) return
    const database = this.#database
    const written = plan.tables()
    await database.write('BEGIN')
    try {
      for (const rows of written) await this.#fill(rows)
      await database.write('COMMIT')
    } catch (error) {
      await database.write('ROLLBACK').catch(() => undefined)
      throw error
    }
    for (const { table } of written) {
      const known = this.#tables.get(table.name)
      if (!known) this.#tables.add(table)
      else {
        known.odd ||= table.odd
        known.held = addHeld(known.held, table.held)
      }
    }
  }

  async #fill({ table, shares }: TableRows): Promise<void> {
    const columns = columnsOf(table.kind)
    if (!this.#tables.get(table.name)) await this.#database.write(createTable(table.name, columns))
    const appender = await (await this.#database.writer()).createAppender(table.name)
    for (const part of chunks(shares)) appender.appendDataChunk(fillChunk(this.#database, columns, part))
    appender.closeSync()
  }
}

/** Rows of the shares, as many at a time as a chunk holds. */
function* chunks(shares: readonly Share[]): Generator<readonly Share[]> {
  let part: Share[] = []
  let room = CHUNK_ROWS
  for (const { columns, rows } of shares) {
    for (let from = 0; from < rows.length;) {
      const some = rows.slice(from, from + room)
      part.push({ columns, rows: some })
      from += some.length
      room -= some.length
      if (room > 0) continue
      yield part
      part = []
      room = CHUNK_ROWS
    }
  }
  if (part.length > 0) yield part
}

/** Size of the log of recent commits. */
export function walBytes(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
