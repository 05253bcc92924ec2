import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../src/model/clock.ts'
import { createDenylistCompiler, type DenylistCompiler } from '../../../src/tracer/denylist/denylist-compiler.ts'
import { systemClock } from '../../support/system-clock.ts'

interface Item {
  readonly value: string
  readonly expiration?: number
}
interface Content {
  readonly blocked_ips?: readonly Item[]
  readonly blocked_users?: readonly Item[]
  readonly passlisted_ips?: readonly Item[]
  readonly passlisted_users?: readonly Item[]
}

function content({ blocked_ips, blocked_users, passlisted_ips, passlisted_users }: Content): unknown {
  const ip = 'ip_with_expiration'
  const text = 'data_with_expiration'
  return {
    rules_data: [
      ...(blocked_ips ? [{ id: 'blocked_ips', type: ip, data: blocked_ips }] : []),
      { id: 'blocked_logins', type: text, data: [{ value: 'of the rule engine' }] },
      ...(blocked_users ? [{ id: 'blocked_users', type: text, data: blocked_users }] : []),
    ],
    exclusion_data: [
      ...(passlisted_ips ? [{ id: 'passlisted_ips', type: ip, data: passlisted_ips }] : []),
      ...(passlisted_users ? [{ id: 'passlisted_users', type: text, data: passlisted_users }] : []),
    ],
  }
}

function compilerOf(): { compiler: DenylistCompiler; bad: string[] } {
  const bad: string[] = []
  return {
    compiler: createDenylistCompiler({ clock: systemClock, onBadItem: (list, item) => bad.push(`${list} ${item}`) }),
    bad,
  }
}

const now = 1_700_000_000

test('addresses, networks and users are found, with what matched and until when', async () => {
  const { compiler } = compilerOf()
  await compiler.apply([
    {
      path: 'a',
      content: content({
        blocked_ips: [{ value: '203.0.113.0/24', expiration: now + 60 }, { value: '2001:db8::1' }],
        blocked_users: [{ value: '7', expiration: now }],
      }),
    },
  ])
  const { denylist } = compiler
  expect(denylist.size).toBe(3)
  expect(denylist.check({ ip: '203.0.113.9' }, now)).toEqual({
    blocked: true,
    hit: { list: 'blocked_ips', value: '203.0.113.9', entry: '203.0.113.0/24', expirationSeconds: now + 60 },
  })
  expect(denylist.check({ ip: '::ffff:203.0.113.9' }, now)).toMatchObject({ blocked: true })
  expect(denylist.check({ ip: '2001:db8::1', userId: 'x' }, now)).toMatchObject({
    blocked: true,
    hit: { expirationSeconds: 0 },
  })
  expect(denylist.check({ userId: '7' }, now)).toEqual({
    blocked: true,
    hit: { list: 'blocked_users', value: '7', entry: '7', expirationSeconds: now },
  })
  expect(denylist.check({ ip: '203.0.114.1', userId: '8' }, now)).toEqual({ blocked: false, passlisted: false })
})

test('an entry ends after its expiration, 0 and none never end', async () => {
  const { compiler } = compilerOf()
  const blocked_ips = [
    { value: '192.0.2.1', expiration: now },
    { value: '192.0.2.2', expiration: 0 },
  ]
  await compiler.apply([
    { path: 'a', content: content({ blocked_ips, blocked_users: [{ value: 'u', expiration: now }] }) },
  ])
  const { denylist } = compiler
  const blocked = (nowSeconds: number): boolean[] =>
    [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }, { userId: 'u' }].map(
      (subject) => denylist.check(subject, nowSeconds).blocked,
    )
  expect(blocked(now)).toEqual([true, true, true])
  expect(blocked(now + 0.5)).toEqual([false, true, false])
})

test('who is on the passlist is seen, never blocked; an address that is only claimed is not let past', async () => {
  const { compiler } = compilerOf()
  await compiler.apply([
    {
      path: 'a',
      content: content({ blocked_ips: [{ value: '192.0.2.0/24' }], blocked_users: [{ value: 'u1' }, { value: 'u2' }] }),
    },
    { path: 'b', content: content({ passlisted_ips: [{ value: '192.0.2.7' }], passlisted_users: [{ value: 'u1' }] }) },
  ])
  const { denylist } = compiler
  expect(denylist.check({ ip: '192.0.2.7' }, now)).toEqual({ blocked: false, passlisted: true })
  expect(denylist.check({ ip: '192.0.2.7', claimed: true }, now)).toMatchObject({ blocked: true })
  expect(denylist.check({ ip: '192.0.2.8' }, now)).toMatchObject({ blocked: true })
  expect(denylist.check({ userId: 'u1' }, now)).toEqual({ blocked: false, passlisted: true })
  expect(denylist.check({ userId: 'u2' }, now)).toMatchObject({ blocked: true })
})

