import { expect, test } from 'vitest'
import { ShardedList, maxShardEntries } from '../../../src/collector/remote-config/sharded-list.ts'

const count = 120_000
const values = Array.from({ length: count }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)

/** How often others had their turn while this ran. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const take = (): void => {
    turns++
    if (!isOver) setImmediate(take)
  }
  setImmediate(take)
  await work
  isOver = true
  return turns
}

test('a large list is merged and swept in slices, so that others have their turn, and loses nothing', async () => {
  const list = new ShardedList()
  values.forEach((value, index) => list.set(value, index % 2))
  expect(await turnsDuring(list.merge())).toBeGreaterThan(count / 10_000)
  expect([list.size, list.newSize]).toEqual([count, 0])
  const found = list
    .takeChanged()
    .map((name) => list.items(name))
    .filter((items) => items.length > 0)
  expect(Math.max(...found.map((items) => items.length))).toBeLessThanOrEqual(maxShardEntries)
  expect(new Set(found.flat().map(({ value }) => value)).size).toBe(count)
  expect(list.get(values[7] ?? '')).toBe(1)

  let dropped = 0
  expect(await turnsDuring(list.dropEnded(5).then((entries) => (dropped = entries)))).toBeGreaterThan(count / 10_000)
  expect(dropped).toBe(count / 2)
  expect(list.size).toBe(count / 2)
})

test('the same values make the same shards, in whichever order and however often they were merged', async () => {
  const some = values.slice(0, 12_000)
  const atOnce = new ShardedList()
  some.forEach((value) => atOnce.set(value, 0))
  await atOnce.merge()
  const bitByBit = new ShardedList()
  for (const [index, value] of some.toReversed().entries()) {
    bitByBit.set(value, 0)
    if (index % 1_500 === 0) await bitByBit.merge()
  }
  await bitByBit.merge()
  const shards = (list: ShardedList): unknown => Array.from({ length: 8 }, (_, index) => list.items(String(index)))
  expect(shards(bitByBit)).toEqual(shards(atOnce))
})
