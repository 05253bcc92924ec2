import type { Clock } from '../../../model/clock.ts'
import type { TimeRange } from '../store.ts'
import type { Writer } from './append.ts'
import { Binder, integer } from './binder.ts'
import type { CompiledQuery } from './compile-query.ts'
import type { Database } from './database.ts'
import type { Needed } from './needed-values.ts'
import { textsOf } from './needed-values.ts'
import { addressColumns, indexedAttributes, quoted } from './schema.ts'
import type { Sources, Stretch, Table, Tables } from './tables.ts'
import { holdsFullRecords } from './tables.ts'

/** Sequences that are looked at together: a value is in a block, or in none of its records. */
const BLOCK = 32_768
/** In so many stretches of a table a value is frequent: it is found soon, and reading them apart costs more than it saves. */
const MAX_STRETCHES = 32
/** More values at once are not looked up. */
const MAX_TEXTS = 64

/** Indexing the most records takes about a second; as much is left to others. */
const REST_MS = 1_000

/** How many records of a table are indexed at once: fewer are scanned as fast, more would take long. */
export interface IndexLimits {
  readonly leastRecords: number
  /** A day that is not over waits for more, so that a burst is not indexed while it comes. */
  readonly leastOfToday: number
  readonly mostRecords: number
}
const defaultLimits: IndexLimits = { leastRecords: 50_000, leastOfToday: 1_000_000, mostRecords: 300_000 }

/**
 * Where values occur: for each table of records a table of their hashes with the blocks of sequences that have them, and
 * how far it goes. It is filled beside the commits, from the front of the records, so that a value that is rare is looked
 * for in few blocks and in the newest records. It only ever says where a value cannot be: what is found is compared.
 */
export class ValueIndex {
  readonly #database: Database
  readonly #tables: Tables
  readonly #writer: Writer
  readonly #limits: IndexLimits
  readonly #after: Clock['after'] | undefined
  #running: Promise<void> | undefined
  #lookedAt = 0
  #nowMs = 0
  /** The step that is being done. */
  #step: Promise<boolean> | undefined
  /** How much is being done without it. */
  #paused = 0

  private constructor(options: IndexOptions) {
    this.#database = options.database
    this.#tables = options.tables
    this.#writer = options.writer
    this.#limits = options.limits ?? defaultLimits
    this.#after = options.after
  }

  static async open(options: IndexOptions): Promise<ValueIndex> {
    await loadIndexes(options.database, options.tables)
    return new ValueIndex(options)
  }

  /** What a query has to read of the tables of a range. */
  async narrow({ needed, kinds }: CompiledQuery, range: TimeRange): Promise<Sources> {
    const tables = this.#tables
    const indexed = tables
      .overlapping(kinds, range)
      .filter(({ indexedTo }) => indexedTo > 0)
      .map(({ name, indexedTo }) => ({ name, indexedTo }))
    const texts = needed === undefined ? [] : [...textsOf(needed)]
    if (needed === undefined || indexed.length === 0 || texts.length > MAX_TEXTS) return tables
    // An index that was emptied or dropped meanwhile says nothing.
    const isAsBefore = ({ name, indexedTo }: Indexed): boolean => (tables.get(name)?.indexedTo ?? 0) >= indexedTo
    let blocksOf
    try {
      blocksOf = await this.#lookUp(texts, indexed)
    } catch (error) {
      if (indexed.every(isAsBefore)) throw error
      return tables
    }
    const stretches = new Map(
      indexed.filter(isAsBefore).map(({ name, indexedTo }) => {
        const blocks = blocksWith(needed, (text) => blocksOf(name, text))
        return [name, stretchesOf(blocks, indexedTo)]
      }),
    )
    return {
      all: () => tables.all(),
      overlapping: (wanted, within) =>
        tables.overlapping(wanted, within).flatMap((table) => {
          const own = stretches.get(table.name)?.(table.held.lastSequence)
          if (own === undefined || own.length > MAX_STRETCHES) return table
          return own.length === 0 ? [] : { ...table, stretches: own }
        }),
    }
  }

