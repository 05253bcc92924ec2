import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SpanQueue, type QueuedSpan } from '../../../src/tracer/export/span-queue.ts'

function queued(name: number, options: { security?: boolean; bytes?: number } = {}): QueuedSpan & { name: number } {
  return {
    name,
    bytes: new Uint8Array(options.bytes ?? 1),
    security: options.security ?? false,
    queuedAtMs: name,
    reportsDropped: 0,
  }
}

function names(spans: readonly QueuedSpan[]): number[] {
  return spans.map((span) => (span as ReturnType<typeof queued>).name)
}

const all = { maxSpans: Infinity, maxBytes: Infinity }

test('when it is full, ordinary spans go first, the oldest of them', () => {
  const queue = new SpanQueue({ maxSpans: 3, maxBytes: 100 })
  queue.push(queued(1, { security: true }))
  queue.push(queued(2))
  queue.push(queued(3))
  expect(names(queue.push(queued(4, { security: true })))).toEqual([2])
  expect(names(queue.push(queued(5)))).toEqual([3])
  expect(names(queue.push(queued(6, { security: true })))).toEqual([5])
  expect(names(queue.push(queued(7)))).toEqual([7])
  expect(names(queue.push(queued(8, { security: true })))).toEqual([1])
  expect(names(queue.take(all))).toEqual([4, 6, 8])
})

test('it is bounded in bytes as well', () => {
  const queue = new SpanQueue({ maxSpans: 100, maxBytes: 10 })
  queue.push(queued(1, { bytes: 6 }))
  expect(names(queue.push(queued(2, { bytes: 6 })))).toEqual([1])
  expect(queue.bytes).toBe(6)
})

test('a batch has security events first, and stops at its bounds', () => {
  const queue = new SpanQueue({ maxSpans: 100, maxBytes: 1000 })
  for (let name = 1; name <= 4; name += 1) queue.push(queued(name, { bytes: 4 }))
  queue.push(queued(5, { security: true, bytes: 4 }))
  expect(names(queue.take({ maxSpans: 10, maxBytes: 9 }))).toEqual([5, 1])
  expect(names(queue.take({ maxSpans: 1, maxBytes: 9 }))).toEqual([2])
  expect(names(queue.take({ maxSpans: 10, maxBytes: 1 }))).toEqual([3])
  expect(names(queue.take(all))).toEqual([4])
})

test('a batch that was put back comes again in the same order, and old spans can be taken out', () => {
  const queue = new SpanQueue({ maxSpans: 100, maxBytes: 1000 })
  for (let name = 1; name <= 5; name += 1) queue.push(queued(name, { security: name % 2 === 0 }))
  const batch = queue.take({ maxSpans: 3, maxBytes: 100 })
  expect(names(batch)).toEqual([2, 4, 1])
  expect(queue.putBack(batch)).toEqual([])
  expect(names(queue.takeOlderThan(3))).toEqual([2, 1])
  expect(names(queue.take(all))).toEqual([4, 3, 5])
})

test('whatever is pushed and taken, nothing is lost or counted wrong', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.record({ security: fc.boolean(), bytes: fc.nat(20) }), fc.nat(5)), { maxLength: 400 }),
      (operations) => {
        const queue = new SpanQueue({ maxSpans: 20, maxBytes: 200 })
        let pushed = 0
        let gone = 0
        for (const operation of operations) {
          if (typeof operation === 'number') gone += queue.take({ maxSpans: operation, maxBytes: 50 }).length
          else {
            pushed += 1
            gone += queue.push(queued(pushed, operation)).length
          }
          expect(queue.size).toBeLessThanOrEqual(20)
          expect(queue.bytes).toBeLessThanOrEqual(200)
        }
        const rest = queue.take(all)
        expect(gone + rest.length).toBe(pushed)
        expect([queue.size, queue.bytes]).toEqual([0, 0])
      },
    ),
  )
})
