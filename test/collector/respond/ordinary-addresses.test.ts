import { afterEach, expect, test } from 'vitest'
import type { Cluster } from '../../../src/model/cluster.ts'
import type { DetectionRule } from '../../../src/model/detection-rule.ts'
import type { Signal } from '../../../src/model/signal.ts'
import { failure, startBench, success, times, type Bench, type Event } from '../detect/campaign-bench.ts'

let bench: Bench
afterEach(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const tool = { 'http.useragent': 'tool/1.0', 'appsec.fingerprint.header.order': 'ord-1' }
const browser = { 'http.useragent': 'browser/1.0', 'appsec.fingerprint.header.order': 'ord-2' }
const withTool = (event: Event): Event => ({ ...event, attributes: { ...tool, ...event.attributes } })
const withBrowser = (event: Event): Event => ({ ...event, attributes: { ...browser, ...event.attributes } })

/** Forty addresses, one guess each: nothing that one address could be told by. */
const campaign: readonly Event[] = times(40, 0, 1, (at, n) => withTool(failure(at, `203.0.113.${n}`, `leaked${n}`)))
const attackers = campaign.map(({ ip }) => ip)
const day = 86_400

/** A person, or what looks like one, during the attack; `before` and `during` are the events of this one address. */
interface Case {
  readonly says: string
  readonly ip: string
  readonly before?: readonly Event[]
  readonly during: readonly Event[]
  /** undefined: it is blocked with the attackers. */
  readonly why?: RegExp
}

const cases: readonly Case[] = [
  {
    says: 'a home that fails once is known from its logins before',
    ip: '198.51.100.1',
    before: [success(-2 * day, '198.51.100.1', 'ann')],
    during: [failure(5, '198.51.100.1', 'ann')],
    why: /somebody had logged in from it/,
  },
  {
    says: 'a sign-up before is as good as a login',
    ip: '198.51.100.2',
    before: [{ at: -day, event: 'users.signup', ip: '198.51.100.2', userId: 'id-bea', login: 'bea' }],
    during: [failure(6, '198.51.100.2', 'bea')],
    why: /somebody had logged in from it/,
  },
  {
    says: 'a new address that gets in after a typo is its user’s',
    ip: '198.51.100.3',
    during: [failure(7, '198.51.100.3', 'cid'), failure(8, '198.51.100.3', 'cid'), success(9, '198.51.100.3', 'cid')],
    why: /logged in from it meanwhile/,
  },
  {
    says: 'a new address that gives up is its user’s when the device is the account’s',
    ip: '198.51.100.4',
    before: [withBrowser(success(-3 * day, '198.51.100.40', 'dan'))],
    during: [withBrowser(failure(10, '198.51.100.4', 'dan'))],
    why: /devices that the accounts had logged in with/,
  },
  {
    says: 'an office stays, however many of its people fail',
    ip: '198.51.100.5',
    before: times(3, -day, 1, (at, n) => success(at, '198.51.100.5', `office${n}`)),
    during: times(12, 11, 1, (at, n) => failure(at, '198.51.100.5', `colleague${n}`)),
    why: /3 users had logged in from it .* shared/,
  },
  {
    says: 'a home that writes its login in three ways is no guesser',
    ip: '198.51.100.6',
    before: [success(-day, '198.51.100.6', 'eve')],
    during: ['eve', 'Eve', 'eve@example.com'].map((login, n) => failure(12 + n, '198.51.100.6', login)),
    why: /somebody had logged in from it/,
  },
  {
    says: 'a private address is a proxy or a neighbour',
    ip: '10.0.0.9',
    during: [withTool(failure(13, '10.0.0.9', 'leaked90'))],
    why: /private/,
  },
  {
    says: 'a trusted proxy is everybody',
    ip: '198.51.100.7',
    during: [withTool(failure(14, '198.51.100.7', 'leaked91'))],
    why: /trusted proxy/,
  },
  {
    says: 'whom a person passlisted stays',
    ip: '198.51.100.8',
    during: [withTool(failure(15, '198.51.100.8', 'leaked92'))],
    why: /passlist/,
  },
  {
    says: 'a known home from which ten accounts are guessed takes part',
    ip: '198.51.100.20',
    before: [success(-day, '198.51.100.20', 'fay')],
    during: times(10, 16, 0.1, (at, n) => failure(at, '198.51.100.20', `guess${n}`)),
  },
  {
    says: 'a guesser that found one password right takes part',
    ip: '198.51.100.21',
    during: [
      ...times(9, 17, 0.1, (at, n) => failure(at, '198.51.100.21', `try${n}`)),
      success(18, '198.51.100.21', 'gil'),
    ],
  },
  {
    says: 'an address that hammers one account that is not its own takes part',
    ip: '198.51.100.22',
    during: times(6, 19, 0.1, (at) => failure(at, '198.51.100.22', 'hal')),
  },
]

const blockedHere = cases.filter(({ why }) => why === undefined).map(({ ip }) => ip)
const sparedHere = cases.filter(({ why }) => why !== undefined).map(({ ip }) => ip)

async function aRule(respond?: DetectionRule['cases'][number]['respond']): Promise<void> {
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
    groupBy: ['service'],
    windowSeconds: 600,
    keepAliveSeconds: 3_600,
    maxSignalSeconds: 86_400,
    method: 'threshold',
    cases: [{ name: 'Many', severity: 'low', when: 'failures > 10', ...(respond === undefined ? {} : { respond }) }],
    message: '',
  }
  await bench.state.commit({ rules: [{ rule, at: '2026-01-01T00:00:00.000Z', by: 'ann', deleted: false }] })
}

