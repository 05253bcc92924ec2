import type { Attributes } from './events.ts'
import { Recent } from './recent.ts'
import type { ThreatIntelList } from './threat-intel.ts'

const maxCached = 50_000

/** What is known of an address, as attributes. */
export interface AddressReader {
  read(ip: string): Attributes
  /** Replaces the threat-intel lists; what was looked up before is forgotten. */
  setThreatIntel(lists: readonly ThreatIntelList[]): void
}

/** Remembers what `network` says of the addresses last seen, with what the threat-intel lists say. */
export function createAddressReader(network: (ip: string) => Attributes): AddressReader {
  let lists: readonly ThreatIntelList[] = []
  let cache = new Recent<string, Attributes>(maxCached)
  return {
    read: (ip) => cache.get(ip, () => ({ ...network(ip), ...threats(lists, ip) })),
    setThreatIntel(next) {
      lists = next
      cache = new Recent(maxCached)
    },
  }
}

/** `@threat_intel.results.*`: what each list says of the narrowest network that covers the address. */
function threats(lists: readonly ThreatIntelList[], ip: string): Attributes {
  const found = lists.flatMap((list) => list.find(ip) ?? [])
  if (found.length === 0) return {}
  const distinct = (values: readonly string[]): readonly string[] => [
    ...new Set(values.filter((value) => value !== '')),
  ]
  return {
    'appsec.threat_intel': true,
    'threat_intel.results.category': distinct(found.map(({ category }) => category)),
    'threat_intel.results.intention': distinct(found.map(({ intention }) => intention)),
    'threat_intel.results.source.name': distinct(found.map(({ source }) => source)),
  }
}
