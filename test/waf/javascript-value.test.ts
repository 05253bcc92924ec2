import { expect, test } from 'vitest'
import { readText, readValue } from '../../src/waf/javascript-value.ts'
import type { ReadValue } from '../../src/waf/javascript-value.ts'
import { processors } from '../../src/waf/processors.ts'

const revoked = Proxy.revocable({}, {})
revoked.revoke()
const cyclic: Record<string, unknown> = { a: 'b' }
cyclic['self'] = cyclic
const halfHostile = {
  get bad(): string {
    throw new Error('no')
  },
  good: 'x',
}
const badDate = new Date(Number.NaN)

const cases: readonly { readonly says: string; readonly value: unknown; readonly read: ReadValue }[] = [
  {
    says: 'a Map is a map',
    value: new Map<unknown, unknown>([
      ['a', 1],
      [2, 'b'],
      [{}, 'c'],
    ]),
    read: {
      kind: 'map',
      entries: [
        ['a', 1],
        ['2', 'b'],
      ],
      size: 3,
    },
  },
  {
    says: 'search parameters are a map',
    value: new URLSearchParams('a=1&a=2'),
    read: {
      kind: 'map',
      entries: [
        ['a', '1'],
        ['a', '2'],
      ],
      size: 2,
    },
  },
  { says: 'a Set is a list', value: new Set(['a']), read: { kind: 'list', items: ['a'], size: 1 } },
  { says: 'a Buffer is text', value: Buffer.from('é'), read: { kind: 'scalar', value: 'é' } },
  { says: 'a typed array is text', value: new Uint8Array([97]), read: { kind: 'scalar', value: 'a' } },
  { says: 'a boxed string is text', value: Object('a'), read: { kind: 'scalar', value: 'a' } },
  { says: 'a boxed number is a number', value: Object(5), read: { kind: 'scalar', value: 5 } },
  { says: 'a date is text', value: new Date(0), read: { kind: 'scalar', value: '1970-01-01T00:00:00.000Z' } },
  { says: 'an invalid date is unknown', value: badDate, read: { kind: 'unknown' } },
  { says: 'a revoked proxy is unknown', value: revoked.proxy, read: { kind: 'unknown' } },
  {
    says: 'a throwing getter hides only itself',
    value: halfHostile,
    read: {
      kind: 'map',
      entries: [
        ['bad', undefined],
        ['good', 'x'],
      ],
      size: 2,
    },
  },
  { says: 'a function is unknown', value: () => 1, read: { kind: 'unknown' } },
  { says: 'undefined is unknown', value: undefined, read: { kind: 'unknown' } },
]

test.each(cases)('$says', ({ value, read }) => expect(readValue(value, 10)).toEqual(read))
test('every case ran', () => expect(cases.length).toBe(13))

test('no more entries are taken than asked for, and all are counted', () => {
  const object = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, index]))
  expect(readValue(object, 2)).toEqual({
    kind: 'map',
    entries: [
      ['k0', 0],
      ['k1', 1],
    ],
    size: 20,
  })
  expect(readValue(Array.from({ length: 20 }), 2)).toMatchObject({
    kind: 'list',
    items: [undefined, undefined],
    size: 20,
  })
})

test('a list of one text is that text, of two none', () => {
  expect(readText(['a'])).toBe('a')
  expect(readText(['a', 'b'])).toBeUndefined()
  expect(readText(Object('a'))).toBe('a')
  expect(readText(5)).toBeUndefined()
})

test('no processor throws on a hostile value, nor follows a cycle for ever', () => {
  const wide = Array.from({ length: 10 })
  for (let level = 0; level < 18; level++) wide.fill(level === 0 ? 'x' : [...wide])
  const hostile = [revoked.proxy, cyclic, halfHostile, badDate, wide, new Map([[Symbol('s'), 1]]), Symbol('s'), 1n]
  let ran = 0
  for (const processor of processors.values())
    for (const value of hostile) {
      processor.generate(
        processor.inputs.map(() => value),
        [],
      )
      ran++
    }
  expect(ran).toBe(7 * hostile.length)
})
