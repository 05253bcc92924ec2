import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DataItem } from '../../src/model/remote-config.ts'
import { type AddressTable, addressTable, emptyAddressTable, updateAddressTable } from '../../src/net/address-table.ts'
import { formatNetwork, networkContains, parseIp, parseNetwork } from '../../src/net/ip.ts'
import { PrefixSet } from '../../src/net/prefix-set.ts'

const now = 1000

/** The definition, without any index: the narrowest live network, duplicates with the later end. */
function reference(items: readonly DataItem[], address: string): string | undefined {
  const ip = parseIp(address)
  if (ip === undefined) return undefined
  const live = items
    .map(({ value, expiration = 0 }) => ({ network: parseNetwork(value)!, expiration }))
    .filter(({ network, expiration }) => networkContains(network, ip) && (expiration === 0 || expiration >= now))
  const narrowest = live.sort((a, b) => b.network.bits - a.network.bits)[0]
  return narrowest && formatNetwork(narrowest.network)
}

function finish(build: Generator<void, AddressTable>): AddressTable {
  for (;;) {
    const step = build.next()
    if (step.done === true) return step.value
  }
}

// Few leading values, so that networks nest, repeat and touch.
const octet = fc.constantFrom(0, 1, 10, 127, 128, 255)
const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const group = fc.constantFrom('0', '1', 'ffff', '2001', '8000')
const v6 = fc.oneof(
  fc.tuple(group, group, group, group, group, group, group, group).map((groups) => groups.join(':')),
  v4.map((text) => `::ffff:${text}`),
)
const network = fc.oneof(
  v4,
  v6,
  fc.tuple(v4, fc.nat(32)).map(([text, bits]) => `${text}/${bits}`),
  fc.tuple(v6, fc.nat(128)).map(([text, bits]) => `${text}/${bits}`),
)
const item = fc.record({ value: network, expiration: fc.constantFrom(0, now - 1, now, now + 1, 2 ** 31) })
const items = fc.array(item, { maxLength: 60 })
const probes = fc.array(fc.oneof(v4, v6), { minLength: 10, maxLength: 40 })

test('the table answers as the definition does', () => {
  fc.assert(
    fc.property(items, probes, (list, addresses) => {
      const table = addressTable(list)
      for (const address of addresses) {
        expect(table.find(address, now)?.value).toBe(reference(list, address))
        expect(table.has(address, now)).toBe(reference(list, address) !== undefined)
      }
    }),
    { numRuns: 800 },
  )
})

test('changes give the table that the resulting list gives', () => {
  fc.assert(
    fc.property(items, items, items, probes, (first, taken, put, addresses) => {
      const removed = [...taken, ...first.slice(0, 5)].map(({ value }) => value)
      const gone = new Set(removed.map((value) => formatNetwork(parseNetwork(value)!)))
      const rest = [...first.filter(({ value }) => !gone.has(formatNetwork(parseNetwork(value)!))), ...put]
      const base = addressTable(first)
      const table = finish(updateAddressTable(base, { removed, added: put }))
      expect(table.size).toBe(addressTable(rest).size)
      for (const address of addresses) {
        expect(table.find(address, now)).toEqual(addressTable(rest).find(address, now))
        expect(base.find(address, now)?.value).toBe(reference(first, address))
      }
    }),
    { numRuns: 200 },
  )
})

test('an ended narrow network does not hide a wide live one', () => {
  const table = addressTable([
    { value: '10.0.0.0/8', expiration: 2000 },
    { value: '10.1.0.0/16', expiration: 500 },
  ])
  expect(table.find('10.1.2.3', now)).toEqual({ value: '10.0.0.0/8', expiration: 2000 })
  expect(table.find('10.1.2.3', 400)).toEqual({ value: '10.1.0.0/16', expiration: 500 })
  expect(table.find('10.1.2.3', 2001)).toBeUndefined()
})

