import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { backTest } from '../../../src/collector/detect/back-test.ts'
import type { BackTestedSignal } from '../../../src/collector/detect/back-test.ts'
import { createRuleBook } from '../../../src/collector/detect/rule-book.ts'
import type { Signal } from '../../../src/model/signal.ts'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

let bench: Bench
afterEach(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const attacker = '203.0.113.9'
const day = { fromMs: noonMs - 86_400_000, toMs: noonMs + 86_400_000 }
const stuffing = times(35, 0, 1, (at, n) => failure(at, attacker, `stolen${n}`))

function rulesOf({ state, store, clock }: Bench): ReturnType<typeof createRuleBook> {
  return createRuleBook({ state, store, clock })
}

/** What a live and a back-tested signal have in common, oldest first. */
function essence(signals: readonly (Signal | BackTestedSignal)[]): readonly unknown[] {
  return signals
    .map((signal) => ({
      group: signal.group,
      case: signal.case,
      severity: signal.severity,
      crossedAt: 'openedAt' in signal ? signal.openedAt : signal.firstCrossedAt,
      firstSeen: signal.firstSeen,
      lastSeen: signal.lastSeen,
      counts: signal.counts,
      users: signal.targetedUsers,
      ips: signal.attackingIps,
      compromised: signal.compromisedUsers,
    }))
    .sort((a, b) => (JSON.stringify([a.crossedAt, a.group]) < JSON.stringify([b.crossedAt, b.group]) ? -1 : 1))
}

test('a back-test says when a rule would have signalled, and whom it concerns when asked', async () => {
  bench = await startBench()
  await bench.happen([...stuffing, success(40, attacker, 'victim'), failure(41, attacker, 'last')])
  const rules = rulesOf(bench)
  const { signals, total } = await rules.test({ id: 'credential-stuffing' }, { range: day, entities: true })
  expect(total).toBe(1)
  expect(signals).toMatchObject([
    {
      group: { env: 'prod', service: 'shop', 'http.client_ip': attacker },
      case: 'Account compromised',
      severity: 'critical',
      firstCrossedAt: new Date(noonMs + 30_000).toISOString(),
      firstSeen: new Date(noonMs).toISOString(),
      lastSeen: new Date(noonMs + 41_000).toISOString(),
      counts: { failures: 36, users: 36, successes: 1 },
      targetedUsers: 36,
      attackingIps: 1,
      compromisedUsers: 1,
      ips: [{ ip: attacker, attempts: 36, users: 36, successes: 1 }],
      compromised: [{ usrLogin: 'victim', ip: attacker }],
    },
  ])
  expect(signals[0]?.users).toHaveLength(36)
  const [short] = (await rules.test({ id: 'credential-stuffing' }, { range: day, entities: false })).signals
  expect(short).not.toHaveProperty('users')
  expect(await bench.signals()).toHaveLength(1)
})

test('a rule that is not in force is tested as it is given, and refused with its path when it is wrong', async () => {
  bench = await startBench()
  await bench.happen(stuffing.slice(0, 12))
  const rules = rulesOf(bench)
  const { rule } = await rules.find('credential-stuffing')
  const strict = { ...rule, id: 'strict', cases: [{ name: 'Attempt', severity: 'high', when: 'failures > 10' }] }
  const options = { range: day, entities: false }
  expect((await rules.test({ value: strict }, options)).signals).toMatchObject([{ severity: 'high' }])
  expect(await bench.signals()).toEqual([])
  const wrong = { ...strict, cases: [{ name: 'Attempt', severity: 'high', when: 'failure > 10' }] }
  await expect(rules.test({ value: wrong }, options)).rejects.toMatchObject({
    code: 'DETECTION_RULE_INVALID',
    problems: [{ path: '$.cases[0].when' }],
  })
  await expect(rules.test({ id: 'nothing' }, options)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a range that ends before the crossing holds no signal, one without records none either', async () => {
  bench = await startBench()
  await bench.happen(stuffing)
  const { rule } = await rulesOf(bench).find('credential-stuffing')
  const until = (toMs: number): ReturnType<typeof backTest> =>
    backTest(bench.store, rule, { range: { fromMs: noonMs - 1_000, toMs }, entities: false })
  expect((await until(noonMs + 30_000)).total).toBe(0)
  expect((await until(noonMs + 30_001)).total).toBe(1)
  expect((await until(noonMs - 500)).total).toBe(0)
})

test('an import of last week raises no live signal, and is found by a back-test', async () => {
  bench = await startBench()
  await bench.happen([success(0, attacker, 'me')])
  await bench.happen(stuffing.map((event) => ({ ...event, at: event.at - 3 * 86_400 })))
  expect(await bench.signals()).toEqual([])
  const range = { fromMs: noonMs - 4 * 86_400_000, toMs: noonMs }
  const { signals } = await rulesOf(bench).test({ id: 'credential-stuffing' }, { range, entities: false })
  expect(signals).toMatchObject([{ firstCrossedAt: new Date(noonMs - 3 * 86_400_000 + 30_000).toISOString() }])
})

test('what is stored before the range teaches an anomaly rule', async () => {
  bench = await startBench()
  const address = (n: number): string => `198.51.${100 + (n >> 8)}.${n & 255}`
  const spread = (from: number): readonly Event[] =>
    times(300, from, 0.9, (at, n) => failure(at, address(n), `user${from}-${n}`))
  await bench.happen(spread(0))
  const rules = rulesOf(bench)
  const range = { fromMs: noonMs, toMs: noonMs + 3_600_000 }
  const found = async (): Promise<number> =>
    (await rules.test({ id: 'distributed-credential-stuffing' }, { range, entities: false })).total
  expect(await found()).toBe(1)
  // The same rush, in the hours before: it is how this service is.
  await bench.happen(Array.from({ length: 24 }, (_, n) => spread(-(n + 1) * 300)).flat())
  expect(await found()).toBe(0)
})

test('whoever looks for clusters is told of the campaigns of the other rules, not of what concerns one address', async () => {
  bench = await startBench()
  const address = (n: number): string => `198.51.${100 + (n >> 8)}.${n & 255}`
  const spread = times(300, 0, 0.9, (at, n) => failure(at, address(n), `user${n}`))
  await bench.happen([...stuffing, ...spread])
  const told: (readonly string[])[] = []
  const { state, store, clock } = bench
  const rules = createRuleBook({
    state,
    store,
    clock,
    findClusters: async (_signal, _rule, campaigns) => {
      told.push(campaigns.map(({ rule: { id } }) => id))
      return []
    },
  })
  const { total } = await rules.test({ id: 'distributed-credential-stuffing' }, { range: day, entities: true })
  expect(told).toHaveLength(total)
  expect(told[0]).toContain('distributed-credential-stuffing')
  expect(told[0]).toContain('distributed-credential-stuffing-users')
  expect(told[0]).not.toContain('credential-stuffing')
})

const attempt = record({
  gap: integer({ min: 0, max: 30 }),
  ip: constantFrom(attacker, '203.0.113.10'),
  login: integer({ min: 0, max: 7 }),
  right: integer({ min: 0, max: 14 }).map((n) => n === 0),
})

/**
 * Batches end with a whole second: a rule whose guard compares failures with successes may see half a second live and
 * the whole of it in a back-test.
 */
test('live and back-test agree on the same stored traffic, however it was cut into batches', async () => {
  bench = await startBench()
  const rules = rulesOf(bench)
  let services = 0
  let crossed = 0
  await assert(
    asyncProperty(
      array(attempt, { minLength: 80, maxLength: 160 }),
      array(integer({ min: 10, max: 80 }), { minLength: 1, maxLength: 6 }),
      async (attempts, cuts) => {
        const service = `service${services++}`
        let at = (bench.clock.nowMs() - noonMs) / 1000 + 1
        const events = attempts.map(({ gap, ip, login, right }): Event => {
          at += gap / 4
          return { ...(right ? success : failure)(at, ip, `user${login}`), service }
        })
        const batches: Event[][] = [[]]
        for (const [index, event] of events.entries()) {
          const before = events[index - 1]
          const wanted = cuts[(batches.length - 1) % cuts.length] ?? 1
          const full = (batches.at(-1)?.length ?? 0) >= wanted
          if (full && before !== undefined && Math.ceil(before.at) < Math.ceil(event.at)) batches.push([])
          batches.at(-1)?.push(event)
        }
        for (const batch of batches) await bench.happen(batch)
        await bench.later(10)
        await bench.later(10)
        const range = { fromMs: noonMs, toMs: bench.clock.nowMs() }
        for (const id of ['credential-stuffing', 'brute-force']) {
          const live = (await bench.signals()).filter(
            ({ rule, group }) => rule.id === id && group['service'] === service,
          )
          const { signals } = await rules.test({ id }, { range, entities: false })
          const tested = signals.filter(({ group }) => group['service'] === service)
          expect(essence(tested)).toEqual(essence(live))
          crossed += live.length
        }
      },
    ),
    { numRuns: 4 },
  )
  expect(services).toBeGreaterThanOrEqual(4)
  expect(crossed).toBeGreaterThan(0)
}, 180_000)