async function attack(respond?: DetectionRule['cases'][number]['respond']): Promise<Signal> {
  bench = await startBench({ enabled: respond !== undefined, trustedProxies: ['198.51.100.7'] })
  await aRule(respond)
  await bench.responder.add('passlist', [{ kind: 'ip', value: '198.51.100.8', expiresAt: null, reason: 'ours' }], 'ann')
  await bench.happen(cases.flatMap(({ before = [] }) => before).toSorted((a, b) => a.at - b.at))
  await bench.happen([...campaign, ...cases.flatMap(({ during }) => during)].toSorted((a, b) => a.at - b.at))
  return signal()
}

async function signal(): Promise<Signal> {
  const found = (await bench.signals()).find(({ rule }) => rule.id === 'own')
  if (found === undefined) throw new Error('the campaign was not seen')
  return found
}

async function denied(): Promise<readonly string[]> {
  const { items } = await bench.state.entries('denylist', { activeAtMs: bench.clock.nowMs() }, { limit: 1_000 })
  return items.map(({ value }) => value).toSorted()
}

test('an answer to a campaign blocks those who attack, and says of each other address why it is left out', async () => {
  const { id, attackingIps } = await attack()
  expect(attackingIps).toBe(attackers.length + cases.length)
  const { values, leftOut } = await bench.responder.select(id, { selection: 'ips' })
  const why = new Map(leftOut.map((one) => [one.value, one.why]))
  let ran = 0
  for (const { says, ip, why: expected } of cases) {
    if (expected === undefined) expect(values, says).toContain(ip)
    else expect(why.get(ip), says).toMatch(expected)
    ran++
  }
  expect(ran).toBe(12)
  const answered = await bench.responder.answer(id, { selection: 'ips', forSeconds: 900 }, 'ann')
  expect(await denied()).toEqual([...attackers, ...blockedHere].toSorted())
  expect(answered.leftOut.map(({ value }) => value).toSorted()).toEqual(sparedHere.toSorted())
  const { items } = await bench.state.timeline(id, { limit: 100 })
  expect(items.map(({ text }) => text)).toContainEqual(
    expect.stringMatching(new RegExp(`^43 addresses are blocked until .*; ${sparedHere.length} that look ordinary`)),
  )
})

test('an answer that goes on spares them, too', async () => {
  bench = await startBench({ enabled: false, trustedProxies: ['198.51.100.7'] })
  await aRule()
  await bench.happen(cases.flatMap(({ before = [] }) => before).toSorted((a, b) => a.at - b.at))
  await bench.happen(campaign.slice(0, 12))
  const { id } = await signal()
  await bench.responder.answer(id, { selection: 'ips', forSeconds: 900, continuous: true }, 'ann')
  const people = cases.filter(({ ip }) => ip !== '198.51.100.8').flatMap(({ during }) => during)
  await bench.happen([...campaign.slice(12), ...people].toSorted((a, b) => a.at - b.at))
  expect(await denied()).toEqual([...attackers, ...blockedHere].toSorted())
})

test('automation that blocks the addresses of a whole campaign spares them, too', async () => {
  const guessers = times(6, 30, 0.1, (at) => failure(at, '198.51.100.1', 'ann'))
  bench = await startBench({})
  await aRule([{ block: 'ip', forSeconds: 900 }])
  await bench.happen([success(-2 * day, '198.51.100.1', 'ann')])
  const hammers = times(60, 0, 0.5, (at, n) => failure(at, `203.0.113.${n % 10}`, `leaked${n % 10}`))
  await bench.happen([...hammers, ...guessers])
  expect(await denied()).toEqual(Array.from({ length: 10 }, (_, n) => `203.0.113.${n}`))
})

test('once it is known what the attackers share, an address without it is left out', async () => {
  const { id } = await attack()
  const stranger = withBrowser(failure(41, '198.51.100.30', 'new-phone'))
  await bench.happen([stranger])
  expect((await bench.responder.select(id, { selection: 'ips' })).values).toContain(stranger.ip)
  const cluster = { origin: 'found', precision: 0.98, attackShare: 0.95, requests: 40, successes: 0 }
  const known = { ...cluster, id: 'c1', query: '(@http.useragent:"tool/1.0")' } as Cluster
  await bench.state.commit({ signals: [{ update: id, set: { clusters: [known] } }] })
  await bench.later(60)
  const { values, leftOut } = await bench.responder.select(id, { selection: 'ips' })
  expect(leftOut).toContainEqual({ value: stranger.ip, why: 'it shares nothing with the attackers' })
  expect(values.toSorted()).toEqual([...attackers, ...blockedHere].toSorted())
})

test('an answer to a signal about one address blocks that address, whoever used it before', async () => {
  bench = await startBench({ enabled: false })
  await bench.happen([success(-day, '203.0.113.9', 'ann')])
  await bench.happen(times(35, 0, 1, (at, n) => failure(at, '203.0.113.9', `stolen${n}`)))
  const [stuffing] = await bench.signals()
  await bench.responder.answer(stuffing?.id ?? '', { selection: 'ips', forSeconds: 900 }, 'ann')
  expect(await denied()).toEqual(['203.0.113.9'])
})