test('of the same value in several configurations the longest counts, and each goes with its own', async () => {
  const { compiler } = compilerOf()
  const entry = (expiration: number): unknown =>
    content({ blocked_ips: [{ value: '192.0.2.1', expiration }], blocked_users: [{ value: 'u', expiration }] })
  await compiler.apply([
    { path: 'a', content: entry(now - 10) },
    { path: 'b', content: entry(0) },
    { path: 'c', content: entry(now + 10) },
  ])
  const ends = (): number[] =>
    [{ ip: '192.0.2.1' }, { userId: 'u' }].map((subject) => {
      const verdict = compiler.denylist.check(subject, now)
      return verdict.blocked ? verdict.hit.expirationSeconds : -1
    })
  expect(ends()).toEqual([0, 0])
  await compiler.apply([{ path: 'b', content: undefined }])
  expect(ends()).toEqual([now + 10, now + 10])
  await compiler.apply([{ path: 'c', content: content({}) }])
  expect(ends()).toEqual([-1, -1])
})

const malformed: { readonly says: string; readonly content: unknown; readonly why: RegExp }[] = [
  { says: 'no object', content: 'text', why: /not an object/ },
  { says: 'null', content: null, why: /not an object/ },
  { says: 'a section that is no list', content: { rules_data: {} }, why: /rules_data is not a list/ },
  {
    says: 'another type of list',
    content: { rules_data: [{ id: 'blocked_ips', type: 'data_with_expiration', data: [] }] },
    why: /blocked_ips has the type/,
  },
  {
    says: 'a list without data',
    content: { exclusion_data: [{ id: 'passlisted_users', type: 'data_with_expiration' }] },
    why: /no list of data/,
  },
]

describe('malformed configurations', () => {
  test.each(malformed)('$says is refused, what it said before and the others stay', async ({ content: bad, why }) => {
    const { compiler } = compilerOf()
    const good = content({ blocked_ips: [{ value: '192.0.2.1' }] })
    await compiler.apply([{ path: 'a', content: good }])
    const outcomes = await compiler.apply([
      { path: 'a', content: bad },
      { path: 'b', content: content({ blocked_users: [{ value: 'u' }] }) },
    ])
    expect(outcomes.get('a')).toMatch(why)
    expect(outcomes.get('b')).toBeNull()
    expect(compiler.denylist.check({ ip: '192.0.2.1' }, now).blocked).toBe(true)
    expect(compiler.denylist.check({ userId: 'u' }, now).blocked).toBe(true)
  })

  test('every one ran', () => expect(malformed).toHaveLength(5))
})

test('items that cannot be read are left out and told', async () => {
  const { compiler, bad } = compilerOf()
  const blocked_ips = [
    { value: '1.2.3.4.5' },
    { value: '192.0.2.1' },
    7,
    { value: '192.0.2.2', expiration: 'soon' },
    { value: 5 },
  ]
  const outcomes = await compiler.apply([{ path: 'a', content: content({ blocked_ips: blocked_ips as never }) }])
  expect([...outcomes.values()]).toEqual([null])
  expect(bad.sort()).toEqual([
    'blocked_ips 1.2.3.4.5',
    'blocked_ips 192.0.2.2',
    'blocked_ips 7',
    'blocked_ips {"value":5}',
  ])
  expect(compiler.denylist.size).toBe(1)
})

test('a request that is being handled keeps what it started with', async () => {
  const { compiler } = compilerOf()
  const before = compiler.denylist
  await compiler.apply([{ path: 'a', content: content({ blocked_users: [{ value: 'u' }] }) }])
  expect(before.check({ userId: 'u' }, now).blocked).toBe(false)
  expect(compiler.denylist.check({ userId: 'u' }, now).blocked).toBe(true)
})

