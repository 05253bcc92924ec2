import { addressTable } from './address-table.ts'

/** A fixed set of addresses and CIDR blocks, such as the `list` of a rule or `TRUSTED_PROXIES`. */
export interface PrefixSet {
  readonly size: number
  /** Whether the text is an address inside the set. Text that is no address is not. */
  has(address: string): boolean
  /** The same for an address already parsed (four words). */
  hasIp(ip: Uint32Array): boolean
}

export const PrefixSet = {
  /** The set of these items; `onBadItem` is told of each that is neither an address nor a CIDR block, and it is left out. */
  from(list: Iterable<string>, onBadItem: (item: string) => void = () => {}): PrefixSet {
    const table = addressTable(
      Array.from(list, (value) => ({ value })),
      onBadItem,
    )
    return {
      size: table.size,
      has: (address) => table.has(address, 0),
      hasIp: (ip) => table.hasIp(ip, 0),
    }
  },
} as const
