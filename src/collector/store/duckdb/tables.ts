import type { TimeRange } from '../store.ts'

/**
 * What a table holds: `events`, records with a business-logic activity (logins, which detection reads);
 * `requests`, all other records kept in full; `compact`, compact records; `spans`, spans for the trace view; `traits`,
 * the client traits that records of the day refer to.
 */
export type TableKind = RecordKind | 'spans' | 'traits'
export type RecordKind = 'events' | 'requests' | 'compact'

/** Whether a table holds records, of one kind or another. */
export function holdsRecords({ kind }: Pick<Table, 'kind'>): boolean {
  return kind !== 'spans' && kind !== 'traits'
}

/** Whether a table holds records that are kept in full. */
export function holdsFullRecords({ kind }: Pick<Table, 'kind'>): boolean {
  return kind === 'events' || kind === 'requests'
}

export interface Table extends TimeRange {
  readonly name: string
  readonly kind: TableKind
  /** Whether a record in it has an attribute of another type than its column's. */
  odd: boolean
  /** The sequence up to which its values are indexed (value-index.ts). */
  indexedTo: number
  /** Of tables of records. */
  held: Held
}

/** What a table of records holds. */
export interface Held {
  readonly records: number
  /** Event time of the oldest and the newest record, in microseconds. */
  readonly oldestUs: number
  readonly newestUs: number
  readonly lastSequence: number
}

export const nothingHeld: Held = {
  records: 0,
  oldestUs: Number.POSITIVE_INFINITY,
  newestUs: Number.NEGATIVE_INFINITY,
  lastSequence: 0,
}

export function addHeld(one: Held, other: Held): Held {
  return {
    records: one.records + other.records,
    oldestUs: Math.min(one.oldestUs, other.oldestUs),
    newestUs: Math.max(one.newestUs, other.newestUs),
    lastSequence: Math.max(one.lastSequence, other.lastSequence),
  }
}

/** Sequences of records, both inclusive. */
export interface Stretch {
  readonly first: number
  readonly last: number
}

/** A table, or those stretches of it in which a query can have a match. */
export interface Source extends Table {
  readonly stretches?: readonly Stretch[]
}

/** What a query reads: all tables, or what is left of them once it is known where it can have a match. */
export interface Sources {
  all(): readonly Table[]
  overlapping(kinds: readonly TableKind[], range: TimeRange): readonly Source[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** One table a day, so that dropping a day is instant; compact records live for hours, so theirs hold an hour. */
export function tableFor(kind: TableKind, timestampMs: number): Table {
  const spanMs = kind === 'compact' ? HOUR_MS : DAY_MS
  const fromMs = Math.floor(timestampMs / spanMs) * spanMs
  return {
    name: nameOf(kind, fromMs),
    kind,
    fromMs,
    toMs: fromMs + spanMs,
    odd: false,
    indexedTo: 0,
    held: nothingHeld,
  }
}

function nameOf(kind: TableKind, fromMs: number): string {
  const stamp = new Date(fromMs).toISOString().replaceAll(/[-T:]/g, '')
  return `${kind}_${stamp.slice(0, kind === 'compact' ? 10 : 8)}`
}

/** The table that a name in the file stands for; undefined for tables of other purposes. */
export function tableNamed(name: string): Table | undefined {
  const parts = /^(events|requests|compact|spans|traits)_(\d{4})(\d\d)(\d\d)(\d\d)?$/.exec(name)
  if (!parts) return undefined
  const [, kind, year, month, day, hour = '00'] = parts
  const table = tableFor(kind as TableKind, Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`))
  return table.name === name ? table : undefined
}

/** The tables that exist, in the order of time. */
export class Tables implements Sources {
  readonly #byName = new Map<string, Table>()

  get(name: string): Table | undefined {
    return this.#byName.get(name)
  }

  add(table: Table): void {
    this.#byName.set(table.name, table)
  }

  remove(name: string): void {
    this.#byName.delete(name)
  }

  all(): readonly Table[] {
    return [...this.#byName.values()].sort(
      (one, other) => one.fromMs - other.fromMs || (one.name < other.name ? -1 : 1),
    )
  }

  overlapping(kinds: readonly TableKind[], range: TimeRange): readonly Table[] {
    return this.all().filter(
      (table) => kinds.includes(table.kind) && table.fromMs < range.toMs && table.toMs > range.fromMs,
    )
  }
}
