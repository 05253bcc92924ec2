import { fail } from '../../../model/error.ts'
import type { Parameters } from './database.ts'
import type { Database } from './database.ts'
import { integer } from './binder.ts'
import { quoted } from './schema.ts'
import type { Held, Table, Tables } from './tables.ts'
import { holdsRecords } from './tables.ts'
import { countHeld } from './held.ts'
import { dropIndex, emptyIndex } from './value-index.ts'

const DAY_MS = 86_400_000

/** Drops the tables of the days before this one; returns how many days had any. */
export async function dropBefore(database: Database, tables: Tables, day: string, sequence: number): Promise<number> {
  const beforeMs = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(beforeMs)) throw fail('REQUEST_INVALID', 'day', 'must be a date such as 2026-11-22')
  const old = tables.all().filter((table) => table.toMs <= beforeMs)
  await drop(database, tables, old, sequence)
  return new Set(old.map((table) => Math.floor(table.fromMs / DAY_MS))).size
}

/** Drops the hours of compact records that end before a time; returns how many. */
export async function dropCompactBefore(
  database: Database,
  tables: Tables,
  timestampMs: number,
  sequence: number,
): Promise<number> {
  const old = tables.all().filter(({ kind, toMs }) => kind === 'compact' && toMs <= timestampMs)
  await drop(database, tables, old, sequence)
  return old.length
}

async function drop(database: Database, tables: Tables, old: readonly Table[], sequence: number): Promise<void> {
  if (old.length === 0) return
  await atomically(database, tables, sequence, async () => {
    for (const table of old) {
      await database.write(`DROP TABLE ${quoted(table.name)}`)
      await dropIndex(database, table)
    }
  })
  for (const { name } of old) tables.remove(name)
}

/**
 * Erases the records of a user, and all spans of the traces they belong to; returns how many records. The log of recent
 * commits keeps them until it is folded into the file.
 */
export async function eraseUser(
  database: Database,
  tables: Tables,
  selector: { readonly userId: string } | { readonly login: string },
  sequence: number,
): Promise<number> {
  const value = 'userId' in selector ? selector.userId : selector.login
  const names =
    'userId' in selector ? ['usr.id', 'appsec.events_data.usr.id'] : ['usr.login', 'appsec.events_data.usr.login']
  let erased = 0
  const touched = new Map<Table, Held>()
  await atomically(database, tables, sequence, async () => {
    await database.write('CREATE TEMP TABLE erased_traces (trace_id VARCHAR)')
    for (const table of tables.all().filter(holdsRecords)) {
      const count = await eraseFrom(database, table, names, value)
      if (count === 0) continue
      erased += count
      await emptyIndex(database, table)
      touched.set(table, await countHeld(database, await database.writer(), table))
    }
    for (const table of tables.all()) await eraseSpans(database, table)
    await database.write('DROP TABLE erased_traces')
  })
  for (const [table, held] of touched) table.held = held
  return erased
}

/** Other services' records of a trace stay, without their spans. */
async function eraseSpans(database: Database, table: Table): Promise<void> {
  const erased = 'trace_id IN (SELECT trace_id FROM erased_traces)'
  const name = quoted(table.name)
  if (table.kind === 'spans') await database.write(`DELETE FROM ${name} WHERE ${erased}`)
  else if (holdsRecords(table)) await database.write(`UPDATE ${name} SET span = '' WHERE span <> '' AND ${erased}`)
}

async function eraseFrom(database: Database, table: Table, names: readonly string[], value: string): Promise<number> {
  const parameters: Parameters = { value }
  const plain = names.map((name) => `${quoted(name)} = $value`).join(' OR ')
  const odd = table.odd
    ? ` OR (odd AND (${names.map((name) => `json_extract_string(rest, '/${name}') = $value`).join(' OR ')}))`
    : ''
  const writer = await database.writer()
  const where = `coalesce(${plain}${odd}, FALSE)`
  const name = quoted(table.name)
  await database.rows(writer, `INSERT INTO erased_traces SELECT trace_id FROM ${name} WHERE ${where}`, parameters)
  const [row] = await database.rows(writer, `DELETE FROM ${name} WHERE ${where}`, parameters)
  return Number(row?.[0] ?? 0)
}

/** One transaction, which also notes the sequence: the rows that carry it may be the ones that go. */
async function atomically(
  database: Database,
  tables: Tables,
  sequence: number,
  work: () => Promise<void>,
): Promise<void> {
  const indexed = tables.all().map((table) => ({ table, indexedTo: table.indexedTo }))
  await database.write('BEGIN')
  try {
    await database.write(`UPDATE meta SET value = greatest(value, ${integer(sequence)}) WHERE name = 'sequence'`)
    await work()
    await database.write('COMMIT')
  } catch (error) {
    await database.write('ROLLBACK').catch(() => undefined)
    for (const { table, indexedTo } of indexed) table.indexedTo = indexedTo
    throw error
  }
}
