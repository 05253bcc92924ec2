import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PeerAndHeaders, clientIp, clientIpHeaders } from '../../src/net/client-ip.ts'
import { PrefixSet } from '../../src/net/prefix-set.ts'

interface Case {
  readonly says: string
  readonly headers?: PeerAndHeaders['headers']
  readonly socket: string | undefined
  readonly trusted?: readonly string[]
  readonly header?: string
  readonly ip: string | undefined
  readonly source: 'socket' | 'trusted' | 'claimed'
}

const proxy = '10.0.0.5'
const lan = ['10.0.0.0/8']
const xff = (value: string) => ({ 'x-forwarded-for': value })
const forwarded = (value: string) => ({ forwarded: value })

const cases: readonly Case[] = [
  // Nothing but the socket.
  { says: 'without headers the peer is the client', socket: '203.0.113.7', ip: '203.0.113.7', source: 'socket' },
  { says: 'a private peer without headers is the client', socket: proxy, ip: proxy, source: 'socket' },
  { says: 'a v4-mapped peer is an IPv4 address', socket: '::ffff:203.0.113.7', ip: '203.0.113.7', source: 'socket' },
  { says: 'an IPv6 peer is written canonically', socket: '2001:DB8:0:0::1', ip: '2001:db8::1', source: 'socket' },
  { says: 'the zone of a link-local peer is left out', socket: 'fe80::1%eth0', ip: 'fe80::1', source: 'socket' },
  { says: 'a unix socket without headers has no address', socket: undefined, ip: undefined, source: 'socket' },
  {
    says: 'a public peer is not believed',
    headers: xff('9.9.9.9'),
    socket: '203.0.113.7',
    ip: '203.0.113.7',
    source: 'socket',
  },
  {
    says: 'a public v6 peer is not believed',
    headers: xff('9.9.9.9'),
    socket: '2001:db8::7',
    ip: '2001:db8::7',
    source: 'socket',
  },
  {
    says: 'a public peer is not believed with a custom header either',
    headers: { 'x-edge': '9.9.9.9' },
    header: 'x-edge',
    socket: '203.0.113.7',
    ip: '203.0.113.7',
    source: 'socket',
  },
  {
    says: 'a peer that cannot be read is nobody',
    headers: xff('9.9.9.9'),
    socket: 'garbage',
    ip: undefined,
    source: 'socket',
  },

  // Claimed: which header, which item.
  {
    says: 'a private peer is believed',
    headers: xff('203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a loopback peer is believed',
    headers: xff('203.0.113.7'),
    socket: '127.0.0.1',
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a v6 loopback peer is believed',
    headers: xff('203.0.113.7'),
    socket: '::1',
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a v4-mapped private peer is believed',
    headers: xff('203.0.113.7'),
    socket: '::ffff:10.0.0.5',
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a peer behind carrier-grade NAT is believed',
    headers: xff('203.0.113.7'),
    socket: '100.64.0.9',
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a link-local peer with a zone is believed',
    headers: xff('203.0.113.7'),
    socket: 'fe80::1%en0',
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'the peer of a unix socket is believed',
    headers: xff('203.0.113.7'),
    socket: undefined,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'the left-most public address wins',
    headers: xff('203.0.113.7, 198.51.100.1'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'private addresses on the left are passed over',
    headers: xff('192.168.1.4, 203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a public address in a later header beats a private one in an earlier',
    headers: { 'x-forwarded-for': '10.1.1.1', 'x-real-ip': '203.0.113.7' },
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'with only private addresses the first one seen wins',
    headers: { 'x-forwarded-for': '10.1.1.1, 10.2.2.2', 'x-real-ip': '10.3.3.3' },
    socket: proxy,
    ip: '10.1.1.1',
    source: 'claimed',
  },
  {
    says: 'x-forwarded-for goes before x-real-ip',
    headers: { 'x-real-ip': '198.51.100.1', 'x-forwarded-for': '203.0.113.7' },
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'x-client-ip goes before forwarded',
    headers: { forwarded: 'for=198.51.100.1', 'x-client-ip': '203.0.113.7' },
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'forwarded goes before cf-connecting-ip',
    headers: { 'cf-connecting-ip': '198.51.100.1', forwarded: 'for=203.0.113.7' },
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'unknown headers are not read',
    headers: { 'x-my-ip': '203.0.113.7' },
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'what is no address is passed over',
    headers: xff('unknown, , 1.2.3, 203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'without any usable item the peer is the client',
    headers: xff('unknown, _hidden'),
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  { says: 'an empty header is no header', headers: xff(''), socket: proxy, ip: proxy, source: 'socket' },
  {
    says: 'a header given several times is one list',
    headers: { 'x-forwarded-for': ['10.1.1.1', '203.0.113.7'] },
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  { says: 'leading zeros make no address', headers: xff('203.0.113.07'), socket: proxy, ip: proxy, source: 'socket' },
  { says: 'a decimal address is none', headers: xff('3405803783'), socket: proxy, ip: proxy, source: 'socket' },

  // Forms of one item.
  {
    says: 'a port after an IPv4 address is not part of it',
    headers: { 'x-real-ip': '203.0.113.7:4711' },
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  { says: 'quotes are taken off', headers: xff('"203.0.113.7"'), socket: proxy, ip: '203.0.113.7', source: 'claimed' },
  {
    says: 'brackets are taken off',
    headers: xff('[2001:db8::7]'),
    socket: proxy,
    ip: '2001:db8::7',
    source: 'claimed',
  },
  {
    says: 'brackets and a port are taken off',
    headers: xff('[2001:db8::7]:4711'),
    socket: proxy,
    ip: '2001:db8::7',
    source: 'claimed',
  },
  { says: 'bare IPv6 is read whole', headers: xff('2001:db8::7'), socket: proxy, ip: '2001:db8::7', source: 'claimed' },
  {
    says: 'bare IPv6 with an embedded IPv4 is read whole',
    headers: xff('64:ff9b::203.0.113.7'),
    socket: proxy,
    ip: '64:ff9b::cb00:7107',
    source: 'claimed',
  },
  {
    says: 'v4-mapped text is IPv4',
    headers: xff('::ffff:203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'v4-mapped private text is private',
    headers: xff('::ffff:10.9.9.9, 203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'an unclosed bracket is no address',
    headers: xff('[2001:db8::7'),
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'text after a bracket is no address',
    headers: xff('[2001:db8::7]x'),
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'unique local addresses are private',
    headers: xff('fd00::1, 2001:db8::7'),
    socket: proxy,
    ip: '2001:db8::7',
    source: 'claimed',
  },

  // Forwarded (RFC 7239).
  {
    says: 'forwarded: the for parameter is read',
    headers: forwarded('for=203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'forwarded: names are case-insensitive',
    headers: forwarded('For=203.0.113.7;Proto=https'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'forwarded: other parameters may come first',
    headers: forwarded('proto=http; by=198.51.100.9; for=203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'forwarded: by is not the client',
    headers: forwarded('by=203.0.113.7'),
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'forwarded: quoted IPv6 with a port',
    headers: forwarded('for="[2001:db8:cafe::17]:4711"'),
    socket: proxy,
    ip: '2001:db8:cafe::17',
    source: 'claimed',
  },
  {
    says: 'forwarded: obfuscated names are passed over',
    headers: forwarded('for=_gazonk, for=unknown, for=203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'forwarded: an address alone is taken, as the reference takes it',
    headers: forwarded('203.0.113.7'),
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },

  // A custom header.
  {
    says: 'only the custom header is read',
    headers: { 'x-edge': '203.0.113.7', 'x-forwarded-for': '9.9.9.9' },
    header: 'x-edge',
    socket: proxy,
    ip: '203.0.113.7',
    source: 'claimed',
  },
  {
    says: 'a private address in the custom header is taken',
    headers: { 'x-edge': '10.1.1.1' },
    header: 'x-edge',
    socket: proxy,
    ip: '10.1.1.1',
    source: 'claimed',
  },
  {
    says: 'a custom header with nothing usable falls back to the peer',
    headers: { 'x-edge': 'nobody', 'x-forwarded-for': '9.9.9.9' },
    header: 'x-edge',
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'a missing custom header falls back to the peer',
    headers: xff('9.9.9.9'),
    header: 'x-edge',
    socket: proxy,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'a custom header from a trusted peer is trusted',
    headers: { 'x-edge': '203.0.113.7' },
    header: 'x-edge',
    socket: '198.51.100.2',
    trusted: ['198.51.100.0/24'],
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'a custom header from an untrusted peer is not read',
    headers: { 'x-edge': '9.9.9.9' },
    header: 'x-edge',
    socket: proxy,
    trusted: ['198.51.100.0/24'],
    ip: proxy,
    source: 'socket',
  },

  // Trusted proxies.
  {
    says: 'a client cannot choose its own address behind a trusted proxy',
    headers: xff('9.9.9.9, 203.0.113.7'),
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'trusted hops are walked over',
    headers: xff('9.9.9.9, 203.0.113.7, 10.1.1.1, 10.2.2.2'),
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'a private peer that is not listed is not believed',
    headers: xff('9.9.9.9'),
    socket: '192.168.0.9',
    trusted: lan,
    ip: '192.168.0.9',
    source: 'socket',
  },
  {
    says: 'a public peer that is listed is believed',
    headers: xff('9.9.9.9, 203.0.113.7'),
    socket: '198.51.100.2',
    trusted: ['198.51.100.2'],
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'a private client outside the set is the client',
    headers: xff('9.9.9.9, 192.168.7.7'),
    socket: proxy,
    trusted: lan,
    ip: '192.168.7.7',
    source: 'trusted',
  },
  {
    says: 'when every hop is trusted the furthest is the client',
    headers: xff('10.3.3.3, 10.1.1.1'),
    socket: proxy,
    trusted: lan,
    ip: '10.3.3.3',
    source: 'trusted',
  },
  {
    says: 'a hop that names nobody ends the walk',
    headers: xff('9.9.9.9, unknown, 10.1.1.1'),
    socket: proxy,
    trusted: lan,
    ip: '10.1.1.1',
    source: 'trusted',
  },
  {
    says: 'a chain whose nearest hop names nobody gives the peer',
    headers: { 'x-forwarded-for': '9.9.9.9, unknown', forwarded: 'for=8.8.8.8' },
    socket: proxy,
    trusted: lan,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'empty items do not end the walk',
    headers: xff('203.0.113.7, , 10.1.1.1,'),
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'forwarded is walked when there is no x-forwarded-for',
    headers: forwarded('for=9.9.9.9, for=203.0.113.7, for=10.1.1.1'),
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'a quote opened by the client does not swallow what a proxy appended',
    headers: forwarded('for="9.9.9.9, for=203.0.113.7'),
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'x-forwarded-for is the chain when both are there',
    headers: { forwarded: 'for=9.9.9.9', 'x-forwarded-for': '203.0.113.7' },
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'the custom header chooses forwarded instead',
    headers: { forwarded: 'for=203.0.113.7', 'x-forwarded-for': '9.9.9.9' },
    header: 'forwarded',
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'single-address headers are not read through trusted proxies',
    headers: { 'x-real-ip': '9.9.9.9' },
    socket: proxy,
    trusted: lan,
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'ports and brackets are taken off in a chain',
    headers: xff('9.9.9.9, [2001:db8::7]:4711, 10.1.1.1:80'),
    socket: proxy,
    trusted: lan,
    ip: '2001:db8::7',
    source: 'trusted',
  },
  {
    says: 'a v4-mapped hop is in an IPv4 block',
    headers: xff('203.0.113.7, ::ffff:10.1.1.1'),
    socket: '::ffff:10.0.0.5',
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
  {
    says: 'with an empty set nobody is believed',
    headers: xff('9.9.9.9'),
    socket: proxy,
    trusted: [],
    ip: proxy,
    source: 'socket',
  },
  {
    says: 'several header lines are one chain',
    headers: { 'x-forwarded-for': ['9.9.9.9', '203.0.113.7, 10.1.1.1'] },
    socket: proxy,
    trusted: lan,
    ip: '203.0.113.7',
    source: 'trusted',
  },
]

test.each(cases)('$says', ({ headers = {}, socket, trusted, header, ip, source }) => {
  const found = clientIp({ headers, socket }, { header, trusted: trusted && PrefixSet.from(trusted) })
  expect({ ip: found.ip, source: found.source }).toEqual({ ip, source })
})

test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(70))

test.each(clientIpHeaders)('%s is read, and named', (header) => {
  const value = header === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7'
  expect(clientIp({ headers: { [header]: value }, socket: proxy })).toEqual({
    ip: '203.0.113.7',
    source: 'claimed',
    header,
  })
})

test('whatever a client writes left of what the trusted proxy saw, it stays the client', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('x-forwarded-for', 'forwarded'), (spoofed, header) => {
      const seen = header === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7'
      const found = clientIp(
        { headers: { [header]: `${spoofed}, ${seen}` }, socket: proxy },
        { trusted: PrefixSet.from(lan) },
      )
      expect(found).toEqual({ ip: '203.0.113.7', source: 'trusted', header })
    }),
  )
})

test('a very long header costs a bounded walk', () => {
  const found = clientIp({ headers: xff('x,'.repeat(500_000) + '203.0.113.7'), socket: proxy })
  expect(found).toEqual({ ip: proxy, source: 'socket' })
})