test('a hundred thousand entries are compiled with other work in between, and small changes do not merge them again', async () => {
  let pauses = 0
  const counting: Clock = {
    nowMs: () => systemClock.nowMs(),
    after(delayMs, run) {
      pauses += 1
      return systemClock.after(delayMs, run)
    },
  }
  const compiler = createDenylistCompiler({ clock: counting, onBadItem: () => {} })
  const shards = Array.from({ length: 20 }, (_, shard) => ({
    path: `shard-${shard}`,
    content: content({
      blocked_ips: Array.from({ length: 5000 }, (_item, n) => ({
        value: `10.${shard}.${n >> 8}.${n & 255}`,
        expiration: now,
      })),
      blocked_users: Array.from({ length: 500 }, (_item, n) => ({ value: `user-${shard}-${n}` })),
    }),
  }))
  await compiler.apply(shards)
  const { denylist } = compiler
  expect(denylist.size).toBe(110_000)
  expect(pauses).toBeGreaterThan(2)
  expect(denylist.check({ ip: '10.19.19.135' }, now).blocked).toBe(true)
  expect(denylist.check({ ip: '10.20.0.0' }, now).blocked).toBe(false)
  expect(denylist.check({ userId: 'user-19-499' }, now).blocked).toBe(true)
  await compiler.apply([{ path: 'fresh', content: content({ blocked_ips: [{ value: '192.0.2.1' }] }) }])
  expect(compiler.denylist.size).toBe(110_001)
  expect(compiler.denylist.check({ ip: '192.0.2.1' }, now).blocked).toBe(true)
  expect(compiler.denylist.check({ ip: '10.0.0.1' }, now).blocked).toBe(true)
  await compiler.apply(
    [...shards.slice(1), { path: 'fresh', content: undefined }].map(({ path }) => ({ path, content: undefined })),
  )
  expect(compiler.denylist.size).toBe(5500)
})

test('whatever comes, changes and goes, the lists say what a plain search through all configurations says', async () => {
  const value = fc.constantFrom(
    '192.0.2.1',
    '192.0.2.0/24',
    '192.0.2.128/25',
    '2001:db8::/32',
    '0.0.0.0/0',
    '192.0.2.200',
  )
  const item = fc.record({ value, expiration: fc.constantFrom(0, now - 1, now, now + 5) })
  const change = fc.record({
    path: fc.constantFrom('a', 'b', 'c'),
    items: fc.option(fc.array(item, { maxLength: 4 }), { nil: undefined }),
  })
  const probes = ['192.0.2.1', '192.0.2.129', '192.0.2.200', '2001:db8::9', '198.51.100.1']
  const covers: Record<string, readonly string[]> = {
    '192.0.2.1': ['192.0.2.1'],
    '192.0.2.0/24': ['192.0.2.1', '192.0.2.129', '192.0.2.200'],
    '192.0.2.128/25': ['192.0.2.129', '192.0.2.200'],
    '2001:db8::/32': ['2001:db8::9'],
    '0.0.0.0/0': ['192.0.2.1', '192.0.2.129', '192.0.2.200', '198.51.100.1'],
    '192.0.2.200': ['192.0.2.200'],
  }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 6 }), async (steps) => {
      const { compiler } = compilerOf()
      const model = new Map<string, readonly { value: string; expiration: number }[]>()
      for (const step of steps) {
        const unique = [...new Map(step.map((one) => [one.path, one])).values()]
        await compiler.apply(
          unique.map(({ path, items }) => ({
            path,
            content:
              items &&
              content({ blocked_ips: items, blocked_users: items.map((one) => ({ ...one, value: `u${one.value}` })) }),
          })),
        )
        for (const { path, items } of unique) {
          if (items === undefined) model.delete(path)
          else model.set(path, items)
        }
        const live = [...model.values()].flat().filter(({ expiration }) => expiration === 0 || expiration >= now)
        for (const ip of probes) {
          const expected = live.some((one) => covers[one.value]?.includes(ip))
          expect(compiler.denylist.check({ ip }, now).blocked).toBe(expected)
        }
        for (const one of Object.keys(covers)) {
          expect(compiler.denylist.check({ userId: `u${one}` }, now).blocked).toBe(
            live.some(({ value }) => value === one),
          )
        }
      }
    }),
    { numRuns: 150 },
  )
})
