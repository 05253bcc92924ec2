import { isIP } from 'node:net'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIp, formatNetwork, isPrivate, networkContains, parseIp, parseNetwork } from '../../src/net/ip.ts'

const almostAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((v4) => `::ffff:${v4}`),
  fc
    .tuple(fc.ipV6(), fc.nat(45), fc.constantFrom(':', '::', '.', '0', 'f', 'g', '1.2.3.4', ''))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
  fc
    .tuple(fc.ipV4(), fc.nat(15), fc.constantFrom('.', '0', '9', 'x', ' ', ''))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
  fc
    .array(fc.constantFrom('0', '1', 'ffff', 'a', ':', '::', '.', '255', '1.2.3.4'), { maxLength: 18 })
    .map((parts) => parts.join('')),
)

test('what is an address is decided as Node decides it', () => {
  fc.assert(
    fc.property(almostAddress, (text) => {
      expect(parseIp(text) !== undefined).toBe(isIP(text) !== 0)
    }),
    { numRuns: 5000 },
  )
})

test('the canonical text is that of a URL, and reads back to the same address', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const ip = parseIp(text)!
      expect(parseIp(formatIp(ip))).toEqual(ip)
      if (!formatIp(ip).includes('.')) expect(`[${formatIp(ip)}]`).toBe(new URL(`http://[${text}]/`).hostname)
    }),
    { numRuns: 1000 },
  )
})

test('an IPv4 address equals its v4-mapped form', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(parseIp(`::ffff:${text}`)).toEqual(parseIp(text))
      expect(formatIp(parseIp(`::FFFF:${text}`)!)).toBe(text)
    }),
  )
})

const refused = [
  '', ' ', '1.2.3', '1.2.3.4.5', '1.2.3.4 ', ' 1.2.3.4', '01.2.3.4', '1.2.3.04', '1.2.3.256', '1..3.4', '0x1.2.3.4', '16909060', '1.2.3.4:80',
  '[::1]', 'fe80::1%eth0', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::12345', '::g', ':1', '1:', '::1.2.3', '::1.2.3.4:5', '1:2:3:4:5:6:7:1.2.3.4', '１.2.3.4',
] // prettier-ignore
test.each(refused)('%j is not an address', (text) => expect(parseIp(text)).toBeUndefined())

const networks: readonly (readonly [text: string, canonical: string | undefined])[] = [
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3'],
  ['10.1.2.3/32', '10.1.2.3'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
  ['::ffff:10.1.2.3/95', '::fffe:0:0/95'],
  ['2001:DB8::1/32', '2001:db8::/32'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['::/0', '::/0'],
  ['10.0.0.0/33', undefined],
  ['::/129', undefined],
  ['10.0.0.0/', undefined],
  ['10.0.0.0/+8', undefined],
  ['10.0.0.0/08', undefined],
  ['10.0.0.0/8x', undefined],
  ['10.0.0.0/8/8', undefined],
  ['/8', undefined],
  ['10.0.0/8', undefined],
]
test.each(networks)('the network %j is %j', (text, canonical) => {
  const network = parseNetwork(text)
  expect(network && formatNetwork(network)).toBe(canonical)
})

test('a network contains exactly the addresses that share its leading bits', () => {
  const bitsOf = (ip: Uint32Array) => Array.from(ip, (word) => word.toString(2).padStart(32, '0')).join('')
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), fc.nat(128), fc.nat(128), (a, b, shared, length) => {
      const network = parseNetwork(`${a}/${length}`)!
      const near = BigInt(`0b${bitsOf(parseIp(a)!).slice(0, shared)}${bitsOf(parseIp(b)!).slice(shared)}`)
      const ip = Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((near >> shift) & 0xffffffffn))
      expect(networkContains(network, ip)).toBe(
        bitsOf(network.words).slice(0, network.bits) === bitsOf(ip).slice(0, network.bits),
      )
    }),
    { numRuns: 1000 },
  )
})

const isPrivateCases: readonly (readonly [string, boolean])[] = [
  ['127.0.0.1', true],
  ['127.255.255.255', true],
  ['10.0.0.0', true],
  ['11.0.0.0', false],
  ['172.15.255.255', false],
  ['172.16.0.0', true],
  ['172.31.255.255', true],
  ['172.32.0.0', false],
  ['192.168.1.1', true],
  ['192.169.0.1', false],
  ['169.254.169.254', true],
  ['100.63.255.255', false],
  ['100.64.0.0', true],
  ['100.127.255.255', true],
  ['100.128.0.0', false],
  ['::ffff:10.0.0.1', true],
  ['::1', true],
  ['::2', false],
  ['fe80::1', true],
  ['fec0::1', true],
  ['fc00::1', true],
  ['fdff::1', true],
  ['2001:db8::1', false],
  ['8.8.8.8', false],
  ['not an address', false],
]
test.each(isPrivateCases)('%s is private: %s', (text, expected) => expect(isPrivate(text)).toBe(expected))

test('every case ran', () => {
  expect(refused.length).toBe(28)
  expect(networks.length).toBe(19)
  expect(isPrivateCases.length).toBe(25)
})
