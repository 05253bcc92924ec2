import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClusterKeeper } from '../../../src/collector/cluster/keep-clusters.ts'
import { keepClusters } from '../../../src/collector/cluster/keep-clusters.ts'
import { signalQuery } from '../../../src/collector/campaign.ts'
import { shippedRules } from '../../../src/collector/detect/shipped-rules.ts'
import { createReplayer } from '../../../src/collector/replay/replay.ts'
import { openEngine as openStateEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { SignalFacts, State } from '../../../src/collector/state/state.ts'
import { openEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../../src/collector/store/store.ts'
import type { Clock } from '../../../src/model/clock.ts'
import type { ManagedWafRule } from '../../../src/model/waf-rule.ts'
import { batchOf, nowMs } from '../../conformance/store/fixtures.ts'
import type { Client } from './traffic.ts'
import { app, attempt, browser, ordinaryDay } from './traffic.ts'

const minute = 60_000
const clock = { nowMs: () => now, after: () => () => undefined } satisfies Clock
const rule = shippedRules().find(({ id }) => id === 'distributed-credential-stuffing')
let now = nowMs
let dir: string
let store: Store
let state: State
let keeper: ClusterKeeper
let rules: ManagedWafRule[]
const errors: unknown[] = []
const answered: string[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-clusters-'))
  now = nowMs
  rules = []
  errors.length = 0
  answered.length = 0
  store = toStore(await openEngine({ dir, nowMs, limits: { memoryLimitMb: 512, threads: 2 } }), clock)
  state = observe(await openStateEngine(join(dir, 'state.duckdb')))
  if (rule === undefined) throw new Error('the rule ships no more')
  await state.commit({ rules: [{ rule: { ...rule, version: 1 }, at: iso(nowMs), by: 'portcullis', deleted: false }] })
  await store.append(batchOf(ordinaryDay(nowMs - 30 * minute, 4_000)))
  keeper = await keepClusters({
    store,
    state,
    clock,
    epoch: await state.lead(),
    replay: (request) => createReplayer({ store, clock }).replay(request),
    ruleOf: (clusterId) => rules.find(({ origin }) => origin.clusterId === clusterId),
    onClusters: async ({ id }) => void answered.push(id),
    onError: (error) => errors.push(error),
  })
})
afterEach(async () => {
  await keeper.stop()
  await store.close()
  await state.close()
  await rm(dir, { recursive: true, force: true })
  expect(errors).toEqual([])
})

const iso = (ms: number): string => new Date(ms).toISOString()
/** A clone of the app that forgot one header. */
const clone: Client = app.filter(([name]) => name !== 'x-app-platform')
const script: Client = [
  ['host', 'shop.example'],
  ['accept', '*/*'],
  ['user-agent', 'Mozilla/5.0 (Windows NT 10.0) Chrome/141.0.0.0 Safari/537.36'],
]

/** One request in a hundred gets in; ordinary logins go on beside. */
async function attack(client: Client, attempts: number, fromMs: number, toMs: number): Promise<void> {
  const at = (index: number): number => fromMs + ((toMs - fromMs) * index) / attempts
  const bad = Array.from({ length: attempts }, (_, index) =>
    attempt(client, index % 100 === 7 ? 'success' : 'failure', at(index), { login: `victim${index}@Mail.example` }),
  )
  const good = Array.from({ length: attempts }, (_, index) =>
    attempt([browser(141), browser(140), app][index % 3] ?? app, index % 10 === 0 ? 'failure' : 'success', at(index)),
  )
  await store.append(batchOf([...bad, ...good]))
}

async function open(lastSeenMs: number, changes: Partial<SignalFacts> = {}): Promise<string> {
  if (rule === undefined) throw new Error('the rule ships no more')
  const group = { env: 'prod', service: 'shop' }
  const signal: SignalFacts = {
    id: 'signal-1',
    rule: { id: rule.id, name: rule.name, version: 1 },
    case: 'Campaign',
    severity: 'low',
    title: rule.name,
    state: 'open',
    archiveReason: null,
    group,
    tags: rule.tags,
    firstSeen: iso(nowMs - 20 * minute),
    openedAt: iso(nowMs - 15 * minute),
    createdAt: iso(nowMs - 15 * minute),
    lastSeen: iso(lastSeenMs),
    closedAt: null,
    counts: { failures: 300 },
    compromisedUsers: 0,
    targetedUsers: 300,
    attackingIps: 300,
    threatIntelShare: 0,
    query: signalQuery(rule, group),
    ...changes,
  }
  await state.commit({ signals: [{ open: signal }] })
  return signal.id
}

test('a clone of the app that lacks one header is told from the app by just that', async () => {
  await attack(clone, 300, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  expect(await keeper.refresh()).toBe(1)
  const signal = await state.signal(id)
  expect(signal?.clusters).toHaveLength(1)
  const [cluster] = signal?.clusters ?? []
  expect(cluster).toMatchObject({
    origin: 'found',
    requests: 300,
    successes: 3,
    ips: 300,
    blockable: true,
    reason: null,
    collateral: { days: 7, requests: 0, successfulLogins: 0, users: 0, share: 0, course: { points: [] } },
    wafRuleId: null,
  })
  expect(cluster?.attackShare).toBeGreaterThan(0.9)
  expect(cluster?.described).toContainEqual({
    attribute: '@appsec.events_data.usr.login',
    value: null,
    absent: false,
    regex: String.raw`(?i)@mail\.example$`,
    share: 1,
  })
  expect(cluster?.precision).toBeGreaterThan(0.98)
  const found = await store.top(
    cluster?.query ?? '',
    { fromMs: 0, toMs: now },
    { by: [], aggregates: ['count'], limit: 1 },
  )
  expect(found[0]?.values).toEqual([300])
  const timeline = await state.timeline(id, { limit: 10 })
  expect(timeline.items.map(({ kind }) => kind)).toEqual(['cluster_found'])
})

const hour = 60 * minute
const day = 24 * hour
/** Sends its headers in an order of the program's own, and varies all that it can. */
const varying = (index: number): Client => [
  ['x-request', '1'],
  ...script.map(([name, value]) => [name, name === 'user-agent' ? `${value} Edg/${index}` : value] as const),
]

describe('a tool that varies its headers came already, five hours before', () => {
  const wave = {
    firstSeen: iso(nowMs - 5 * hour),
    openedAt: iso(nowMs - 5 * hour),
    lastSeen: iso(nowMs - 4.5 * hour),
    closedAt: iso(nowMs - 4 * hour),
  }
  beforeEach(async () => {
    for (const [fromMs, toMs] of [
      [nowMs - 5 * hour, nowMs - 4.5 * hour],
      [nowMs - 20 * minute, nowMs],
    ] as const) {
      const at = (index: number): number => fromMs + ((toMs - fromMs) * index) / 600
      await store.append(
        batchOf(
          Array.from({ length: 600 }, (_, index) =>
            attempt(varying(index), index % 60 === 7 ? 'success' : 'failure', at(index)),
          ),
        ),
      )
    }
  })

  test.each([
    { what: 'as a campaign', changes: {}, clusters: 1 },
    { what: 'as a campaign on another service', changes: { group: { env: 'prod', service: 'bank' } }, clusters: 0 },
    {
      what: 'as a campaign that never ended, so that nothing else is known',
      changes: { firstSeen: iso(nowMs - 20 * day), openedAt: iso(nowMs - 20 * day), lastSeen: iso(nowMs) },
      clusters: 0,
    },
    {
      what: 'as something that was no attack',
      changes: { state: 'archived', archiveReason: 'false positive' } as const,
      clusters: 0,
    },
    {
      what: 'as an attack from one address',
      changes: { group: { env: 'prod', service: 'shop', 'http.client_ip': '198.18.0.1' } },
      clusters: 0,
    },
  ])('$what: $clusters clusters', async ({ changes, clusters }) => {
    await open(nowMs - 4.5 * hour, { ...wave, id: 'earlier', ...changes })
    const id = await open(nowMs)
    await keeper.refresh()
    expect((await state.signal(id))?.clusters).toHaveLength(clusters)
  })
})

test('a tool that changes gets a new cluster while the old one fades; an earlier time shows the earlier clusters', async () => {
  await attack(clone, 300, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  await keeper.refresh()
  const [first] = (await state.signal(id))?.clusters ?? []
  now = nowMs + 50 * minute
  await attack(script, 600, nowMs, now)
  await state.commit({ signals: [{ update: id, set: { lastSeen: iso(now) } }] })
  expect(await keeper.refresh()).toBe(1)
  const clusters = (await state.signal(id))?.clusters ?? []
  expect(clusters).toHaveLength(2)
  expect(clusters.find((cluster) => cluster.id === first?.id)).toMatchObject({ trend: 'fading', requests: 300 })
  expect(clusters[0]).toMatchObject({ requests: 600, blockable: true })
  expect((await state.clusters(id, nowMs + minute))?.clusters.map((cluster) => cluster.id)).toEqual([first?.id])
  expect((await state.clusters(id))?.clusters).toHaveLength(2)
  expect(await state.clusterTimes(id)).toHaveLength(2)
  expect(await state.clusters(id, nowMs - minute)).toBeNull()
})

test('an attack by the app itself yields no cluster, and it is kept that one was looked for', async () => {
  await attack(app, 600, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  await keeper.refresh()
  expect(await state.signal(id)).toMatchObject({ clusters: [] })
})

test('a signal is not looked at again until something happens, and not too soon', async () => {
  await attack(clone, 300, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  expect(await keeper.refresh()).toBe(1)
  now += minute
  expect(await keeper.refresh()).toBe(0)
  await attack(clone, 10, nowMs, now)
  await state.commit({ signals: [{ update: id, set: { lastSeen: iso(now) } }] })
  expect(await keeper.refresh()).toBe(1)
  await state.commit({ signals: [{ update: id, set: { lastSeen: iso(now + 1) } }] })
  now += 1_000
  expect(await keeper.refresh()).toBe(0)
})

test('once another collector leads, no cluster is written any more, and none is answered', async () => {
  await attack(clone, 300, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  await state.lead()
  await keeper.refresh()
  expect(errors.splice(0)).toMatchObject([{ code: 'STATE_FENCED' }])
  expect((await state.signal(id))?.clusters).toBeUndefined()
  expect(await state.clusters(id)).toBeNull()
  expect((await state.timeline(id, { limit: 10 })).items).toEqual([])
  expect(answered).toEqual([])
})

test('the earlier leader answers no clusters that it wrote before, either', async () => {
  await attack(clone, 300, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  await keeper.refresh()
  expect(answered.splice(0)).toEqual([id])
  await state.lead()
  now += minute
  await state.commit({ signals: [{ update: id, set: { lastSeen: iso(nowMs + 1) } }] })
  await keeper.refresh()
  expect(errors.splice(0)).toMatchObject([{ code: 'STATE_FENCED' }])
  expect(answered).toEqual([])
})

test('attributes picked by hand are measured the same way, and stay beside those found', async () => {
  await attack(clone, 300, nowMs - 20 * minute, nowMs)
  const id = await open(nowMs)
  await keeper.refresh()
  const added = await keeper.add(id, [
    { attribute: '@http.useragent', value: 'ShopApp/7.4.1 okhttp/4.12.0', absent: false, regex: null },
  ])
  // All users of the app have it: a quarter of all logins.
  expect(added).toMatchObject({
    origin: 'custom',
    blockable: false,
    collateral: { requests: 1000, successfulLogins: 900 },
  })
  expect(added.reason).toContain('900 successful logins')
  const { intervalMs, points } = added.collateral.course
  expect(points.reduce((sum, [, requests]) => sum + requests, 0)).toBe(1000)
  expect(points.every(([atMs]) => atMs % intervalMs === 0 && atMs < nowMs - 30 * minute)).toBe(true)
  now += minute
  await attack(clone, 10, nowMs, now)
  await state.commit({ signals: [{ update: id, set: { lastSeen: iso(now) } }] })
  await keeper.refresh()
  expect((await state.signal(id))?.clusters?.map(({ origin }) => origin)).toEqual(['found', 'custom'])
  await expect(keeper.add('nobody', [])).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
