import { afterEach, expect, test } from 'vitest'
import { createRuleBook } from '../../../src/collector/detect/rule-book.ts'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

let bench: Bench
afterEach(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const hour = 3_600
const day = 24 * hour
const attacker = '203.0.113.9'
const address = (index: number): string => `198.51.${100 + (index >> 8)}.${index & 255}`

/** Without the rules that these tests are not about: each costs time at each of many ticks. */
async function startSlowBench(): Promise<Bench> {
  const started = await startBench()
  const at = new Date(noonMs).toISOString()
  const others = (await started.state.rules()).filter(
    ({ rule }) => !/stuffing|brute/.test(rule.id) || rule.method === 'anomaly',
  )
  await started.state.commit({
    rules: others.map(({ rule }) => ({
      rule: { ...rule, enabled: false, version: rule.version + 1 },
      at,
      by: 'test',
      deleted: false,
    })),
  })
  return started
}

/** Ticks come every so many stretches of events: what is looked at is longer than that. */
const stretchesOfTick = 9

/** Lets events happen as they come, a quarter of an hour at a time, so that none of them is late. */
async function live(events: readonly Event[]): Promise<void> {
  const ordered = [...events].sort((a, b) => a.at - b.at)
  const stretch = 14 * 60
  const end = ordered.at(-1)?.at ?? 0
  let next = 0
  const { tick } = bench.detection
  let stretches = 0
  for (let until = stretch; next < ordered.length || until < end + stretch; until += stretch) {
    const some: Event[] = []
    for (let event = ordered[next]; event !== undefined && event.at < until; event = ordered[++next]) some.push(event)
    bench.detection.tick =
      ++stretches % stretchesOfTick === 0 ? tick : () => Promise.resolve({ evaluatedRules: 0, signals: [] })
    if (some.length > 0) await bench.happen(some)
    const behind = (noonMs - bench.clock.nowMs()) / 1000 + until
    if (behind > 0) await bench.later(behind)
  }
  bench.detection.tick = tick
  // Roll-ups are read some at a time.
  for (let tick = 0; tick < 5; tick++) await bench.later(61)
}

async function found(
  id: string,
  range = { fromMs: noonMs - 40 * day * 1000, toMs: noonMs + 2 * day * 1000 },
): Promise<readonly string[]> {
  const rules = createRuleBook({ state: bench.state, store: bench.store, clock: bench.clock })
  const { signals } = await rules.test({ id }, { range, entities: false })
  return signals.map(({ group }) => group['service'] ?? '').sort()
}

test('patient attacks of a day are seen live, what looks like them is not, and a fast signal is enough', async () => {
  bench = await startSlowBench()
  const within = (service: string, events: readonly Event[]): readonly Event[] =>
    events.map((event) => ({ ...event, service }))
  const every = (count: number): number => (22 * hour) / count
  await live([
    ...within(
      'stuffing',
      times(66, 0, every(66), (at, n) => failure(at, attacker, `user${n % 30}`, n % 2 === 0)),
    ),
    ...within(
      'nearly stuffing',
      times(60, 0, every(60), (at, n) => failure(at, attacker, `user${n}`)),
    ),
    ...within(
      'few accounts',
      times(70, 0, every(70), (at, n) => failure(at, attacker, `user${n % 3}`)),
    ),
    ...within('an office', [
      ...times(70, 0, every(70), (at, n) => failure(at, attacker, `user${n}`)),
      ...times(20, 60, every(20), (at, n) => success(at, attacker, `user${n}`)),
    ]),
    ...within(
      'private addresses',
      times(66, 0, every(66), (at, n) => failure(at, '10.0.0.9', `user${n}`)),
    ),
    ...within('a fast one too', [
      ...times(40, 0, 5, (at, n) => failure(at, attacker, `user${n}`)),
      ...times(66, hour, 1_100, (at, n) => failure(at, attacker, `user${n}`)),
    ]),
    ...within(
      'brute force',
      times(105, 0, every(105), (at, n) => failure(at, address(n % 25), 'victim')),
    ),
    ...within(
      'a forgotten device',
      times(264, 0, every(264), (at) => failure(at, attacker, 'printer')),
    ),
    ...within(
      'nobody',
      times(105, 0, every(105), (at, n) => failure(at, address(n % 25), 'nobody', false)),
    ),
  ])
  const signals = await bench.signals()
  expect(signals.map(({ rule, group }) => `${group['service']}: ${rule.id}`).sort()).toEqual([
    'a fast one too: credential-stuffing',
    'brute force: brute-force-day',
    'stuffing: credential-stuffing-day',
  ])
  const slow = signals.find(({ rule }) => rule.id === 'credential-stuffing-day')
  expect(slow).toMatchObject({ case: 'Attempt', severity: 'low', targetedUsers: 30, attackingIps: 1 })
  expect(Date.parse(slow?.openedAt ?? '') % 900_000).toBe(0)
  expect(slow?.responses).toEqual([])
  expect(await found('credential-stuffing-day')).toEqual(['stuffing'])
}, 120_000)

test('a slow campaign in which somebody gets in is critical, and a restart signals nothing twice', async () => {
  bench = await startSlowBench()
  await live([...times(70, 0, 600, (at, n) => failure(at, attacker, `user${n}`)), success(40_000, attacker, 'victim')])
  await bench.restart()
  for (let tick = 0; tick < 8; tick++) await bench.later(120)
  expect(await bench.signals()).toMatchObject([
    { rule: { id: 'credential-stuffing-day' }, severity: 'critical', compromisedUsers: 1 },
  ])
}, 120_000)

test('an import of yesterday raises no live signal of a slow rule', async () => {
  bench = await startSlowBench()
  await bench.happen([success(0, attacker, 'me')])
  await bench.happen(times(80, -20 * hour, 600, (at, n) => failure(at, attacker, `user${n}`)))
  for (let tick = 0; tick < 8; tick++) await bench.later(120)
  expect(await bench.signals()).toEqual([])
  expect(await found('credential-stuffing-day')).toEqual(['shop'])
})

test.each([
  { id: 'credential-stuffing-week', count: 210, users: 210, ips: 1, days: 6.5 },
  { id: 'credential-stuffing-month', count: 410, users: 200, ips: 1, days: 28 },
  { id: 'brute-force-week', count: 260, users: 1, ips: 50, days: 6.5 },
])(
  '$id is found in a back-test, and not when there is a little less of it',
  async ({ id, count, users, ips, days }) => {
    bench = await startSlowBench()
    const attempts = (service: string, howMany: number): readonly Event[] =>
      times(howMany, -30 * day, (days * day) / count, (at, n) => ({
        ...failure(at, ips === 1 ? attacker : address(n % ips), `user${n % users}`),
        service,
      }))
    await bench.happen([...attempts('attacked', count), ...attempts('nearly', count - 11)])
    expect(await found(id)).toEqual(['attacked'])
  },
  120_000,
)

/** An ordinary day: people at home, of whom one in ten mistypes first. `failures` multiplies that. */
function ordinaryDay(service: string, from: number, failures = 1): readonly Event[] {
  return times(600, from, day / 600, (at, n): Event => ({
    ...success(at, address(n % 300), `user${n % 300}`),
    service,
  })).flatMap((event, n) => {
    const wrong = n % 10 === 0 ? failures : n % 10 < 5 && failures > 2 ? 1 : 0
    return [
      ...times(wrong, event.at - 20 * wrong, 15, (at) => ({ ...failure(at, event.ip, event.login ?? ''), service })),
      event,
    ]
  })
}

test('a campaign of one attempt an address over a day stands out by its strangers, a bad day of known people does not', async () => {
  bench = await startSlowBench()
  const service = (name: string, lastDay: readonly Event[], failures: number): readonly Event[] => [
    ...times(5, -6 * day, day, (at) => ({ at, event: '', ip: '' })).flatMap(({ at }) => ordinaryDay(name, at)),
    ...ordinaryDay(name, -day, failures),
    ...lastDay.map((event) => ({ ...event, service: name })),
  ]
  const strangers = times(300, -22 * hour, 250, (at, n) =>
    failure(at, `203.0.${n >> 7}.${n & 127}`, `stolen${n}`, n % 3 === 0),
  )
  await bench.happen([
    ...service('attacked', strangers, 1),
    ...service('bad day', [], 5),
    ...service('ordinary', [], 1),
  ])
  const range = { fromMs: noonMs - 6 * hour * 1000, toMs: noonMs }
  expect(await found('distributed-credential-stuffing-day', range)).toEqual(['attacked'])
}, 120_000)
