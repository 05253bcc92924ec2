import { afterEach, expect, test } from 'vitest'
import { createRuleBook } from '../../../src/collector/detect/rule-book.ts'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

let bench: Bench
afterEach(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const dayS = 86_400
const address = (n: number): string => `203.0.113.${n}`
const listTries = (from: number, who: number, count: number): readonly Event[] =>
  times(count, from, 3, (at, n) => failure(at, address(who), `list${n}`, false))

/** A service that has users, so that automation may block somebody. */
const users = times(300, -1_000, 1, (at, n) => success(at, `198.51.100.${n % 250}`, `user${n}`))

test('an address is blocked at its second login of a list that others went through days before', async () => {
  bench = await startBench()
  await bench.happen([...listTries(-5 * dayS, 1, 5), ...listTries(-3 * dayS, 2, 5), ...users])
  expect(await bench.signals()).toEqual([])
  await bench.happen(listTries(0, 3, 2))
  const [signal, ...others] = await bench.signals()
  expect(others).toEqual([])
  expect(signal).toMatchObject({
    rule: { id: 'dictionary' },
    openedAt: new Date(noonMs + 3_000).toISOString(),
    group: { 'http.client_ip': address(3) },
    counts: { unknown: 2, failures: 2 },
    responses: [{ kind: 'block_ip', value: address(3), by: 'automation' }],
  })
  // A back-test says the same.
  const range = { fromMs: noonMs - 6 * dayS * 1000, toMs: noonMs + 60_000 }
  const { signals } = await createRuleBook(bench).test({ id: 'dictionary' }, { range, entities: false })
  expect(signals).toMatchObject([{ firstCrossedAt: signal?.openedAt, group: signal?.group, severity: 'low' }])
})

test('a list of more than a week ago is forgotten', async () => {
  bench = await startBench()
  await bench.happen([...listTries(-9 * dayS, 1, 5), ...listTries(-8 * dayS, 2, 5), ...users])
  await bench.happen(listTries(0, 3, 5))
  expect(await bench.signals()).toEqual([])
})

test('two logins of a list more than an hour apart are not yet enough', async () => {
  bench = await startBench()
  await bench.happen([...listTries(-2 * dayS, 1, 5), ...listTries(-dayS, 2, 5)])
  await bench.happen([failure(0, address(3), 'list0', false)])
  await bench.happen([failure(3_601, address(3), 'list1', false)])
  expect(await bench.signals()).toEqual([])
  await bench.happen([failure(3_700, address(3), 'list2', false)])
  expect(await bench.signals()).toMatchObject([{ rule: { id: 'dictionary' } }])
})

test('each service and environment has a list of its own', async () => {
  bench = await startBench()
  await bench.happen([
    ...listTries(-100, 1, 5).map((event) => ({ ...event, service: 'forum' })),
    ...listTries(-50, 2, 5).map((event) => ({ ...event, env: 'staging' })),
    ...listTries(0, 3, 5),
  ])
  expect(await bench.signals()).toEqual([])
})

test('names that are also words of the query language or of JavaScript are names like any other', async () => {
  bench = await startBench()
  const names = ['__proto__', 'constructor', '" OR *', '-a:b', '(', 'é\u0000\\']
  const tries = (from: number, who: number): readonly Event[] =>
    names.map((name, n) => failure(from + n, address(who), name, false))
  await bench.happen([...tries(0, 1), ...tries(100, 2), ...tries(200, 3)])
  expect((await bench.signals()).map(({ rule, group }) => [rule.id, group['http.client_ip']])).toEqual([
    ['dictionary', address(3)],
  ])
})
