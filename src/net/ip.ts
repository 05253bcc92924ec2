import { type IpNetwork, networkContains, parseNetwork, readIp } from '../model/ip-address.ts'

export {
  type IpNetwork,
  formatIp,
  formatNetwork,
  isMapped,
  networkContains,
  parseIp,
  parseNetwork,
  readIp,
  readNetwork,
} from '../model/ip-address.ts'

/** Networks that are not reachable from the internet: loopback, private use, link-local, carrier-grade NAT (spec/tracer.md 2.5). */
export const privateNetworks: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1',
  'fec0::/10',
  'fe80::/10',
  'fc00::/7',
]

const privateRanges = privateNetworks.map((text) => parseNetwork(text) as IpNetwork)
const scratch = new Uint32Array(4)

/** Whether the text is an address of a private network. Text that is no address is not. */
export function isPrivate(text: string): boolean {
  return readIp(text, scratch) && isPrivateIp(scratch)
}

/** The same for an address already parsed. */
export function isPrivateIp(ip: Uint32Array): boolean {
  return privateRanges.some((network) => networkContains(network, ip))
}
