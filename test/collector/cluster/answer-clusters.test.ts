import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ClusterAnswers } from '../../../src/collector/cluster/answer-clusters.ts'
import { createClusterAnswers } from '../../../src/collector/cluster/answer-clusters.ts'
import { shippedRules } from '../../../src/collector/detect/shipped-rules.ts'
import { unmeasuredInputs } from '../../../src/collector/replay/measurable.ts'
import { createResponder } from '../../../src/collector/respond/responder.ts'
import { createWafRules } from '../../../src/collector/respond/waf-rule-book.ts'
import type { WafRules } from '../../../src/collector/respond/waf-rules.ts'
import { createSignalLists } from '../../../src/collector/detect/signal-lists.ts'
import { openEngine as openStateEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { SignalFacts, State } from '../../../src/collector/state/state.ts'
import { openEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../../src/collector/store/store.ts'
import type { Clock } from '../../../src/model/clock.ts'
import type { Cluster } from '../../../src/model/cluster.ts'
import type { DetectionRule } from '../../../src/model/detection-rule.ts'
import { batchOf, nowMs } from '../../conformance/store/fixtures.ts'
import { app, attempt } from './traffic.ts'

const minute = 60_000
let now = nowMs
const clock = { nowMs: () => now, after: () => () => undefined } satisfies Clock
const iso = (ms: number): string => new Date(ms).toISOString()
const shipped = shippedRules().find(({ id }) => id === 'distributed-credential-stuffing') as DetectionRule
const signal: SignalFacts = {
  id: 'signal-1',
  rule: { id: shipped.id, name: shipped.name, version: 1 },
  case: shipped.cases[0]?.name ?? '',
  severity: 'low',
  title: 'Campaign',
  state: 'open',
  archiveReason: null,
  group: { env: 'prod', service: 'shop' },
  tags: shipped.tags,
  firstSeen: iso(nowMs - 10 * minute),
  openedAt: iso(nowMs - 5 * minute),
  createdAt: iso(nowMs - 5 * minute),
  lastSeen: iso(nowMs),
  closedAt: null,
  counts: { failures: 300 },
  compromisedUsers: 0,
  targetedUsers: 300,
  attackingIps: 300,
  threatIntelShare: 0,
  query: 'service:shop',
}
const cluster: Cluster = {
  id: 'one',
  origin: 'found',
  attributes: [{ attribute: '@http.useragent', value: 'ShopApp/7.4.1 okhttp/4.12.0', absent: false, regex: null }],
  described: [],
  query: 'service:shop @http.useragent:"ShopApp/7.4.1 okhttp/4.12.0"',
  attackShare: 0.9,
  precision: 0.99,
  requests: 300,
  successes: 1,
  users: 300,
  ips: 300,
  knownIpShare: 0,
  threatIntelShare: 0,
  shape: 1,
  collateral: {
    days: 7,
    requests: 0,
    successfulLogins: 0,
    users: 0,
    share: 0,
    measuredOn: 'logins',
    course: { intervalMs: 0, points: [] },
  },
  blockable: true,
  reason: null,
  firstSeen: iso(nowMs - 10 * minute),
  lastSeen: iso(nowMs),
  trend: 'growing',
  wafRuleId: null,
}
let dir: string
let store: Store
let state: State
let wafRules: WafRules & { close(): void }
let answers: ClusterAnswers
let isOn: boolean

beforeEach(async () => {
  now = nowMs
  dir = await mkdtemp(join(tmpdir(), 'portcullis-answers-'))
  store = toStore(await openEngine({ dir, nowMs, limits: { memoryLimitMb: 256, threads: 1 } }), clock)
  state = observe(await openStateEngine(join(dir, 'state.duckdb')))
  await state.commit({ signals: [{ open: signal }] })
  await store.append(batchOf(Array.from({ length: 30 }, (_, index) => attempt(app, 'failure', nowMs - index * 1_000))))
  wafRules = await createWafRules({ state, clock, unmeasured: unmeasuredInputs })
  isOn = true
  const lists = createSignalLists({ store, state, clock })
  const settings = {
    enabled: true,
    trustUnkeyed: false,
    verifiedServices: [],
    trustedProxies: [],
    ceilingShare: 0.1,
  }
  const responder = await createResponder({ state, store, lists, clock, settings })
  answers = createClusterAnswers({
    store,
    state,
    clock,
    wafRules,
    switches: () => ({ automation: isOn, blocking: true }),
    trustUnkeyed: false,
    whyOverCeiling: (users) => responder.whyOverCeiling(users),
  })
})
afterEach(async () => {
  wafRules.close()
  await store.close()
  await state.close()
  await rm(dir, { recursive: true, force: true })
})

const trust = (trusted: boolean): void => answers.note([{ what: 'continued', signal, rule: shipped, trusted }])
const answer = (...clusters: readonly Cluster[]): Promise<void> => answers.answer(signal, shipped, clusters)
const told = async (): Promise<readonly string[]> =>
  (await state.timeline(signal.id, { limit: 20 })).items.map(({ text }) => text)

test('a cluster becomes a blocking rule of the attacked route with an end, renewed while requests come', async () => {
  trust(true)
  await answer(cluster)
  const [rule] = wafRules.list()
  expect(rule).toMatchObject({
    mode: 'blocking',
    services: ['shop'],
    envs: ['prod'],
    routes: [{ method: 'POST', pathPattern: '/login' }],
    endsAt: iso(nowMs + 900_000),
    origin: { by: 'automation', signalId: 'signal-1', clusterId: 'one' },
  })
  await answer(cluster)
  expect(wafRules.list()).toHaveLength(1)
  expect(wafRules.list()[0]?.version).toBe(1)
  now += 10 * minute
  await store.append(batchOf([attempt(app, 'failure', now - 1_000)]))
  await answer(cluster)
  expect(wafRules.list()[0]?.endsAt).toBe(iso(now + 900_000))
  // Nothing came for longer than it takes to be quiet: it is left to end.
  now += 12 * minute
  await answer(cluster)
  expect(Date.parse(wafRules.list()[0]?.endsAt ?? '')).toBeLessThan(now + 900_000 - minute)
})

test('rules of clusters count among the blocks of the hour, by the users that they were measured to touch', async () => {
  trust(true)
  // A tenth of the thirty users of the day: three.
  const people = Array.from({ length: 30 }, (_, index) => attempt(app, 'success', nowMs - index * minute))
  await store.append(batchOf(people))
  const touching = (id: string, users: number): Cluster => ({
    ...cluster,
    id,
    collateral: { ...cluster.collateral, users },
  })
  await answer(touching('one', 2))
  expect(wafRules.list()).toHaveLength(1)
  // A renewal keeps the count, and adds nothing to it.
  now += 10 * minute
  await store.append(batchOf([attempt(app, 'failure', now - 1_000)]))
  await answer(touching('one', 2))
  expect((await state.responses({ signalId: signal.id })).map(({ collateralUsers }) => collateralUsers)).toEqual([2])
  await answer(touching('two', 2))
  expect(await told()).toContain(
    'the cluster two is not blocked: blocks of this hour already touch 2 of the 3 users that they may',
  )
  await answer(touching('three', 1), touching('four', 0))
  expect(wafRules.list().map(({ origin }) => origin.clusterId)).toEqual(
    expect.arrayContaining(['one', 'three', 'four']),
  )
  expect(wafRules.list()).toHaveLength(3)
  // What was taken back touches nobody.
  for (const { id, origin } of wafRules.list()) if (origin.clusterId === 'one') await wafRules.remove(id, 'ann')
  await answer(touching('two', 2))
  expect(wafRules.list().map(({ origin }) => origin.clusterId)).toContain('two')
})

test('nothing is made while automation is switched off', async () => {
  trust(true)
  isOn = false
  await answer(cluster)
  expect(wafRules.list()).toEqual([])
})

test('what a person took back stays so, whether disabled or deleted', async () => {
  trust(true)
  await answer(cluster)
  const id = wafRules.list()[0]?.id ?? ''
  await wafRules.change(id, { mode: 'disabled' }, 'ann')
  now += 14 * minute
  await answer(cluster)
  expect(wafRules.find(id)).toMatchObject({ mode: 'disabled' })
  await wafRules.remove(id, 'ann')
  await answer(cluster)
  expect(wafRules.list()).toEqual([])
})

test('a cluster with ordinary users, or of events that anybody may have sent, is refused once, with the reason', async () => {
  trust(true)
  const reason = 'it would have stopped 900 successful logins'
  await answer({ ...cluster, blockable: false, reason })
  await answer({ ...cluster, blockable: false, reason })
  expect(await told()).toEqual([`the cluster one is not blocked: ${reason}`])
  trust(false)
  await answer(cluster)
  expect((await told()).at(-1)).toContain('without an ingest key')
  expect(wafRules.list()).toEqual([])
})

test('a small, a fading, and a picked cluster are left to people; so is all before anything is known of the events', async () => {
  await answer(cluster)
  trust(true)
  await answer(
    { ...cluster, attackShare: 0.05 },
    { ...cluster, requests: 40 },
    { ...cluster, trend: 'fading' },
    { ...cluster, origin: 'custom' },
  )
  expect(wafRules.list()).toEqual([])
  expect(await told()).toEqual([])
})
