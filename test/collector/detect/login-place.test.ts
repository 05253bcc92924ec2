import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Severity } from '../../../src/model/detection-rule.ts'
import { failure, noonMs, startBench, success } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

/** One bench for all cases: each has a service of its own, and no rule looks beyond one service. */
let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const day = 86_400
const hour = 3_600
const from = (country: string, at: number): Event => ({
  ...success(at, '198.51.100.7', 'me'),
  attributes: { 'network.client.country': country },
})

interface Case {
  readonly says: string
  /** Before noon in days, and what then happens, in seconds after. */
  readonly before: readonly Event[]
  readonly now: readonly Event[]
  readonly signals: readonly (readonly [rule: string, severity: Severity])[]
}

const home = [from('DE', -20 * day), from('DE', -3 * day), from('DE', -day)]
const cases: readonly Case[] = [
  {
    says: 'a country that is new after weeks',
    before: home,
    now: [from('BR', 0)],
    signals: [['new-country', 'info']],
  },
  { says: 'the country of always', before: home, now: [from('DE', 0)], signals: [] },
  {
    says: 'a country of three weeks ago',
    before: [from('BR', -21 * day), ...home],
    now: [from('BR', 0)],
    signals: [],
  },
  {
    says: 'a country of five weeks ago is forgotten',
    before: [from('BR', -35 * day), ...home],
    now: [from('BR', 0)],
    signals: [['new-country', 'info']],
  },
  {
    says: 'an account of six days is still learned',
    before: [from('DE', -6 * day)],
    now: [from('BR', 0)],
    signals: [],
  },
  { says: 'the first login of all', before: [], now: [from('BR', 0)], signals: [] },
  {
    says: 'a failed login from elsewhere is no login',
    before: home,
    now: [{ ...failure(0, '198.51.100.7', 'me'), attributes: { 'network.client.country': 'BR' } }],
    signals: [],
  },
  {
    says: 'from Germany to Brazil within an hour',
    before: [...home, from('DE', -hour)],
    now: [from('BR', 0)],
    signals: [
      ['impossible-travel', 'low'],
      ['new-country', 'info'],
    ],
  },
  {
    says: 'from Germany to Brazil within 15 hours',
    before: [...home, from('DE', -15 * hour)],
    now: [from('BR', 0)],
    signals: [['new-country', 'info']],
  },
  {
    says: 'to the neighbours within an hour',
    before: [...home, from('DE', -hour)],
    now: [from('FR', 0)],
    signals: [['new-country', 'info']],
  },
  {
    says: 'a VPN that is on now and then',
    before: [...home, from('US', -5 * day), from('DE', -hour)],
    now: [from('US', 0), from('DE', 600), from('US', 1_200)],
    signals: [],
  },
  {
    says: 'an account of this morning may be anywhere',
    before: [from('DE', -hour)],
    now: [from('BR', 0)],
    signals: [],
  },
]

test.each(cases)('$says', async ({ says, before, now, signals }) => {
  // The clock only goes forward, whatever the order of the cases.
  const offset = (bench.clock.nowMs() - noonMs) / 1000 + 2_000
  const shifted = (events: readonly Event[]): readonly Event[] =>
    events.map((event) => ({ ...event, at: event.at + offset, service: says }))
  if (before.length > 0) await bench.happen(shifted(before))
  await bench.happen(shifted(now))
  await bench.later(10)
  const found = (await bench.signals())
    .filter(({ group }) => group['service'] === says)
    .map(({ rule, severity }) => [rule.id, severity])
  expect(found.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual(signals)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(12))
