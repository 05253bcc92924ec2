import type { EncodedBatch } from './encode.ts'
import { at, spanAt, traitsAt } from './encode.ts'
import type { Dedupe } from './dedupe.ts'
import type { EncodedColumn, EncodedColumns } from './encoded-column.ts'
import { differentTexts, hasBytes, isTrue, numberAt, numbersOf, sameNumber, textAt } from './encoded-column.ts'
import type { Share } from './fill-chunk.ts'
import type { RecordKind, Table, TableKind } from './tables.ts'
import { addHeld, tableFor } from './tables.ts'
import type { KnownTraits } from './traits.ts'

/** Clocks further ahead are taken to be wrong. */
const MAX_AHEAD_MS = 60_000
/** Older times are taken to be wrong too: every day of event time is a table. */
const MAX_HISTORY_MS = 400 * 86_400_000
/** Compact records live for hours; those that come later than any setting allows are past their end on arrival. */
const MAX_COMPACT_AGE_MS = 168 * 3_600_000
const DAY_US = 86_400_000_000

/** Rows on their way into a table. */
export interface TableRows {
  readonly table: Table
  readonly shares: readonly Share[]
}

/** The same, while rows are added. */
interface GrowingRows extends TableRows {
  readonly shares: (Share & { readonly rows: number[] })[]
}

/** Days of event time, by their number since 1970, both inclusive. */
export interface Days {
  readonly from: number
  readonly to: number
  /** How many of them have rows, at most. */
  readonly count: number
}

/** The days of a batch in stretches that have rows on `most` days at most, so that no commit touches more tables. */
export function daysOf({ records, spans }: EncodedBatch, nowMs: number, most: number): readonly Days[] {
  const times = records[at.ts]
  const days = new Set<number>()
  const note = (ts: number): unknown => days.add(dayOf(clampTime(ts, nowMs)))
  if (times?.kind === 'numbers') times.values.forEach(note)
  spans.ts.forEach(note)
  const sorted = [...days].sort((one, other) => one - other)
  const stretches: Days[] = []
  for (let first = 0; first < sorted.length; first += most) {
    const part = sorted.slice(first, first + most)
    stretches.push({ from: part[0] ?? 0, to: part.at(-1) ?? 0, count: part.length })
  }
  return stretches
}

/** The days of both. */
export function joinDays(one: Days, other: Days): Days {
  const [from, to] = [Math.min(one.from, other.from), Math.max(one.to, other.to)]
  return { from, to, count: Math.min(to - from + 1, one.count + other.count) }
}

function dayOf(ts: number): number {
  return Math.floor(ts / DAY_US)
}

/** What of a batch has been seen in this plan. */
const isNew = 1
const hasRecord = 2
const hasSpan = 4

/** What one commit writes: rows by table, and what becomes of each batch. */
export class CommitPlan {
  readonly results: { readonly stored: number; readonly duplicates: number }[] = []
  /** The highest sequence, once this is durable. */
  sequence: number
  readonly #dedupe: Dedupe
  readonly #knownTraits: KnownTraits
  readonly #tables = new Map<string, GrowingRows>()
  readonly #latest = new Map<TableKind, GrowingRows>()
  readonly #ids = new Map<string, number>()
  readonly #identities: (readonly [traceId: string, spanId: string, ingestedMs: number])[] = []
  readonly #traits = new Map<Table, Map<number, string>>()

  constructor(options: { readonly sequence: number; readonly dedupe: Dedupe; readonly knownTraits: KnownTraits }) {
    this.sequence = options.sequence
    this.#dedupe = options.dedupe
    this.#knownTraits = options.knownTraits
  }

  get isEmpty(): boolean {
    return this.#identities.length === 0
  }

  /**
   * Sorts the rows of a batch on these days into tables and leaves out what is known; a record and its span share one
   * identity, and a day.
   */
  add(batch: EncodedBatch, nowMs: number, days: Days): void {
    const verdicts = new Map<string, number>()
    this.#addRecords(batch, nowMs, days, verdicts)
    this.#addSpans(batch, nowMs, days, verdicts)
    let stored = 0
    for (const [id, verdict] of verdicts) {
      if ((verdict & isNew) === 0) continue
      stored++
      this.#ids.set(id, isNew)
    }
    this.results.push({ stored, duplicates: verdicts.size - stored })
  }

  /** Everything to be written, the traits last. */
  tables(): readonly TableRows[] {
    const traits = [...this.#traits].map(([table, bodies]): TableRows => {
      const rows = Array.from({ length: bodies.size }, (_, row) => row)
      const columns = [numbersOf([...bodies.keys()]), differentTexts([...bodies.values()])]
      return { table, shares: [{ columns, rows }] }
    })
    return [...this.#tables.values(), ...traits].filter(({ shares }) => shares.length > 0)
  }

