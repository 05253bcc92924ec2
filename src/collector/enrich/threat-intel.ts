import { addressTable } from '../../net/address-table.ts'
import type { AddressTable } from '../../net/address-table.ts'

/** What a threat-intel list says of an address or network (`ip_address,additional_data,category,intention,source`). */
export interface ThreatIntelEntry {
  readonly network: string
  readonly category: string
  readonly intention: string
  readonly source: string
}

export type ThreatIntel = Omit<ThreatIntelEntry, 'network'>

/** A list in memory, up to a million networks: the narrowest network that covers an address answers. */
export interface ThreatIntelList {
  readonly name: string
  readonly size: number
  find(address: string): ThreatIntel | undefined
}

/**
 * Loads a list; `onBadItem` is told of items that are neither an address nor a CIDR block. Lists say few different
 * things of many networks, so these are kept once: the table's number beside each network is the position of its own.
 */
export function threatIntelList(
  name: string,
  entries: Iterable<ThreatIntelEntry>,
  onBadItem: (item: string) => void = () => undefined,
): ThreatIntelList {
  const positions = new Map<string, number>()
  const known: ThreatIntel[] = []
  function* items(): Generator<{ value: string; expiration: number }> {
    for (const { network, category, intention, source } of entries) {
      const key = JSON.stringify([category, intention, source])
      let position = positions.get(key)
      if (position === undefined) {
        position = known.push({ category, intention, source })
        positions.set(key, position)
      }
      yield { value: network, expiration: position }
    }
  }
  const table: AddressTable = addressTable(items(), onBadItem)
  return {
    name,
    size: table.size,
    find(address) {
      const found = table.find(address, 0)
      return found === undefined ? undefined : known[found.expiration - 1]
    },
  }
}
