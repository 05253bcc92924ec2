import { afterEach, expect, test } from 'vitest'
import type { DetectionRule } from '../../../src/model/detection-rule.ts'
import { failure, startBench, success, times, type Bench, type Event } from '../detect/campaign-bench.ts'

let bench: Bench
afterEach(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const attacker = '203.0.113.9'
const stuffing = (from: number, ip = attacker): readonly Event[] =>
  times(35, from, 1, (at, n) => failure(at, ip, `stolen${from}-${n}`))

async function denied(): Promise<readonly string[]> {
  const { items } = await bench.state.entries('denylist', { activeAtMs: bench.clock.nowMs() }, { limit: 1_000 })
  return items.map(({ kind, value }) => `${kind} ${value}`).toSorted()
}

async function refusals(): Promise<readonly string[]> {
  const found: string[] = []
  for (const { id } of await bench.signals()) {
    const { items } = await bench.state.timeline(id, { limit: 100 })
    found.push(...items.filter(({ kind }) => kind === 'response_refused').map(({ text }) => text))
  }
  return found
}

const hidden: { says: string; before: readonly Event[]; why: RegExp }[] = [
  {
    says: 'private',
    before: times(60, -5_000, 10, (at, n) => success(at, `10.0.0.${n}`, `user${n}`)),
    why: /6\d % of the client addresses of shop are private/,
  },
  {
    says: 'few',
    before: times(60, -5_000, 10, (at, n) => success(at, `198.51.100.${n % 2}`, `user${n}`)),
    why: /the 60 users of shop come from 2 addresses/,
  },
]
test.each(hidden)(
  'automation leaves a service alone whose addresses are $says, and says why',
  async ({ before, why }) => {
    bench = await startBench()
    await bench.happen(before)
    await bench.happen(stuffing(0))
    expect(await denied()).toEqual([])
    expect(await refusals()).toEqual([expect.stringMatching(why)])
  },
)

test('the same service, its addresses verified by hand, is protected', async () => {
  bench = await startBench({ verifiedServices: ['shop'] })
  await bench.happen(hidden[1]?.before ?? [])
  await bench.happen(stuffing(0))
  expect(await denied()).toEqual([`ip ${attacker}`])
})

/** A rule of one's own: many failures, whatever it groups by. */
async function aRule(groupBy: readonly string[], respond: DetectionRule['cases'][number]['respond']): Promise<void> {
  const rule: DetectionRule & { version: number } = {
    id: 'own',
    name: 'Own',
    version: 1,
    enabled: true,
    tags: [],
    queries: {
      failures: { filter: '@appsec.security_activity:business_logic.users.login.failure', aggregate: 'count' },
      successes: { filter: '@appsec.security_activity:business_logic.users.login.success', aggregate: 'count' },
    },
    groupBy,
    windowSeconds: 600,
    keepAliveSeconds: 3_600,
    maxSignalSeconds: 86_400,
    method: 'threshold',
    cases: [{ name: 'Many', severity: 'low', when: 'failures > 10', ...(respond === undefined ? {} : { respond }) }],
    message: '',
  }
  await bench.state.commit({ rules: [{ rule, at: '2026-01-01T00:00:00.000Z', by: 'ann', deleted: false }] })
}

const agent = (from: number, userAgent: string): readonly Event[] =>
  times(12, from, 1, (at, n) => ({
    ...failure(at, `203.0.113.${n}`, `u${n}`),
    attributes: { 'http.useragent': userAgent },
  }))

test('a rule that groups by user agent blocks it, unless ordinary users have it too', async () => {
  bench = await startBench()
  await aRule(['service', '@http.useragent'], [{ block: 'user_agent', forSeconds: 900 }])
  await bench.happen(
    times(3, -5_000, 1, (at, n) => ({
      ...success(at, `198.51.100.${n}`, `home${n}`),
      attributes: { 'http.useragent': 'browser/1.0' },
    })),
  )
  await bench.happen([...agent(0, 'evil-bot/1.0'), ...agent(20, 'browser/1.0')])
  expect(await denied()).toEqual(['user_agent evil-bot/1.0'])
  expect(await refusals()).toEqual([expect.stringMatching(/browser\/1\.0 is not blocked: 3 users/)])
})

test('a rule that asks for what its group does not name says so', async () => {
  bench = await startBench()
  await aRule(['service'], [{ block: 'user_agent', forSeconds: 900 }])
  await bench.happen(agent(0, 'evil-bot/1.0'))
  expect(await denied()).toEqual([])
  expect(await refusals()).toEqual([expect.stringContaining('names a user agent')])
})

test('compromised users are blocked by id or login where a rule asks for it; no other user is', async () => {
  bench = await startBench()
  await aRule(
    ['service', '@http.client_ip'],
    [
      { block: 'user', forSeconds: 900 },
      { block: 'login', forSeconds: 900 },
    ],
  )
  await bench.happen([...times(12, 0, 1, (at, n) => failure(at, attacker, `u${n}`)), success(13, attacker, 'victim')])
  expect((await denied()).filter((entry) => !entry.startsWith('ip '))).toEqual(['login victim', 'user id-victim'])
})

test('an address is flagged for a day, once, and nothing is stopped for it', async () => {
  bench = await startBench()
  await aRule(['service', '@http.client_ip'], [{ flag: 'ip' }])
  await bench.happen(times(12, 0, 1, (at, n) => failure(at, attacker, `u${n % 3}`)))
  await bench.happen(times(3, 20, 1, (at, n) => failure(at, attacker, `u${n}`)))
  expect(await denied()).toEqual([])
  const [signal] = await bench.signals()
  expect(signal?.responses.map(({ kind, value }) => [kind, value])).toEqual([['flag_ip', attacker]])
})

const campaign = (from: number, first: number): readonly Event[] =>
  times(12, from, 1, (at, n) => failure(at, `203.0.113.${first + n}`, `u${from}-${n}`))

test('an answer that goes on blocks what joins later, with the same exceptions, until the signal closes', async () => {
  bench = await startBench({ enabled: false })
  await aRule(['service'], undefined)
  await bench.happen(times(3, -5_000, 1, (at, n) => success(at, '203.0.113.41', `home${n}`)))
  await bench.happen(campaign(0, 0))
  const [signal] = await bench.signals()
  const id = signal?.id ?? ''
  const answered = await bench.responder.answer(id, { selection: 'ips', forSeconds: 900, continuous: true }, 'ann')
  expect(answered.responses).toHaveLength(12)
  await bench.happen(campaign(30, 40))
  expect(await denied()).toHaveLength(23)
  expect(await refusals()).toEqual([expect.stringContaining('203.0.113.41 is not blocked: 3 users')])
  const { items } = await bench.state.entries('denylist', { values: ['203.0.113.45'] }, { limit: 1 })
  expect(items[0]).toMatchObject({ author: 'ann', signalId: id })
  await bench.restart()
  await bench.happen(campaign(60, 80))
  expect(await denied()).toHaveLength(35)
  await bench.later(4_000)
  expect(bench.responder.standing(id)).toEqual([])
})

test('an answer that goes on ends when a person ends it', async () => {
  bench = await startBench({ enabled: false })
  await aRule(['service'], undefined)
  await bench.happen(campaign(0, 0))
  const id = (await bench.signals())[0]?.id ?? ''
  await bench.responder.answer(id, { selection: 'ips', forSeconds: 900, continuous: true }, 'ann')
  await bench.responder.endStanding(id, 'bob')
  await bench.happen(campaign(30, 40))
  expect(await denied()).toHaveLength(12)
  await expect(bench.responder.endStanding(id, 'bob')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

const bad: { says: string; answer: Parameters<Bench['responder']['answer']>[1]; path: RegExp }[] = [
  { says: 'values without a kind', answer: { selection: 'values', values: ['x'], forSeconds: 1 }, path: /^kind/ },
  { says: 'no values', answer: { selection: 'values', kind: 'ip', forSeconds: 1 }, path: /^values/ },
  { says: 'addresses by login', answer: { selection: 'ips', kind: 'login', forSeconds: 1 }, path: /^kind/ },
  {
    says: 'values that go on',
    answer: { selection: 'values', kind: 'ip', values: ['192.0.2.1'], forSeconds: 1, continuous: true },
    path: /^continuous/,
  },
  {
    says: 'going on without end',
    answer: { selection: 'ips', forSeconds: null, continuous: true },
    path: /^forSeconds/,
  },
  { says: 'what is no address', answer: { selection: 'values', kind: 'ip', values: ['x'], forSeconds: 1 }, path: /x/ },
]
test('answers that make no sense are refused, and nothing is blocked', async () => {
  bench = await startBench({ enabled: false })
  await bench.happen(stuffing(0))
  const id = (await bench.signals())[0]?.id ?? ''
  for (const { answer, path } of bad) {
    await expect(bench.responder.answer(id, answer, 'ann')).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(path),
    })
  }
  expect(await denied()).toEqual([])
  const chosen = { selection: 'values', kind: 'user_agent', values: ['evil', 'evil'], forSeconds: null } as const
  expect((await bench.responder.answer(id, chosen, 'ann')).responses).toMatchObject([{ value: 'evil', until: null }])
})