test('of a network given twice the later end counts, and no end is the latest', () => {
  expect(
    addressTable([
      { value: '1.2.3.4', expiration: 20 },
      { value: '1.2.3.4/32', expiration: 30 },
    ]).find('1.2.3.4', 0)?.expiration,
  ).toBe(30)
  expect(
    addressTable([{ value: '1.2.3.4' }, { value: '::ffff:1.2.3.4', expiration: 30 }]).find('1.2.3.4', 99)?.expiration,
  ).toBe(0)
})

test('removing and adding in one change shortens an entry', () => {
  const base = addressTable([{ value: '1.2.3.4', expiration: 90 }])
  const table = finish(
    updateAddressTable(base, { removed: ['1.2.3.4'], added: [{ value: '1.2.3.4', expiration: 50 }] }),
  )
  expect(table.find('1.2.3.4', 0)?.expiration).toBe(50)
})

test('an entry is live in the second in which it ends', () => {
  const table = addressTable([{ value: '1.2.3.4', expiration: 100 }])
  expect([99, 100, 101].map((second) => table.has('1.2.3.4', second))).toEqual([true, true, false])
})

test('bad items are told of and left out', () => {
  const bad: string[] = []
  const table = addressTable(
    [{ value: '1.2.3.4' }, { value: '1.2.3.999' }, { value: 'x' }, { value: '5.6.7.8', expiration: Number.NaN }],
    (text) => bad.push(text),
  )
  expect(bad).toEqual(['1.2.3.999', 'x', '5.6.7.8'])
  expect(table.size).toBe(1)
})

test('ends outside 32 bits keep their meaning', () => {
  const table = addressTable([
    { value: '1.1.1.1', expiration: -5 },
    { value: '2.2.2.2', expiration: 1e12 },
    { value: '3.3.3.3', expiration: 99.5 },
  ])
  expect(table.has('1.1.1.1', now)).toBe(false)
  expect(table.has('2.2.2.2', 4e9)).toBe(true)
  expect(table.has('3.3.3.3', 99)).toBe(true)
})

test('a v6 block that holds the v4-mapped range covers IPv4 addresses', () => {
  expect(addressTable([{ value: '::/0' }]).has('1.2.3.4', now)).toBe(true)
  expect(addressTable([{ value: '::/81' }]).has('1.2.3.4', now)).toBe(false)
  expect(addressTable([{ value: '0.0.0.0/0' }]).has('2001:db8::1', now)).toBe(false)
})

test('a large list is built in many slices, stays within its memory, and answers for every item', () => {
  const count = 100_000
  const address = (at: number) => `${(at * 7) % 223}.${(at >>> 16) & 255}.${(at >>> 8) & 255}.${at & 255}`
  const build = updateAddressTable(emptyAddressTable, {
    added: Array.from({ length: count }, (_, at) => ({ value: address(at) })),
  })
  let slices = 0
  let table = emptyAddressTable
  for (;;) {
    const step = build.next()
    if (step.done === true) {
      table = step.value
      break
    }
    slices++
  }
  expect(slices).toBeGreaterThan(100)
  expect(table.size).toBe(count)
  expect(table.bytes).toBeLessThan(20 * count)
  for (let at = 0; at < count; at += 97) expect(table.has(address(at), now)).toBe(true)
  expect(table.has('223.0.0.1', now)).toBe(false)
})

test('a prefix set takes addresses and blocks, and reports what is neither', () => {
  const bad: string[] = []
  const set = PrefixSet.from(['10.0.0.0/8', '2001:db8::1', 'localhost'], (text) => bad.push(text))
  expect(
    ['10.9.9.9', '::ffff:10.9.9.9', '2001:DB8:0::1', '11.0.0.0', 'localhost', ''].map((text) => set.has(text)),
  ).toEqual([true, true, true, false, false, false])
  expect(bad).toEqual(['localhost'])
})
