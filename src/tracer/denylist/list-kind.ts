import type { DataItem } from '../../model/remote-config.ts'
import {
  emptyAddressTable,
  mergeAddressTables,
  updateAddressTable,
  type AddressTable,
} from '../../net/address-table.ts'

/** An entry that matched: its text in the list, and its end in unix seconds (0: never). */
export interface ListEntry {
  readonly entry: string
  readonly expirationSeconds: number
}

/** How the items of a list are held, merged over configurations, and looked up. Generators work in small slices. */
export interface ListKind<T> {
  readonly empty: T
  size(list: T): number
  compile(items: Iterable<DataItem>, onBad: (item: string) => void): Generator<void, T>
  /** One list of all; an item that is in several lasts as long as the longest. */
  merge(lists: readonly T[]): Generator<void, T>
  find(list: T, value: string, nowSeconds: number): ListEntry | undefined
}

/** Addresses and networks. */
export const addresses: ListKind<AddressTable> = {
  empty: emptyAddressTable,
  size: ({ size }) => size,
  compile: (added, onBadItem) => updateAddressTable(emptyAddressTable, { added, onBadItem }),
  merge: mergeAddressTables,
  find(table, value, nowSeconds) {
    const found = table.find(value, nowSeconds)
    return found && { entry: found.value, expirationSeconds: found.expiration }
  },
}

/** Texts that are equal or not, with their ends. */
export type TextTable = ReadonlyMap<string, number>

/** Items between two pauses: about a millisecond. */
const SLICE = 4096

export const texts: ListKind<TextTable> = {
  empty: new Map(),
  size: (table) => table.size,
  *compile(items) {
    const table = new Map<string, number>()
    let seen = 0
    for (const { value, expiration = 0 } of items) {
      keepLonger(table, value, expiration)
      if (++seen % SLICE === 0) yield
    }
    return table
  },
  *merge(lists) {
    const full = lists.filter(({ size }) => size > 0)
    if (full.length <= 1) return full[0] ?? new Map<string, number>()
    const table = new Map<string, number>()
    let seen = 0
    for (const list of full) {
      for (const [value, expiration] of list) {
        keepLonger(table, value, expiration)
        if (++seen % SLICE === 0) yield
      }
    }
    return table
  },
  find(table, value, nowSeconds) {
    const expirationSeconds = table.get(value)
    const live = expirationSeconds === 0 || (expirationSeconds !== undefined && expirationSeconds >= nowSeconds)
    return live ? { entry: value, expirationSeconds } : undefined
  },
}

function keepLonger(table: Map<string, number>, value: string, expiration: number): void {
  const before = table.get(value)
  if (before === 0) return
  if (before === undefined || expiration === 0 || expiration > before) table.set(value, expiration)
}
