import { expect, test } from 'vitest'
import { closeQuiet, compileRule, evaluate } from '../../../src/collector/detect/evaluate.ts'
import { groupKey } from '../../../src/collector/detect/group.ts'
import type { SignalFacts } from '../../../src/collector/state/state.ts'
import type { WindowCounts } from '../../../src/collector/store/store.ts'
import type { DetectionRule } from '../../../src/model/detection-rule.ts'
import type { SignalUpdate } from '../../../src/model/signal.ts'

const rule: DetectionRule & { version: number } = {
  id: 'failed-logins',
  name: 'Failed logins',
  enabled: true,
  version: 3,
  tags: ['category:account_takeover'],
  queries: {
    failures: { filter: '@a:failure', aggregate: 'count' },
    successes: { filter: '@a:success', aggregate: 'count' },
  },
  groupBy: ['env', 'service', '@http.client_ip'],
  windowSeconds: 600,
  keepAliveSeconds: 3600,
  maxSignalSeconds: 7200,
  method: 'threshold',
  cases: [
    { name: 'Compromised', severity: 'critical', when: 'failures > 30 && successes > 0 && 10 * successes < failures' },
    { name: 'Attempt', severity: 'low', when: 'failures > 30' },
  ],
  message: '',
}

const start = Date.UTC(2026, 0, 5, 12)
const atSecond = (second: number): number => start + second * 1000

function window(second: number, failures: number, successes = 0, over: Partial<WindowCounts> = {}): WindowCounts {
  return {
    group: { env: 'prod', service: 'shop', '@http.client_ip': '203.0.113.9' },
    toMs: atSecond(second),
    counts: { failures, successes },
    firstSeenMs: atSecond(second - 30),
    lastSeenMs: atSecond(second) - 1,
    trusted: true,
    ...over,
  }
}

let ids = 0
function run(windows: readonly WindowCounts[], signals: readonly SignalFacts[] = []): readonly SignalUpdate[] {
  return evaluate({
    compiled: compileRule(rule),
    windows,
    latest: new Map(signals.map((signal) => [groupKey(signal.group), signal])),
    findingOf: () => ({}),
    nowMs: atSecond(5),
    newId: () => `id${++ids}`,
  })
}

function opened(second = 0, failures = 31, successes = 0): SignalFacts {
  const [update] = run([window(second, failures, successes)])
  if (update === undefined) throw new Error('nothing opened')
  return update.signal
}

test('one too few raises nothing', () => {
  expect(run([window(0, 30)])).toEqual([])
})

test('the crossing opens one signal, with what was known of it then', () => {
  const updates = run([window(0, 30), window(1, 31), window(2, 32)])
  expect(updates.map(({ what }) => what)).toEqual(['opened'])
  expect(updates[0]?.signal).toMatchObject({
    rule: { id: 'failed-logins', name: 'Failed logins', version: 3 },
    case: 'Attempt',
    severity: 'low',
    title: 'Failed logins (203.0.113.9, shop): Attempt',
    state: 'open',
    group: { env: 'prod', service: 'shop', 'http.client_ip': '203.0.113.9' },
    openedAt: new Date(atSecond(1)).toISOString(),
    firstSeen: new Date(atSecond(-29)).toISOString(),
    counts: { failures: 32, successes: 0 },
    query: 'env:prod service:shop @http.client_ip:203.0.113.9 ((@a:failure) OR (@a:success))',
  })
})

test('each group has a signal of its own', () => {
  const other = { group: { env: 'prod', service: 'shop', '@http.client_ip': '203.0.113.10' } }
  expect(run([window(0, 31), window(0, 31, 0, other)])).toHaveLength(2)
})

test('severity rises, and never falls again', () => {
  const low = opened()
  const [escalated] = run([window(10, 33, 1)], [low])
  expect(escalated).toMatchObject({ what: 'escalated', signal: { id: low.id, severity: 'critical' } })
  expect(escalated?.signal.title).toContain('Compromised')
  const [continued] = run([window(20, 35)], [escalated?.signal ?? low])
  expect(continued).toMatchObject({ what: 'continued', signal: { severity: 'critical', case: 'Compromised' } })
})

