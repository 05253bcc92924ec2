import { emptyAddressTable } from '../net/address-table.ts'
import type { AddressTable } from '../net/address-table.ts'
import type { DataSet } from './data-set.ts'

/** What one configuration says of one list. */
export interface DataContents {
  readonly addresses: AddressTable
  /** Ends in unix seconds by string; 0: never. */
  readonly strings: ReadonlyMap<string, number>
}

export const emptyContents: DataContents = { addresses: emptyAddressTable, strings: new Map() }

/**
 * The live lists of a ruleset by id, each the union of what the configurations say. A list can be asked for before
 * any configuration has it; it is then empty.
 */
export class DataRegistry {
  readonly #lists = new Map<string, MergedList>()
  readonly #elsewhere: ReadonlyMap<string, DataSet> | undefined

  /** `elsewhere`: lists, or parts of them, that are kept outside; they hold beside what configurations say. */
  constructor(elsewhere?: ReadonlyMap<string, DataSet>) {
    this.#elsewhere = elsewhere
  }

  /** The list with this id; the same object for ever, whatever it holds. */
  get(id: string): DataSet {
    return this.#list(id)
  }

  /** Replaces all contents at once: for each id, what each configuration says. */
  replace(contents: ReadonlyMap<string, readonly DataContents[]>): void {
    for (const [id, list] of this.#lists) list.parts = contents.get(id) ?? []
    for (const [id, parts] of contents) this.#list(id).parts = parts
  }

  #list(id: string): MergedList {
    let list = this.#lists.get(id)
    if (list === undefined) this.#lists.set(id, (list = new MergedList(id, this.#elsewhere?.get(id))))
    return list
  }
}

class MergedList implements DataSet {
  readonly id: string
  parts: readonly DataContents[] = []
  readonly #elsewhere: DataSet | undefined

  constructor(id: string, elsewhere: DataSet | undefined) {
    this.id = id
    this.#elsewhere = elsewhere
  }

  get isGiven(): boolean {
    return this.parts.length > 0 || this.#elsewhere?.isGiven === true
  }

  hasString(value: string, nowSeconds: number): boolean {
    for (const { strings } of this.parts) {
      const end = strings.get(value)
      if (end !== undefined && (end === 0 || end >= nowSeconds)) return true
    }
    return this.#elsewhere?.hasString(value, nowSeconds) === true
  }

  hasAddress(value: string, nowSeconds: number): boolean {
    for (const { addresses } of this.parts) if (addresses.has(value, nowSeconds)) return true
    return this.#elsewhere?.hasAddress(value, nowSeconds) === true
  }
}
