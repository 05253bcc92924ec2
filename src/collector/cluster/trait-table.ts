import type { Observation, Sums } from './observations.ts'
import { addSums, noSums, sumsOf } from './observations.ts'
import type { Trait } from './trait.ts'
import { headersOf, traitKey, traitsOf } from './trait.ts'

/** Headers whose absence is looked at: those most clients send come first. */
const MAX_HEADERS = 120

/** The observations as rows, and which traits each has, by number. */
export interface TraitTable {
  readonly traits: readonly Trait[]
  readonly sums: readonly Sums[]
  /** Numbers of the traits of each row. */
  readonly traitsOfRow: readonly (readonly number[])[]
}

export function buildTraitTable(observations: readonly Observation[]): TraitTable {
  const headers = commonHeaders(observations)
  const numbers = new Map<string, number>()
  const traits: Trait[] = []
  const traitsOfRow = observations.map(({ client }) =>
    traitsOf(client, headers).map((trait) => {
      const key = traitKey(trait)
      let number = numbers.get(key)
      if (number === undefined) {
        number = traits.push(trait) - 1
        numbers.set(key, number)
      }
      return number
    }),
  )
  return { traits, sums: observations.map(sumsOf), traitsOfRow }
}

function commonHeaders(observations: readonly Observation[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { client, attack, baseline } of observations) {
    const weight = attack.failures + attack.successes + baseline.successes + baseline.usualFailures
    for (const header of headersOf(client)) counts.set(header, (counts.get(header) ?? 0) + weight)
  }
  return [...counts]
    .sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
    .slice(0, MAX_HEADERS)
    .map(([header]) => header)
}

/** Rows that agree in all of some traits, as one: what a search over these traits needs to look at. */
export interface Projection {
  readonly sums: readonly Sums[]
  /** Which rows have the trait: 1 or 0 a row. Traits that the same rows have stand under one number, as alternatives. */
  readonly columns: readonly { readonly alternatives: readonly number[]; readonly has: Uint8Array }[]
}

export function project(table: TraitTable, sums: readonly Sums[], chosen: readonly number[]): Projection {
  const position = new Map(chosen.map((trait, index) => [trait, index]))
  const rows = new Map<string, { readonly traits: readonly number[]; readonly sums: Sums }>()
  table.traitsOfRow.forEach((traits, index) => {
    const kept: number[] = []
    for (const trait of traits) {
      const at = position.get(trait)
      if (at !== undefined) kept.push(at)
    }
    const key = kept.sort((a, b) => a - b).join()
    const row = rows.get(key) ?? { traits: kept, sums: noSums() }
    rows.set(key, row)
    addSums(row.sums, sums[index] ?? noSums())
  })
  const merged = [...rows.values()]
  const has = chosen.map(() => new Uint8Array(merged.length))
  merged.forEach(({ traits }, row) => traits.forEach((at) => has[at]?.fill(1, row, row + 1)))
  const columns = new Map<string, { alternatives: number[]; has: Uint8Array }>()
  has.forEach((column, at) => {
    const key = Buffer.from(column).toString('latin1')
    const same = columns.get(key) ?? { alternatives: [], has: column }
    columns.set(key, same)
    same.alternatives.push(chosen[at] ?? 0)
  })
  return { sums: merged.map((row) => row.sums), columns: [...columns.values()] }
}
