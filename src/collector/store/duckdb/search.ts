import type { SpanRecord } from '../../../model/span-record.ts'
import { fail } from '../../../model/error.ts'
import type { RecordScope, SearchPage, TimeRange } from '../store.ts'
import { Binder, integer } from './binder.ts'
import type { CompiledQuery } from './compile-query.ts'
import { compileQuery } from './compile-query.ts'
import type { Database } from './database.ts'
import { columnsOfRecord, decodeRecord } from './decode.ts'
import { fromTables, matching } from './source.ts'
import type { Source, Sources } from './tables.ts'

const FIRST_SLICE_MS = 300_000
/** Where it is known in which few blocks a match can be, each slice costs more than a longer one. */
const FIRST_NARROW_SLICE_MS = 86_400_000
const SLICE_GROWTH = 6
const MAX_PAGE = 10_000
/** Records further apart hardly share what has to be decompressed for them. */
const MAX_GAP = 4_096
/** Parts that one statement reads: each holds a few megabytes of DuckDB's memory until its end. */
const MAX_PARTS = 100

type Sort = 'timestamp' | '-timestamp'
/** Event time in microseconds and sequence: where a page ended. */
type Position = readonly [ts: number, seq: number]

/**
 * Records in the order of time, then of their arrival. The range is read in slices from its near end, each six times as
 * long as the one before, since the records of the first page are mostly close to it. A first pass finds the rows by
 * the columns of the query, a second one reads only those whole.
 */
export async function search(
  database: Database,
  tables: Sources,
  text: string,
  range: TimeRange,
  page: { readonly limit: number; readonly cursor?: string; readonly sort?: Sort; readonly records?: RecordScope },
): Promise<SearchPage> {
  const query = compileQuery(text, page.records)
  const sort = page.sort ?? '-timestamp'
  const limit = Math.max(1, Math.min(page.limit, MAX_PAGE))
  const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, sort)
  const found: (readonly [string, number, number])[] = []
  const isNarrow = tables.overlapping(query.kinds, range).every(({ stretches }) => stretches)
  const firstMs = isNarrow ? FIRST_NARROW_SLICE_MS : FIRST_SLICE_MS
  for (const slice of slices(remaining(range, after, sort), sort, bounds(tables), firstMs)) {
    const part = tables.overlapping(query.kinds, slice)
    found.push(...(await positions(database, part, query, slice, { sort, after, limit: limit + 1 - found.length })))
    if (found.length > limit) break
  }
  const shown = found.slice(0, limit)
  const records = await readRecords(database, shown)
  const last = shown.at(-1)
  return { records, next: found.length > limit && last ? encodeCursor([last[1], last[2]], sort) : null }
}

async function positions(
  database: Database,
  tables: readonly Source[],
  query: CompiledQuery,
  range: TimeRange,
  { sort, after, limit }: { sort: Sort; after: Position | undefined; limit: number },
): Promise<(readonly [string, number, number])[]> {
  const binder = new Binder()
  const beyond = after ? `AND ${isBeyond(after, sort)}` : ''
  const union = fromTables(
    tables,
    binder,
    (scope, from, table) =>
      `SELECT ${binder.text(table)} AS source, ts, seq FROM ${from} WHERE ${matching(query, range, scope)} ${beyond}`,
  )
  if (union === undefined) return []
  const direction = sort === 'timestamp' ? 'ASC' : 'DESC'
  const rows = await database.read(
    `SELECT * FROM (${union}) ORDER BY ts ${direction}, seq ${direction} LIMIT ${integer(limit)}`,
    binder.parameters,
  )
  return rows.map(([source, ts, seq]) => [String(source), Number(ts), Number(seq)])
}

function isBeyond([ts, seq]: Position, sort: Sort): string {
  const operator = sort === 'timestamp' ? '>' : '<'
  return `(ts ${operator} ${integer(ts)} OR (ts = ${integer(ts)} AND seq ${operator} ${integer(seq)}))`
}

/** The records at these positions, in their order; one that has been erased since is left out. */
async function readRecords(
  database: Database,
  wanted: readonly (readonly [string, number, number])[],
): Promise<readonly SpanRecord[]> {
  const bySource = new Map<string, number[]>()
  for (const [source, , seq] of wanted) {
    const sequences = bySource.get(source)
    if (sequences === undefined) bySource.set(source, [seq])
    else sequences.push(seq)
  }
  const parts = [...bySource].flatMap(([source, sequences]) =>
    neighbours(sequences).map(
      (near) =>
        `SELECT ${columnsOfRecord} FROM ${source} WHERE seq BETWEEN ${near[0]} AND ${near.at(-1)} AND seq IN (${near.join(', ')})`,
    ),
  )
  const found = new Map<number, SpanRecord>()
  for (let from = 0; from < parts.length; from += MAX_PARTS) {
    const some = parts.slice(from, from + MAX_PARTS).join('\nUNION ALL\n')
    // In an order, of whatever kind, DuckDB reads the parts with all its threads.
    const rows = await database.read(`SELECT * FROM (${some}) ORDER BY seq`)
    for (const row of rows) found.set(Number(row[0]), decodeRecord(row))
  }
  return wanted.flatMap(([, , seq]) => found.get(seq) ?? [])
}

/** Sequences in groups of those close together: each is read by itself, without what lies between them. */
function neighbours(sequences: readonly number[]): readonly (readonly number[])[] {
  const groups: number[][] = []
  for (const seq of [...sequences].sort((one, other) => one - other)) {
    const last = groups.at(-1)
    if (last && seq - (last.at(-1) ?? 0) <= MAX_GAP) last.push(seq)
    else groups.push([seq])
  }
  return groups
}

/** The stretch of time that the tables cover. */
function bounds(tables: Sources): TimeRange {
  const all = tables.all()
  return { fromMs: all[0]?.fromMs ?? 0, toMs: Math.max(0, ...all.map((table) => table.toMs)) }
}

function remaining(range: TimeRange, after: Position | undefined, sort: Sort): TimeRange {
  if (!after) return range
  const ms = after[0] / 1000
  return sort === 'timestamp'
    ? { fromMs: Math.max(range.fromMs, Math.floor(ms)), toMs: range.toMs }
    : { fromMs: range.fromMs, toMs: Math.min(range.toMs, Math.floor(ms) + 1) }
}

function* slices(range: TimeRange, sort: Sort, within: TimeRange, firstMs: number): Generator<TimeRange> {
  let fromMs = Math.max(range.fromMs, within.fromMs)
  let toMs = Math.min(range.toMs, within.toMs)
  for (let lengthMs = firstMs; fromMs < toMs; lengthMs *= SLICE_GROWTH) {
    if (sort === 'timestamp') {
      const end = Math.min(toMs, fromMs + lengthMs)
      yield { fromMs, toMs: end }
      fromMs = end
    } else {
      const start = Math.max(fromMs, toMs - lengthMs)
      yield { fromMs: start, toMs }
      toMs = start
    }
  }
}

function encodeCursor(position: Position, sort: Sort): string {
  return Buffer.from(JSON.stringify([sort, ...position])).toString('base64url')
}

function decodeCursor(cursor: string, sort: Sort): Position {
  try {
    const [of, ts, seq] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (of === sort && Number.isSafeInteger(ts) && Number.isSafeInteger(seq)) return [ts as number, seq as number]
  } catch {
    // What cannot be read is not a cursor of ours.
  }
  throw fail('REQUEST_INVALID', 'cursor', 'is not a cursor of this search')
}
