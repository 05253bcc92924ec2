import { describe, expect, test } from 'vitest'
import { compileRuleset, defaultRuleset } from '../../src/waf.ts'
import type { Addresses } from '../../src/waf.ts'
import { on, rule } from '../conformance/waf/case.ts'
import { recommendedRuleset } from '../support/recommended-ruleset.ts'
import { referenceWaf } from '../support/reference-waf.ts'

const waf = compileRuleset({ version: '2.2', rules: [rule([on('match_regex', { regex: 'attack' })])] })
const run = (a: unknown): ReturnType<ReturnType<typeof waf.createContext>['run']> =>
  waf.createContext().run({ persistent: { a } })

const throwing = {
  get before(): string {
    throw new Error('a getter that throws')
  },
  after: 'attack',
}
const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const trapped = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('a trap that throws')
    },
  },
)
const cyclic = (): unknown => {
  const value: Record<string, unknown> = { x: 'attack' }
  value['self'] = value
  return [value, [value]]
}
const deep = (levels: number, end: unknown): unknown => {
  let value = end
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { k: value }
  return value
}

describe('values that others made to hurt', () => {
  const hostile: readonly { readonly says: string; readonly value: unknown; readonly matched: boolean }[] = [
    { says: 'a getter that throws, before the attack', value: throwing, matched: true },
    { says: 'a revoked proxy, before the attack', value: [revoked(), 'attack'], matched: true },
    { says: 'a proxy with a trap that throws', value: [trapped, 'attack'], matched: true },
    { says: 'a value that holds itself', value: cyclic(), matched: true },
    {
      says: 'a toJSON that throws',
      value: {
        toJSON: () => {
          throw new Error('no')
        },
        x: 'attack',
      },
      matched: true,
    },
    { says: 'nesting 10,000 deep, after the attack', value: ['attack', deep(10_000, 'x')], matched: true },
    { says: 'an attack 200 deep', value: deep(200, 'attack'), matched: true },
    { says: 'lone surrogates', value: '\ud800attack\udfff', matched: true },
    { says: 'a text of 50 MB with the attack at its end', value: `${'x'.repeat(50_000_000)}attack`, matched: true },
    {
      says: 'a text of 50 MB with the attack at its beginning',
      value: `attack${'x'.repeat(50_000_000)}`,
      matched: true,
    },
    {
      says: 'keys named __proto__ and constructor',
      value: JSON.parse('{"__proto__":{"constructor":"attack"}}'),
      matched: true,
    },
    { says: 'symbols, functions and undefined', value: [Symbol('attack'), () => 'attack', undefined], matched: false },
  ]
  test.each(hostile)('$says', ({ value, matched }) => {
    const result = run(value)
    expect(result.matched).toBe(matched)
    expect(JSON.stringify(result.events)).not.toMatch(/\\ud[89a-f]/)
  })
  test('every case ran', () => expect(hostile.length).toBe(12))

  test('what was not looked at is reported', () => {
    expect(run('x'.repeat(100_000)).truncated).toEqual({ stringLength: 100_000 })
    expect(run(deep(1000, 'x')).truncated?.containerDepth).toBeGreaterThan(200)
    expect(run([throwing]).truncated).toEqual({ unreadable: 1 })
    expect(run(Array(300_000).fill('x')).truncated).toEqual({ budgetEnded: true })
    expect(run('x').truncated).toBeUndefined()
  })

  test('a million keys are looked at up to the budget, no further', () => {
    const keys: Record<string, number> = {}
    for (let index = 0; index < 1_000_000; index += 1) keys[`k${index}`] = index
    expect(run(keys).truncated).toEqual({ budgetEnded: true })
  })
})

describe('addresses that cannot be read', () => {
  const unreadable: readonly { readonly says: string; readonly persistent: Addresses; readonly matched: boolean }[] = [
    { says: 'a getter that throws, beside an attack', persistent: { a: 'attack' }, matched: true },
    { says: 'a revoked proxy', persistent: revoked() as Addresses, matched: false },
    { says: 'a proxy that lists nothing', persistent: trapped, matched: false },
  ]
  test.each(unreadable)('$says', ({ persistent, matched }) => {
    const all = matched ? given(persistent) : persistent
    for (const data of [{ persistent: all }, { ephemeral: all }]) {
      const result = waf.createContext().run(data)
      expect(result.matched).toBe(matched)
      expect(result.truncated).toEqual({ unreadable: 1 })
    }
  })

  test('the keys of a large map are listed once in a run, whatever asks for them', () => {
    let lists = 0
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 'x']))
    const watched = new Proxy(many, {
      ownKeys: (target) => {
        lists += 1
        return Reflect.ownKeys(target)
      },
    })
    const address = 'server.request.body'
    compileRuleset(defaultRuleset())
      .createContext()
      .run({
        persistent: { 'server.request.method': 'POST', 'server.request.uri.raw': '/login', [address]: watched },
      })
    expect(lists).toBe(1)
  })
})

