import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { flatten } from '../../../src/tracer/login/flatten.ts'

const text: (value: unknown) => string = String

const cyclic: Record<string, unknown> = { name: 'x' }
cyclic['self'] = cyclic

const cases: { says: string; from: object; fields: Record<string, string>; truncated?: boolean }[] = [
  {
    says: 'values become text',
    from: { a: 1, b: true, c: 'x', d: 5n, e: null },
    fields: { a: '1', b: 'true', c: 'x', d: '5', e: 'null' },
  },
  { says: 'undefined is left out', from: { a: undefined, b: 0 }, fields: { b: '0' } },
  {
    says: 'objects and lists are joined by dots',
    from: { a: { b: [1, { c: 2 }] } },
    fields: { 'a.b.0': '1', 'a.b.1.c': '2' },
  },
  { says: 'five levels are kept', from: { 1: { 2: { 3: { 4: { leaf: 'x' } } } } }, fields: { '1.2.3.4.leaf': 'x' } },
  {
    says: 'a sixth level is left out',
    from: { 1: { 2: { 3: { 4: { 5: { leaf: 'x' }, leaf: 'y' } } } } },
    fields: { '1.2.3.4.leaf': 'y' },
    truncated: true,
  },
  { says: 'an empty object leaves nothing', from: { a: {}, b: [] }, fields: {} },
  { says: 'a later key wins', from: { 'a.b': 1, a: { b: 2 } }, fields: { 'a.b': '2' } },
  {
    says: 'a cycle ends',
    from: cyclic,
    fields: {
      name: 'x',
      'self.name': 'x',
      'self.self.name': 'x',
      'self.self.self.name': 'x',
      'self.self.self.self.name': 'x',
    },
    truncated: true,
  },
]

test.each(cases)('$says', ({ from, fields, truncated }) => {
  expect(flatten(from)).toEqual({ fields: new Map(Object.entries(fields)), truncated: truncated ?? false })
})

test('every case ran', () => expect(cases).toHaveLength(8))

test('keys such as __proto__ are only names', () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}') as object
  expect(Object.fromEntries(flatten(hostile).fields)).toEqual({
    '__proto__.polluted': '1',
    'constructor.prototype.x': '1',
  })
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

test('what is wide and cyclic costs a bounded time', () => {
  const wide: unknown[] = []
  for (let n = 0; n < 100_000; n += 1) wide.push(wide)
  const { fields, truncated } = flatten(wide)
  expect([fields.size, truncated]).toEqual([0, true])
})

test('any metadata within the bounds is as a plain recursion has it', () => {
  const metadata = fc.object({ maxDepth: 3, maxKeys: 5, withBigInt: true, withNullPrototype: true })
  fc.assert(
    fc.property(metadata, (from) => {
      const expected = new Map<string, string>()
      const walk = (value: unknown, path: string[]): void => {
        if (value === undefined) return
        if (typeof value !== 'object' || value === null) expected.set(path.join('.'), text(value))
        else for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key])
      }
      for (const [key, inner] of Object.entries(from)) walk(inner, [key])
      expect(flatten(from)).toEqual({ fields: expected, truncated: false })
    }),
  )
})