  /** Remembers what has been written, once it is durable. */
  settle(): void {
    for (const [traceId, spanId, ingestedMs] of this.#identities) this.#dedupe.add(traceId, spanId, ingestedMs)
    for (const [table, bodies] of this.#traits) this.#knownTraits.add(table.name, [...bodies.keys()])
  }

  /** Whether a record, span or both are to be written; each part is written once. */
  #takes(verdicts: Map<string, number>, traceId: string, spanId: string, parts: number, nowMs: number): boolean {
    const id = `${traceId} ${spanId}`
    let verdict = verdicts.get(id)
    if (verdict === undefined) {
      verdict = this.#ids.has(id) || this.#dedupe.has(traceId, spanId) ? 0 : isNew
      if (verdict === isNew) this.#identities.push([traceId, spanId, nowMs])
    }
    verdicts.set(id, verdict | parts)
    return verdict !== 0 && (verdict & isNew) !== 0 && (verdict & parts) === 0
  }

  #addRecords(
    { kinds, records, traits }: EncodedBatch,
    nowMs: number,
    days: Days,
    verdicts: Map<string, number>,
  ): void {
    const [traceIds, spanIds, times, odd] = [records[at.trace_id], records[at.span_id], records[at.ts], records[at.odd]]
    const sequences = new Float64Array(kinds.length)
    const clamped = new Float64Array(kinds.length)
    const columns = [...records]
    columns[at.seq] = { kind: 'numbers', values: sequences }
    columns[at.ts] = { kind: 'numbers', values: clamped }
    columns[at.ingested] = sameNumber(nowMs, kinds.length)
    kinds.forEach((kind, row) => {
      const ts = clampTime(numberAt(times, row), nowMs)
      if (!isOn(days, ts)) return
      const parts = hasBytes(records[spanAt], row) ? hasRecord | hasSpan : hasRecord
      if (!this.#takes(verdicts, textAt(traceIds, row) ?? '', textAt(spanIds, row) ?? '', parts, nowMs)) return
      if (kind === 'compact' && ts < (nowMs - MAX_COMPACT_AGE_MS) * 1000) return
      const rows = this.#rowsOf(kind, ts / 1000)
      if (odd?.kind === 'flags' && odd.values[row] === isTrue) rows.table.odd = true
      sequences[row] = ++this.sequence
      clamped[row] = ts
      take(rows, columns, row)
      const held = { records: 1, oldestUs: ts, newestUs: ts, lastSequence: this.sequence }
      rows.table.held = addHeld(rows.table.held, held)
      const trait = numberAt(records[traitsAt], row)
      if (!Number.isNaN(trait)) this.#addTrait(ts / 1000, trait, traits.get(trait))
    })
  }

  #addSpans({ spans }: EncodedBatch, nowMs: number, days: Days, verdicts: Map<string, number>): void {
    const clamped = spans.ts.map((ts) => clampTime(ts, nowMs))
    const columns: readonly EncodedColumn[] = [
      sameNumber(nowMs, clamped.length),
      { kind: 'numbers', values: clamped },
      differentTexts(spans.traceIds),
      differentTexts(spans.spanIds),
      spans.bodies,
    ]
    clamped.forEach((ts, row) => {
      if (!isOn(days, ts)) return
      if (!this.#takes(verdicts, spans.traceIds[row] as string, spans.spanIds[row] as string, hasSpan, nowMs)) return
      take(this.#rowsOf('spans', ts / 1000), columns, row)
    })
  }

  /** Traits are written once a day, when the first record refers to them. */
  #addTrait(timestampMs: number, id: number, body: string | undefined): void {
    const { table } = this.#rowsOf('traits', timestampMs)
    if (body === undefined || this.#knownTraits.has(table.name, id)) return
    let bodies = this.#traits.get(table)
    if (!bodies) this.#traits.set(table, (bodies = new Map()))
    bodies.set(id, body)
  }

  /** Rows mostly go where the one before went. */
  #rowsOf(kind: RecordKind | 'spans' | 'traits', timestampMs: number): GrowingRows {
    const latest = this.#latest.get(kind)
    if (latest && timestampMs >= latest.table.fromMs && timestampMs < latest.table.toMs) return latest
    const table = tableFor(kind, timestampMs)
    let rows = this.#tables.get(table.name)
    if (!rows) {
      rows = { table, shares: [] }
      this.#tables.set(table.name, rows)
    }
    this.#latest.set(kind, rows)
    return rows
  }
}

function isOn({ from, to }: Days, ts: number): boolean {
  const day = dayOf(ts)
  return day >= from && day <= to
}

function take({ shares }: GrowingRows, columns: EncodedColumns, row: number): void {
  const last = shares.at(-1)
  if (last?.columns === columns) last.rows.push(row)
  else shares.push({ columns, rows: [row] })
}

/** Event time in microseconds within what is believable; a clock ahead counts as now. */
function clampTime(ts: number, nowMs: number): number {
  if (!(ts <= (nowMs + MAX_AHEAD_MS) * 1000)) return Math.round(nowMs * 1000)
  return Math.max(ts, Math.round((nowMs - MAX_HISTORY_MS) * 1000))
}