/** Addresses of which one throws when it is read. */
function given(others: Addresses): Addresses {
  return Object.defineProperty({ ...others }, 'b', {
    enumerable: true,
    get: () => {
      throw new Error('a getter that throws')
    },
  })
}

describe('every JavaScript value is seen', () => {
  const values: readonly { readonly says: string; readonly value: unknown; readonly path: readonly string[] }[] = [
    { says: 'a Map', value: new Map([['k', 'attack']]), path: ['k'] },
    { says: 'a Set', value: new Set(['x', 'attack']), path: ['1'] },
    { says: 'URLSearchParams', value: new URLSearchParams('x=1&q=attack'), path: ['q'] },
    { says: 'a Buffer', value: { b: Buffer.from('attack') }, path: ['b'] },
    { says: 'a typed array', value: new Uint8Array(Buffer.from('attack')), path: [] },
    { says: 'a String object', value: new String('attack'), path: [] },
    { says: 'an object without a prototype', value: Object.assign(Object.create(null), { k: 'attack' }), path: ['k'] },
    {
      says: 'an instance of a class',
      value: new (class {
        k = 'attack'
      })(),
      path: ['k'],
    },
  ]
  test.each(values)('$says', ({ value, path }) => {
    const [parameter] = run(value).events[0]?.rule_matches[0]?.parameters ?? []
    expect(parameter).toMatchObject({ key_path: path, highlight: ['attack'] })
  })
  test('a Date is its ISO text', () => {
    const dated = compileRuleset({ version: '2.2', rules: [rule([on('match_regex', { regex: '^2026-11-22T' })])] })
    expect(dated.createContext().run({ persistent: { a: new Date(Date.UTC(2026, 10, 22)) } }).matched).toBe(true)
  })
  test('every case ran', () => expect(values.length).toBe(8))
})

describe('padding is no way around', () => {
  const sqli = "1' union select password from users --"
  const filler = 'lorem ipsum '.repeat(341)
  const padded = Object.fromEntries([...Array.from({ length: 64 }, (_, index) => [`f${index}`, filler]), ['z', sqli]])
  const recommended = compileRuleset(recommendedRuleset)
  const address = 'server.request.body'
  const reference = referenceWaf(recommendedRuleset)
  const DEFAULT_TIMEOUT_US = 5000

  test.each([
    ['after 64 fields of 4 kB', padded],
    ['after 4,096 characters of a text', { q: filler + filler + sqli }],
    ['after 256 entries of a list', [...Array(300).fill('x'), sqli]],
    ['19 maps deep', deep(38, sqli)],
  ])('an injection %s is found, where the reference with its defaults finds nothing', (_, body) => {
    const { events } = recommended.createContext().run({ persistent: { [address]: body } }, { budgetUs: 1_000_000 })
    expect(events.map((event) => event.rule.tags['type'])).toContain('sql_injection')
    const context = reference.createContext()
    expect(context.run({ persistent: { [address]: body } }, DEFAULT_TIMEOUT_US).events ?? []).toEqual([])
    context.dispose()
  })
})

test('when time is up the run ends, says so, and what was found is kept', () => {
  let now = 0
  const slow = compileRuleset(
    {
      version: '2.2',
      rules: [
        rule([on('match_regex', { regex: 'attack' })], { id: 'acl', module: 'network-acl' }),
        rule([on('match_regex', { regex: 'attack' })], { id: 'waf' }),
      ],
    },
    { clock: { nowMs: () => 0, monotonicNs: () => (now += 1_000_000) } },
  )
  const result = slow.createContext().run({ persistent: { a: ['attack'] } }, { budgetUs: 1 })
  expect(result.timeout).toBe(true)
  expect(result.events.map((event) => event.rule.id)).not.toContain('waf')
})