  /** The blocks of a table that have a text. */
  async #lookUp(
    texts: readonly string[],
    indexed: readonly Indexed[],
  ): Promise<(table: string, text: string) => readonly number[]> {
    const binder = new Binder()
    // Hashes stand in the statement as constants: by others DuckDB does not prune.
    const [row = []] = await this.#database.read(
      `SELECT ${texts.map((text) => hashOf(`lower(${binder.text(text)})`)).join(', ')}`,
      binder.parameters,
      'kept',
    )
    const hashes = new Map(texts.map((text, index) => [text, Number(row[index])]))
    const oneOf = [...new Set(hashes.values())].join(', ')
    const parts = indexed.map(
      ({ name }) =>
        `SELECT '${name}' AS name, hash, list(DISTINCT block) FROM ${indexOf(name)} WHERE hash IN (${oneOf}) GROUP BY hash`,
    )
    const found = new Map<string, readonly number[]>()
    for (const [name, hash, blocks] of await this.#database.read(parts.join('\nUNION ALL\n'), {}, 'kept')) {
      found.set(`${String(name)} ${Number(hash)}`, blocks as number[])
    }
    return (table, text) => found.get(`${table} ${hashes.get(text)}`) ?? []
  }

  /** Begins to index what has been appended, once it is enough. */
  grow(nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#writer.sequence - this.#lookedAt >= this.#limits.leastRecords) void this.#start()
  }

  /** Resolves once nothing is left that would be indexed. */
  async settled(): Promise<void> {
    await this.#running
    await this.#start()
  }

  /**
   * Erases or drops records while nothing is being indexed: what goes must not be in an index that is being made.
   */
  async pausedFor<T>(work: () => Promise<T>): Promise<T> {
    this.#paused++
    try {
      await this.#step?.catch(() => undefined)
      return await work()
    } finally {
      this.#paused--
      this.#lookedAt = 0
    }
  }

  #start(): Promise<void> {
    // A failure, as on a full disk, leaves records that are scanned; they are tried again with the next ones.
    this.#running ??= this.#run()
      .catch(() => undefined)
      .finally(() => (this.#running = undefined))
    return this.#running
  }

  async #run(): Promise<void> {
    for (let found = true; found;) {
      found = false
      this.#lookedAt = this.#writer.sequence
      for (const table of this.#waiting()) {
        if (this.#paused > 0) return
        this.#step = this.#extend(table, this.#lookedAt)
        if (!(await this.#step)) continue
        found = true
        await this.#rest()
      }
    }
  }

  /** Tables with records to be indexed, at most as many as it seems. */
  #waiting(): readonly Table[] {
    const { leastRecords, leastOfToday } = this.#limits
    const tables = this.#tables.all().filter(holdsFullRecords)
    return tables.filter(({ toMs, held, indexedTo }) => {
      const waiting = Math.min(held.records, held.lastSequence - indexedTo)
      return waiting >= (toMs > this.#nowMs ? leastOfToday : leastRecords)
    })
  }

  /** Indexes the next records of a table, if they are enough; whether it did. */
  async #extend(table: Table, sequence: number): Promise<boolean> {
    const { indexedTo: from } = table
    const { leastRecords, mostRecords } = this.#limits
    const name = quoted(table.name)
    const newer = `seq > ${integer(from)} AND seq <= ${integer(sequence)}`
    const [row] = await this.#database.read(
      `SELECT count(*), max(seq) FROM (SELECT seq FROM ${name} WHERE ${newer} LIMIT ${mostRecords})`,
      {},
      'kept',
    )
    const [count, to] = (row ?? []).map(Number)
    if (count === undefined || to === undefined || count < leastRecords) return false
    const values = indexedValues(table).map(
      (value) => `SELECT seq, ${value} AS v FROM ${name} WHERE seq > ${integer(from)} AND seq <= ${integer(to)}`,
    )
    const entries = `SELECT *, ${integer(to)} AS up_to FROM (
        SELECT DISTINCT ${hashOf('v')} AS hash, (seq // ${BLOCK})::UINTEGER AS block
        FROM (${values.join(' UNION ALL ')}) WHERE v IS NOT NULL)
      ORDER BY hash`
    let isDone = false
    await this.#database.appendRows(indexOf(table.name), entries, (write) =>
      this.#writer.exclusively(async () => {
        if (this.#tables.get(table.name) !== table) return
        await this.#database.write(
          `CREATE TABLE IF NOT EXISTS ${indexOf(table.name)} (hash UINTEGER, block UINTEGER, up_to BIGINT)`,
        )
        await write()
        table.indexedTo = to
        isDone = true
      }),
    )
    return isDone
  }

  #rest(): Promise<void> {
    const after = this.#after
    return after ? new Promise((resolve) => after(REST_MS, resolve)) : Promise.resolve()
  }
}

