import { afterEach, expect, test } from 'vitest'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'
import type { ManagedWafRule } from '../../../src/model/waf-rule.ts'
import type { ResponseRecord } from '../../../src/collector/state/state.ts'

let bench: Bench
afterEach(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const attacker = '203.0.113.9'
const stuffing = (from: number, count = 35): readonly Event[] =>
  times(count, from, 1, (at, n) => failure(at, attacker, `stolen${from}-${n}`))

async function deniedIps(): Promise<readonly string[]> {
  const { items } = await bench.state.entries('denylist', { activeAtMs: bench.clock.nowMs() }, { limit: 1_000 })
  return items.map(({ value }) => value)
}

test('a campaign becomes one signal, a block of twelve hours, a timeline and an audit entry', async () => {
  bench = await startBench()
  await bench.happen(stuffing(0))
  const [signal] = await bench.signals()
  expect(signal).toMatchObject({
    case: 'Attempt',
    severity: 'low',
    state: 'open',
    group: { env: 'prod', service: 'shop', 'http.client_ip': attacker },
    openedAt: new Date(noonMs + 30_000).toISOString(),
    firstSeen: new Date(noonMs).toISOString(),
    counts: { failures: 35, users: 35, successes: 0 },
    targetedUsers: 35,
    attackingIps: 1,
    responses: [{ kind: 'block_ip', value: attacker, by: 'automation', undoneAt: null }],
  })
  const { items } = await bench.state.entries('denylist', {}, { limit: 10 })
  expect(items).toMatchObject([{ kind: 'ip', value: attacker, author: 'automation', signalId: signal?.id }])
  expect(Date.parse(items[0]?.expiresAt ?? '') - Date.parse(items[0]?.createdAt ?? '')).toBe(43_200_000)
  const timeline = await bench.state.timeline(signal?.id ?? '', { limit: 10 })
  expect(timeline.items.map(({ kind, by }) => [kind, by])).toEqual([
    ['opened', 'portcullis'],
    ['response_taken', 'automation'],
  ])
  expect((await bench.state.audit({ limit: 10 })).items).toMatchObject([{ action: 'denylist.add', by: 'automation' }])
})

test('a compromise raises the severity, names the account, and the lists are complete', async () => {
  bench = await startBench()
  await bench.happen(stuffing(0))
  await bench.happen([success(40, attacker, 'victim'), failure(41, attacker, 'nobody', false)])
  await bench.later(5)
  const [signal] = await bench.signals()
  if (signal === undefined) throw new Error('no signal')
  expect(signal).toMatchObject({ severity: 'critical', case: 'Account compromised', compromisedUsers: 1 })
  expect((await bench.lists.compromisedUsers(signal, { limit: 10 })).items).toMatchObject([
    { usrLogin: 'victim', usrId: 'id-victim', ip: attacker, at: new Date(noonMs + 40_000).toISOString() },
  ])
  const users: string[] = []
  let cursor: string | undefined
  do {
    const page = await bench.lists.users(signal, { limit: 10, ...(cursor === undefined ? {} : { cursor }) })
    users.push(...page.items.map(({ usrLogin }) => usrLogin))
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  expect(new Set(users).size).toBe(36)
  const nobody = (await bench.lists.users(signal, { limit: 100 })).items.find(({ usrLogin }) => usrLogin === 'nobody')
  expect(nobody).toMatchObject({ exists: false, attempts: 1, ips: 1, compromised: false })
  expect((await bench.lists.ips(signal, { limit: 10 })).items).toMatchObject([
    { ip: attacker, attempts: 36, users: 36, successes: 1, threatIntel: false, blocked: 0 },
  ])
  const timeline = await bench.state.timeline(signal.id, { limit: 20 })
  expect(timeline.items.map(({ kind }) => kind)).toEqual(['opened', 'response_taken', 'case_changed', 'compromised'])
})

test('somebody who has always logged in from that address is not compromised', async () => {
  bench = await startBench()
  await bench.happen([success(-3_000, attacker, 'inhabitant')])
  await bench.happen(stuffing(0))
  await bench.happen([success(40, attacker, 'inhabitant'), success(41, attacker, 'victim')])
  await bench.later(5)
  const [signal] = await bench.signals()
  if (signal === undefined) throw new Error('no signal')
  const { items } = await bench.lists.compromisedUsers(signal, { limit: 10 })
  expect(items.map(({ usrLogin }) => usrLogin)).toEqual(['victim'])
})

test('after a crash nothing is signalled or blocked twice, and nothing is missed', async () => {
  bench = await startBench()
  await bench.happen(stuffing(0, 20))
  await bench.restart()
  await bench.happen(stuffing(30, 20))
  expect(await bench.signals()).toHaveLength(1)
  await bench.restart()
  await bench.later(1)
  await bench.happen(stuffing(60, 20))
  await bench.restart()
  await bench.later(1)
  const [signal, ...others] = await bench.signals()
  expect(others).toEqual([])
  expect(signal?.responses).toHaveLength(1)
  expect(await deniedIps()).toEqual([attacker])
  const timeline = await bench.state.timeline(signal?.id ?? '', { limit: 20 })
  expect(timeline.items.map(({ kind }) => kind)).toEqual(['opened', 'response_taken'])
})

test('what was appended but not evaluated before a crash is evaluated after it', async () => {
  bench = await startBench()
  await bench.later(0)
  const { store } = bench
  const { tick } = bench.detection
  bench.detection.tick = () => Promise.resolve({ evaluatedRules: 0, signals: [] })
  await bench.happen(stuffing(0))
  bench.detection.tick = tick
  expect(await store.sequence()).toBe(35)
  expect(await bench.signals()).toEqual([])
  await bench.restart()
  await bench.later(0)
  expect(await bench.signals()).toHaveLength(1)
})

test('quiet for an hour, the signal closes; blocked requests keep it open', async () => {
  bench = await startBench()
  await bench.happen(stuffing(0))
  const blocked = times(10, 3_000, 1, (at) => ({
    at,
    event: 'none',
    ip: attacker,
    attributes: { 'appsec.blocked': true, 'appsec.security_activity': ['attack_attempt.block_ip'] },
  }))
  await bench.happen(blocked)
  await bench.later(10)
  const [open] = await bench.signals()
  expect(open).toMatchObject({ state: 'open', counts: { blocked: 10 } })
  await bench.later(1_000)
  expect((await bench.signals())[0]?.state).toBe('open')
  await bench.later(3_000)
  expect((await bench.signals())[0]).toMatchObject({ state: 'closed', closedAt: expect.any(String) as string })
})

test('what a rule stopped counts for each signal that has one which says the same', async () => {
  bench = await startBench({ enabled: false })
  const second = '203.0.113.10'
  await bench.happen([...stuffing(0), ...times(35, 0, 1, (at, n) => failure(at, second, `other${n}`))])
  const signals = await bench.signals()
  expect(signals).toHaveLength(2)
  const at = new Date(bench.clock.nowMs()).toISOString()
  const conditions = [
    { operator: 'exact_match', parameters: { list: ['tool'], inputs: [{ address: 'http.client_ip' }] } },
  ]
  const managed = (id: string, service: string): ManagedWafRule => ({
    id,
    name: id,
    mode: 'blocking',
    services: [service],
    envs: [],
    routes: [{ method: 'POST', pathPattern: '/login' }],
    response: 'block',
    endsAt: null,
    collateral: { logins: 5, share: 0.05 },
    rule: { conditions },
    version: 1,
    origin: { by: 'automation', signalId: null, clusterId: null },
    createdAt: at,
    updatedAt: at,
    inModeSince: at,
  })
  const response = (signalId: string, value: string): ResponseRecord => ({
    id: `r-${value}`,
    kind: 'waf_rule',
    value,
    by: 'automation',
    at,
    until: null,
    undoneAt: null,
    signalId,
    entryId: null,
    why: '',
    collateralUsers: 0,
  })
  const elsewhere = managed('elsewhere', 'blog')
  await bench.state.commit({
    documents: [managed('first', 'shop'), managed('second', 'shop'), elsewhere].map((put) => ({
      kind: 'wafRule',
      put,
    })),
    responses: signals.map(({ id }, index) => response(id, index === 0 ? 'first' : 'second')),
  })
  const stopped = (rule: string, count: number): readonly Event[] =>
    times(count, 100, 1, (from) => ({
      at: from,
      event: 'none',
      ip: '198.51.100.3',
      attributes: { 'appsec.blocked': true, 'appsec.rules': [rule] },
    }))
  await bench.happen([...stopped('first', 7), ...stopped('elsewhere', 3)])
  await bench.later(10)
  expect((await bench.signals()).map(({ counts }) => counts['blocked'])).toEqual([7, 7])
})

test('with automation off it signals and blocks nothing', async () => {
  bench = await startBench({ enabled: false })
  await bench.happen(stuffing(0))
  expect(await bench.signals()).toHaveLength(1)
  expect(await deniedIps()).toEqual([])
})

const spared: { says: string; before?: readonly Event[]; events: readonly Event[]; why: RegExp }[] = [
  {
    says: 'an address of three users',
    before: [success(-900, attacker, 'a'), success(-800, attacker, 'b'), success(-700, attacker, 'c')],
    events: stuffing(0),
    why: /3 users.*shared/,
  },
  {
    says: 'a claimed address',
    events: stuffing(0).map((event) => ({ ...event, ipSource: 'claimed' })),
    why: /claimed/,
  },
  {
    says: 'an address of which the tracer does not say how it was found',
    events: stuffing(0).map((event, index) => ({ ...event, ipSource: index === 3 ? 'unknown' : 'trusted' })),
    why: /claimed/,
  },
  { says: 'a private address', events: stuffing(0).map((event) => ({ ...event, ip: '10.1.2.3' })), why: /private/ },
  { says: 'what came without a key', events: stuffing(0).map((event) => ({ ...event, trusted: false })), why: /key/ },
]
test.each(spared)('automation spares $says, and says so once', async ({ before = [], events, why }) => {
  bench = await startBench()
  if (before.length > 0) await bench.happen(before)
  await bench.happen(events)
  await bench.happen([{ ...(events.at(-1) ?? failure(0, attacker, 'x')), at: 50 }])
  const [signal] = await bench.signals()
  expect(await deniedIps()).toEqual([])
  const { items } = await bench.state.timeline(signal?.id ?? '', { limit: 20 })
  const refusals = items.filter(({ kind }) => kind === 'response_refused')
  expect(refusals.map(({ text }) => text)).toEqual([expect.stringMatching(why)])
})

test('automation spares the passlist', async () => {
  bench = await startBench()
  await bench.responder.add(
    'passlist',
    [{ kind: 'cidr', value: '203.0.113.0/24', expiresAt: null, reason: 'our office' }],
    'ann',
  )
  await bench.happen(stuffing(0))
  expect(await bench.signals()).toHaveLength(1)
  expect(await deniedIps()).toEqual([])
})

test('against one account, the guessing addresses are blocked and its owner is not', async () => {
  bench = await startBench()
  const owner = '198.51.100.7'
  await bench.happen([success(-86_400 / 2, owner, 'victim')])
  await bench.happen(
    [
      ...times(36, 0, 2, (at, n) => failure(at, `203.0.113.${1 + (n % 6)}`, 'victim')),
      ...times(6, 1, 8, (at) => failure(at, owner, 'victim')),
      ...times(2, 3, 8, (at) => failure(at, '198.51.100.99', 'victim')),
    ].sort((a, b) => a.at - b.at),
  )
  await bench.happen([failure(80, '203.0.113.1', 'victim')])
  const [signal] = await bench.signals()
  expect(signal?.rule.id).toBe('brute-force')
  expect([...(await deniedIps())].sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `203.0.113.${n}`))
})

test('a person who undoes a block is not overruled by the campaign that goes on', async () => {
  bench = await startBench()
  await bench.happen(stuffing(0))
  const [signal] = await bench.signals()
  await bench.responder.undo(signal?.responses[0]?.id ?? '', 'ann')
  expect(await deniedIps()).toEqual([])
  await bench.happen(stuffing(50))
  expect(await deniedIps()).toEqual([])
  const after = (await bench.signals())[0]
  expect(after?.responses).toMatchObject([{ undoneAt: expect.any(String) as string }])
})

test('a block that ended is renewed while the campaign goes on', async () => {
  bench = await startBench()
  await bench.happen(stuffing(0))
  const [entry] = (await bench.state.entries('denylist', {}, { limit: 1 })).items
  await bench.responder.extend('denylist', entry?.id ?? '', new Date(bench.clock.nowMs() + 60_000).toISOString(), 'ann')
  await bench.happen(stuffing(120))
  expect(await deniedIps()).toEqual([attacker])
  expect((await bench.signals())[0]?.responses).toHaveLength(2)
})

test('the ceiling stops automation when it would touch too many users', async () => {
  bench = await startBench({ ceilingShare: 0.01 })
  const ip = (index: number): string => `203.0.113.${index}`
  await bench.happen([
    ...times(100, -5_000, 1, (at, n) => success(at, `198.51.100.${n}`, `user${n}`)),
    ...times(4, -4_000, 1, (at, n) => success(at, ip(n), `at-home${n}`)),
  ])
  for (let index = 0; index < 4; index++) {
    await bench.happen(times(35, index * 40, 1, (at, n) => failure(at, ip(index), `stolen${index}-${n}`)))
  }
  expect(await deniedIps()).toHaveLength(1)
  const refused: string[] = []
  for (const { id } of await bench.signals()) {
    const { items } = await bench.state.timeline(id, { limit: 20 })
    refused.push(...items.filter(({ kind }) => kind === 'response_refused').map(({ text }) => text))
  }
  expect(refused).toHaveLength(3)
  expect(refused[0]).toMatch(/already touch 1 of the 1 users/)
})

test('a whole signal can be answered by hand, and each block taken back', async () => {
  bench = await startBench({ enabled: false })
  await bench.happen([...stuffing(0), success(36, attacker, 'victim')])
  const [signal] = await bench.signals()
  const id = signal?.id ?? ''
  const [byIp] = (await bench.responder.answer(id, { selection: 'ips', forSeconds: 3_600 }, 'ann')).responses
  const [byUser] = (await bench.responder.answer(id, { selection: 'compromisedUsers', forSeconds: 900 }, 'ann'))
    .responses
  expect(byIp).toMatchObject({ kind: 'block_ip', value: attacker, by: 'ann' })
  expect(byUser).toMatchObject({ kind: 'block_user', value: 'id-victim' })
  await bench.responder.rescind('denylist', byIp?.entryId ?? '', 'bob')
  expect(await deniedIps()).toEqual(['id-victim'])
  const responses = (await bench.state.signal(id))?.responses ?? []
  expect(responses.filter(({ undoneAt }) => undoneAt === null).map(({ kind }) => kind)).toEqual(['block_user'])
  await expect(bench.responder.rescind('denylist', byIp?.entryId ?? '', 'bob')).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

const badEntries = [
  [{ kind: 'ip', value: '1.2.3', expiresAt: null, reason: '' }, 'entries[0].value'],
  [{ kind: 'cidr', value: '1.2.3.4', expiresAt: null, reason: '' }, 'entries[0].value'],
  [{ kind: 'ip', value: '1.2.3.4', expiresAt: 'tomorrow', reason: '' }, 'entries[0].expiresAt'],
  [{ kind: 'ip', value: '1.2.3.4', expiresAt: '2020-01-01T00:00:00Z', reason: '' }, 'entries[0].expiresAt'],
  [{ kind: 'user', value: '', expiresAt: null, reason: '' }, 'entries[0].value'],
] as const
test('entries that mean nothing are refused with their place, and none of their batch is added', async () => {
  bench = await startBench()
  for (const [entry, path] of badEntries) {
    const adding = bench.responder.add('denylist', [entry], 'ann')
    await expect(adding).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining(path) as string,
    })
  }
  expect(await bench.state.countEntries('denylist', {})).toBe(0)
  const [added] = await bench.responder.add(
    'denylist',
    [{ kind: 'ip', value: '2001:DB8::0:1', expiresAt: null, reason: 'x' }],
    'ann',
  )
  expect(added?.value).toBe('2001:db8::1')
})
