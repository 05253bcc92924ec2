import { fail } from '../../model/error.ts'
import type { DataItem } from '../../model/remote-config.ts'
import { emptyAddressTable, updateAddressTable } from '../../net/address-table.ts'
import { asArray, asString } from '../cast.ts'
import type { Json } from '../cast.ts'
import { emptyContents } from '../data-registry.ts'
import type { DataContents } from '../data-registry.ts'

/** Strings read between two pauses. */
const SLICE = 4096
/** Bad items named in the diagnostics; the others are counted. */
const MAX_NAMED = 20

/** Reads one item of `rules_data` or `exclusion_data`, in slices. Source: spec/waf-rules.md 2.6. */
export function* parseData(item: Json, path: string, warn: (message: string) => void): Generator<void, DataContents> {
  const type = asString(item['type'], `${path}.type`)
  const data = asArray(item['data'], `${path}.data`)
  const bad = new BadItems(`${path}.data`, warn)
  let contents: DataContents
  if (type === 'ip_with_expiration') {
    const added = readItems(data, bad)
    const onBadItem = (value: string): void => bad.note(`"${value.slice(0, 64)}" is not an address or CIDR block`)
    contents = { ...emptyContents, addresses: yield* updateAddressTable(emptyAddressTable, { added, onBadItem }) }
  } else if (type === 'data_with_expiration') {
    contents = { ...emptyContents, strings: yield* readStrings(readItems(data, bad)) }
  } else {
    throw fail('RULESET_INVALID', `${path}.type`, `"${type}" is not ip_with_expiration or data_with_expiration`)
  }
  bad.finish()
  return contents
}

/** The strings with the longest of their ends. */
export function* readStrings(items: Iterable<DataItem>): Generator<void, Map<string, number>> {
  const strings = new Map<string, number>()
  let count = 0
  for (const { value, expiration = 0 } of items) {
    strings.set(value, laterEnd(strings.get(value), expiration))
    count += 1
    if (count % SLICE === 0) yield
  }
  return strings
}

/** The later of two ends; 0 never ends. */
function laterEnd(known: number | undefined, end: number): number {
  if (known === undefined) return end
  return known === 0 || end === 0 ? 0 : Math.max(known, end)
}

function* readItems(data: readonly unknown[], bad: BadItems): Generator<DataItem> {
  for (const [index, item] of data.entries()) {
    if (typeof item !== 'object' || item === null) {
      bad.note(`item ${index} is not an object with a value`)
      continue
    }
    const { value, expiration } = item as Json
    const end = endOf(expiration)
    if (!isScalar(value) || !(end >= 0)) bad.note(`item ${index} has no usable value or expiration`)
    else yield { value: String(value), expiration: end }
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** The end of an item, 0 when it says none; NaN when it is no number. */
function endOf(expiration: unknown): number {
  if (expiration === undefined || expiration === null) return 0
  if (typeof expiration === 'string') return /^\d+$/.test(expiration) ? Number(expiration) : Number.NaN
  return typeof expiration === 'number' ? expiration : Number.NaN
}

class BadItems {
  readonly #path: string
  readonly #warn: (message: string) => void
  #count = 0

  constructor(path: string, warn: (message: string) => void) {
    this.#path = path
    this.#warn = warn
  }

  note(what: string): void {
    this.#count += 1
    if (this.#count <= MAX_NAMED) this.#warn(`${this.#path}: ${what}; it is left out`)
  }

  finish(): void {
    if (this.#count > MAX_NAMED) this.#warn(`${this.#path}: ${this.#count - MAX_NAMED} more items are left out`)
  }
}
