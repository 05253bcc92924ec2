import type { Facet, TimeRange } from '../store.ts'
import type { Database } from './database.ts'
import { attributeColumns, quoted } from './schema.ts'
import { Binder } from './binder.ts'
import { fromTables, inRange } from './source.ts'
import type { Tables } from './tables.ts'

/** Up to this many records every one is looked at; of more, a part of their blocks, and counts are scaled up. */
const MAX_LOOKED_AT = 50_000

const reservedFacets: readonly (readonly [string, Facet['type']])[] = [
  ['service', 'string'],
  ['env', 'string'],
  ['version', 'string'],
  ['status', 'string'],
  ['trace_id', 'string'],
  ['span_id', 'string'],
  ['resource_name', 'string'],
  ['operation_name', 'string'],
  ['type', 'string'],
  ['duration', 'number'],
  ['timestamp', 'number'],
]
const typeOfColumn = {
  VARCHAR: 'string',
  BIGINT: 'number',
  DOUBLE: 'number',
  BOOLEAN: 'boolean',
  'VARCHAR[]': 'list',
} as const

/** The fields that records of the range have, with the type most of their values have, most frequent first. */
export async function facets(database: Database, tables: Tables, range: TimeRange): Promise<readonly Facet[]> {
  const union = (columns: string, sample = ''): string | undefined =>
    fromTables(
      tables.overlapping(['events', 'requests'], range),
      new Binder(),
      (_, table) => `SELECT ${columns} FROM ${table} ${sample} WHERE ${inRange(range)}`,
    )
  const all = union('1')
  if (all === undefined) return []
  const [countRow] = await database.read(`SELECT count(*) FROM (${all})`)
  const total = Number(countRow?.[0])
  if (total === 0) return []
  const step = Math.ceil(total / MAX_LOOKED_AT)
  // What is not in the sample is not read; a row in n would have every block decompressed.
  const every = step === 1 ? '' : `TABLESAMPLE SYSTEM (${(100 / step).toFixed(4)} PERCENT) REPEATABLE (1)`
  const names = attributeColumns.map((column) => quoted(column.name))
  const typed = await database.read(
    `SELECT ${names.map((name) => `count(${name})`).join(', ')} FROM (${union(names.join(', '), every)})`,
  )
  const keys = await database.read(
    `SELECT name, count(*) FROM (SELECT unnest(json_keys(rest)) AS name FROM (${union('rest', every)})) GROUP BY name`,
  )
  const kinds = await database.read(
    `SELECT kinds, count(*) FROM (${union('kinds', every)}) WHERE kinds IS NOT NULL GROUP BY kinds`,
  )
  const counts = new Counts()
  attributeColumns.forEach((column, index) => {
    counts.add(column.name, typeOfColumn[column.type], Number(typed[0]?.[index] ?? 0))
  })
  for (const [name, count] of keys) counts.add(String(name), 'string', Number(count))
  for (const [text, count] of kinds) {
    const lists = JSON.parse(String(text)) as readonly (readonly string[])[]
    lists.forEach((list, kind) => {
      for (const name of list)
        counts.retype(name, (['number', 'boolean', 'list'] as const)[kind] ?? 'string', Number(count))
    })
  }
  return [
    ...reservedFacets.map(([facet, type]) => ({ facet, type, count: total })),
    ...counts.facets().map(({ facet, type, count }) => ({ facet, type, count: Math.min(total, count * step) })),
  ]
}

/** How often each attribute came with which type. */
class Counts {
  readonly #byName = new Map<string, Map<Facet['type'], number>>()

  add(name: string, type: Facet['type'], count: number): void {
    if (count === 0) return
    const types = this.#byName.get(name) ?? new Map<Facet['type'], number>()
    types.set(type, (types.get(type) ?? 0) + count)
    this.#byName.set(name, types)
  }

  /** Of those counted as strings, so many had another type. */
  retype(name: string, type: Facet['type'], count: number): void {
    this.add(name, 'string', -count)
    this.add(name, type, count)
  }

  facets(): readonly Facet[] {
    return [...this.#byName]
      .map(([name, types]) => {
        const [type = 'string'] = [...types].sort((one, other) => other[1] - one[1])[0] ?? []
        return { facet: `@${name}`, type, count: [...types.values()].reduce((sum, count) => sum + count, 0) }
      })
      .sort((one, other) => other.count - one.count || (one.facet < other.facet ? -1 : 1))
  }
}
