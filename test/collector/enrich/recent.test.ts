import { expect, test } from 'vitest'
import { Recent } from '../../../src/collector/enrich/recent.ts'

test('what is used again and again stays, however much else comes by, and no more is held than was allowed', () => {
  const recent = new Recent<number, string>(100)
  let made = 0
  const read = (key: number): string =>
    recent.get(key, () => {
      made++
      return `value ${key}`
    })
  for (let key = 0; key < 5_000; key++) {
    expect(read(-1)).toBe('value -1')
    expect(read(key)).toBe(`value ${key}`)
  }
  expect(made).toBe(5_001)
  const held = Array.from({ length: 5_000 }, (_, key) => recent.has(key)).filter(Boolean).length
  expect(held).toBeLessThanOrEqual(100)
  expect(held).toBeGreaterThanOrEqual(49)
})

test('a value that is set replaces the one before', () => {
  const recent = new Recent<string, number>(1)
  recent.set('a', 1)
  recent.set('a', 2)
  expect(recent.get('a', () => 3)).toBe(2)
  recent.set('b', 4)
  recent.set('c', 5)
  expect(recent.has('a')).toBe(false)
})