test('integers are compared as integers: ten successes for a hundred failures are no guessing', () => {
  expect(opened(0, 100, 10).severity).toBe('low')
  expect(opened(0, 101, 10).severity).toBe('critical')
})

test('the same windows a second time change nothing but what they say again', () => {
  const first = run([window(1, 31), window(2, 35)])
  const signal = first[0]?.signal
  if (signal === undefined) throw new Error('nothing opened')
  const again = run([window(1, 31), window(2, 35)], [signal])
  expect(again.map(({ what }) => what)).toEqual(['continued'])
  expect(again[0]?.signal).toEqual(signal)
})

test('quiet for the keep-alive, a signal closes at that time; one second less, it stays', () => {
  const signal = opened()
  const endMs = Date.parse(signal.lastSeen) + 3_600_000
  expect(closeQuiet(rule, [signal], endMs)).toEqual([])
  expect(closeQuiet(rule, [signal], endMs + 1)).toMatchObject([
    { what: 'closed', signal: { state: 'closed', closedAt: new Date(endMs).toISOString() } },
  ])
})

test('a campaign that goes on for longer than a signal may opens the next one', () => {
  const signal = { ...opened(), lastSeen: new Date(atSecond(7_190)).toISOString() }
  const updates = run([window(7_201, 40)], [signal])
  expect(updates.map(({ what, signal: { id } }) => [what, id === signal.id])).toEqual([
    ['closed', true],
    ['opened', false],
  ])
})

test('a late record of a campaign that is over opens nothing', () => {
  const [closed] = closeQuiet(rule, [opened()], atSecond(4_000))
  if (closed === undefined) throw new Error('not closed')
  expect(run([window(60, 31)], [closed.signal])).toEqual([])
  expect(run([window(9_000, 31)], [closed.signal])).toMatchObject([{ what: 'opened' }])
})

test('an archived signal stays archived while nothing gets worse, and comes back when it does', () => {
  const archived: SignalFacts = { ...opened(), state: 'archived', archiveReason: 'our own test' }
  expect(run([window(10, 50)], [archived])).toMatchObject([{ what: 'continued', signal: { state: 'archived' } }])
  expect(run([window(10, 50, 1)], [archived])).toMatchObject([
    { what: 'reopened', signal: { id: archived.id, state: 'open', archiveReason: null, severity: 'critical' } },
  ])
})

test('an archived signal that was quiet comes back within 30 days if it is worse; otherwise a new one opens', () => {
  const closedAt = new Date(atSecond(3_600)).toISOString()
  const archived: SignalFacts = { ...opened(), state: 'archived', closedAt }
  const day = 86_400
  expect(run([window(29 * day, 50, 1)], [archived])).toMatchObject([{ what: 'reopened', signal: { id: archived.id } }])
  expect(run([window(31 * day, 50, 1)], [archived])[0]).toMatchObject({ what: 'opened' })
  expect(run([window(29 * day, 50)], [archived])[0]).toMatchObject({ what: 'opened' })
})

const environments = [
  ['prod', 'critical'],
  ['staging-eu', 'high'],
  ['test', 'high'],
  ['development', 'high'],
  ['', 'critical'],
] as const
test.each(environments)('in "%s" a compromise is %s', (env, severity) => {
  const group = { env, service: 'shop', '@http.client_ip': '203.0.113.9' }
  expect(run([window(0, 50, 1, { group })])[0]?.signal.severity).toBe(severity)
})

test('one untrusted window makes the update untrusted', () => {
  expect(run([window(1, 31), window(2, 32, 0, { trusted: false })])[0]?.trusted).toBe(false)
})

test('hostile group values are only text', () => {
  const group = { env: 'prod', service: '__proto__', '@http.client_ip': '") OR *' }
  const [update] = run([window(0, 31, 0, { group })])
  expect(update?.signal.group['service']).toBe('__proto__')
  expect(update?.signal.query).toContain(String.raw`@http.client_ip:"\") OR *"`)
})
