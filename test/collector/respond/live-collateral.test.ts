import { afterEach, beforeEach, expect, test } from 'vitest'
import { guardCollateral } from '../../../src/collector/respond/live-collateral.ts'
import { unmeasuredInputs } from '../../../src/collector/replay/measurable.ts'
import { createWafRules } from '../../../src/collector/respond/waf-rule-book.ts'
import type { WafRules } from '../../../src/collector/respond/waf-rules.ts'
import { failure, startBench, success, times, type Bench, type Event } from '../detect/campaign-bench.ts'

let bench: Bench
let rules: WafRules & { close(): void }
const errors: unknown[] = []
let guard: ReturnType<typeof guardCollateral>

beforeEach(async () => {
  bench = await startBench({ enabled: false })
  const { store, state, clock } = bench
  rules = await createWafRules({ state, clock, unmeasured: unmeasuredInputs })
  guard = guardCollateral({ store, state, wafRules: rules, clock, onError: (error) => errors.push(error) })
  await bench.happen(times(35, 0, 1, (at, n) => failure(at, '203.0.113.9', `u${n}`)))
})
afterEach(async () => {
  await guard.stop()
  rules.close()
  expect([...bench.errors, ...errors]).toEqual([])
  await bench.close()
})

const conditions = [
  {
    operator: 'exists',
    parameters: { inputs: [{ address: 'server.request.headers.no_cookies', key_path: ['user-agent'] }] },
  },
]
const matched = { 'appsec.rules': ['c1'] }
const stopped = { ...matched, 'appsec.blocked': true }

async function aRule(mode: string, over: object = {}): Promise<string> {
  const signalId = (await bench.signals())[0]?.id ?? ''
  return (await rules.add({ name: 'C', mode, signalId, rule: { id: 'c1', conditions }, ...over }, 'automation')).id
}

const seen = (event: Event, attributes: object): Event => ({ ...event, attributes: { ...attributes } })
/** Hits of the rule: `ordinary` of them of people. */
const monitored = (ordinary: number, others: number): readonly Event[] => [
  ...times(ordinary, 60, 1, (at, n) => seen(success(at, `198.51.100.${n}`, `home${n}`), matched)),
  ...times(others, 60, 1, (at, n) => seen(failure(at, '203.0.113.9', `u${n}`), matched)),
]
const blocked = (ordinary: number, others: number): readonly Event[] => [
  ...times(ordinary, 60, 1, (at, n) => seen({ ...failure(at, `198.51.100.${n}`, ''), event: 'x' }, stopped)),
  ...times(others, 60, 1, (at) => seen({ ...failure(at, '203.0.113.9', ''), event: 'x' }, stopped)),
]

const cases: { says: string; mode: string; events: readonly Event[]; over?: object; rolledBack?: RegExp }[] = [
  { says: 'monitoring that meets only the attack', mode: 'monitoring', events: monitored(0, 60) },
  { says: 'monitoring with as many logins as it may', mode: 'monitoring', events: monitored(5, 20) },
  {
    says: 'monitoring that meets ordinary logins',
    mode: 'monitoring',
    events: monitored(6, 20),
    rolledBack: /6 of 26 requests that it matched ended in a successful login/,
  },
  { says: 'the same, far fewer than those of the attack', mode: 'monitoring', events: monitored(6, 140) },
  {
    says: 'the same, allowed by its bound',
    mode: 'monitoring',
    events: monitored(6, 20),
    over: { collateral: { logins: 9 } },
  },
  { says: 'blocking that meets only strangers', mode: 'blocking', events: blocked(0, 60) },
  {
    says: 'blocking that meets people who had logged in before',
    mode: 'blocking',
    events: blocked(8, 20),
    rolledBack: /8 of 28 requests that it stopped came from somebody who had logged in before/,
  },
  { says: 'a rule of a person, for no signal', mode: 'monitoring', events: monitored(20, 0), over: { signalId: null } },
]
test.each(cases)('$says', async ({ mode, events, over, rolledBack }) => {
  const people = times(10, -86_400, 1, (at, n) => success(at, `198.51.100.${n}`, `home${n}`))
  await bench.happen(people)
  const id = await aRule(mode, over)
  await bench.happen(events)
  await guard.look()
  await guard.look()
  expect(rules.find(id).mode).toBe(rolledBack === undefined ? mode : 'disabled')
  const { items } = await bench.state.timeline((await bench.signals())[0]?.id ?? '', { limit: 50 })
  const told = items.filter(({ text }) => text.includes('is taken back')).map(({ text }) => text)
  expect(told).toEqual(rolledBack === undefined ? [] : [expect.stringMatching(rolledBack)])
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(8))