type Indexed = Readonly<Pick<Table, 'name' | 'indexedTo'>>

interface IndexOptions {
  readonly database: Database
  readonly tables: Tables
  readonly writer: Writer
  readonly limits: IndexLimits | undefined
  readonly after: Clock['after'] | undefined
}

/** The table that says where the values of another one are. */
function indexOf(table: string): string {
  return quoted(`values_${table}`)
}

function hashOf(sql: string): string {
  return `(hash(${sql}) >> 32)::UINTEGER`
}

/** All that is indexed of a record, case ignored, as texts in SQL. */
function indexedValues({ odd }: Table): readonly string[] {
  return [
    ...indexedAttributes.map((name) => `lower(${quoted(name)})`),
    ...addressColumns.map(({ name }) => (odd ? `unnest(string_split(${name}, ','))` : name)),
    "unnest(json_extract_string(lower(rest), '$.*'))",
    `unnest(CASE WHEN contains(rest, '["') THEN json_extract_string(lower(rest), '$.*[*]') END)`,
  ]
}

function blocksWith(needed: Needed, blocksOf: (text: string) => readonly number[]): ReadonlySet<number> {
  if (needed.kind === 'value') return new Set(blocksOf(needed.text))
  const [first = new Set<number>(), ...others] = needed.of.map((part) => blocksWith(part, blocksOf))
  return needed.kind === 'any'
    ? new Set([first, ...others].flatMap((part) => [...part]))
    : new Set([...first].filter((block) => others.every((part) => part.has(block))))
}

/** Blocks as stretches, and with them what is newer than the index, if anything is. */
function stretchesOf(blocks: ReadonlySet<number>, indexedTo: number): (lastSequence: number) => readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const block of [...blocks].sort((one, other) => one - other)) {
    const [first, last] = [block * BLOCK, Math.min((block + 1) * BLOCK - 1, indexedTo)]
    const before = stretches.at(-1)
    if (before?.last === first - 1) stretches.splice(-1, 1, { first: before.first, last })
    else if (first <= last) stretches.push({ first, last })
  }
  return (lastSequence) =>
    lastSequence <= indexedTo ? stretches : [...stretches, { first: indexedTo + 1, last: lastSequence }]
}

/** Drops the index of a table, in the transaction that is open; from now on nothing is looked up in it. */
export async function dropIndex(database: Database, table: Table): Promise<void> {
  table.indexedTo = 0
  await database.write(`DROP TABLE IF EXISTS ${indexOf(table.name)}`)
}

/** Leaves nothing in the index of a table, in the transaction that is open; from now on nothing is looked up in it. */
export async function emptyIndex(database: Database, table: Table): Promise<void> {
  if (table.indexedTo === 0) return
  table.indexedTo = 0
  await database.write(`DELETE FROM ${indexOf(table.name)}`)
}

/** Hashes are the engine's own: those of another version of it are of no use. */
async function loadIndexes(database: Database, tables: Tables): Promise<void> {
  const own = '(hash(version()) >> 1)::BIGINT'
  const [row] = await database.read(`SELECT value = ${own} FROM meta WHERE name = 'values'`)
  const found = await database.read(
    "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND starts_with(table_name, 'values_')",
  )
  for (const [index] of found) {
    const table = tables.get(String(index).slice('values_'.length))
    if (row?.[0] !== true || table === undefined) {
      await database.write(`DROP TABLE ${quoted(String(index))}`)
      continue
    }
    const [last] = await database.read(`SELECT coalesce(max(up_to), 0) FROM ${quoted(String(index))}`)
    table.indexedTo = Number(last?.[0])
  }
  await database.write(`INSERT OR REPLACE INTO meta SELECT 'values', ${own}`)
}
