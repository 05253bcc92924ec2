import { readFileSync } from 'node:fs'
import { Reader, type AsnResponse, type CountryResponse } from 'mmdb-lib'
import { errors } from '../../model/error.ts'
import { formatIp, isMapped, parseIp } from '../../net/ip.ts'
import type { Attributes } from './events.ts'

export interface NetworkDatabases {
  /** Paths of MMDB files; empty: none. */
  readonly asn: string
  readonly country: string
  readonly onWarning: (message: string) => void
}

/** `@network.client.*` of an address: itself, its /24 or /48, and what the databases know. */
export function createNetworkReader({ asn, country, onWarning }: NetworkDatabases): (ip: string) => Attributes {
  const asnReader = open<AsnResponse>('ASN_DATABASE', asn, onWarning)
  const countryReader = open<CountryResponse>('COUNTRY_DATABASE', country, onWarning)
  return (text) => {
    const words = parseIp(text)
    if (words === undefined) return {}
    // IPv4 inside of IPv6 is looked up, and named, as what it is.
    const ip = formatIp(words)
    const network = asnReader?.get(ip)
    const place = countryReader?.get(ip)
    // The whois databases of @ip-location-db give the code flat; MaxMind's give a structure.
    const code = place?.country?.iso_code ?? (place as { country_code?: string } | null | undefined)?.country_code
    return {
      'network.client.ip': ip,
      'network.client.range': rangeOf(words),
      ...(network ? { 'network.client.asn': network.autonomous_system_number } : {}),
      ...(network ? { 'network.client.as_name': network.autonomous_system_organization } : {}),
      ...(code ? { 'network.client.country': code } : {}),
    }
  }
}

function open<T extends AsnResponse | CountryResponse>(
  setting: string,
  file: string,
  onWarning: (message: string) => void,
): Reader<T> | undefined {
  if (file === '') return undefined
  try {
    return new Reader<T>(readFileSync(file))
  } catch (error) {
    onWarning(errors.CONFIG_INVALID(setting, file, `a readable MMDB file: ${(error as Error).message}`, 'none'))
    return undefined
  }
}

/** The neighbourhood that usually belongs to one holder: /24 of IPv4, /48 of IPv6. */
function rangeOf(words: Uint32Array): string {
  const [first = 0, second = 0, third = 0, fourth = 0] = words
  return isMapped(words)
    ? `${formatIp(Uint32Array.of(first, second, third, fourth & 0xffffff00))}/24`
    : `${formatIp(Uint32Array.of(first, second & 0xffff0000, 0, 0))}/48`
}
