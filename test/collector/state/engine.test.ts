import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEngine } from '../../../src/collector/state/duckdb/engine.ts'
import type { Engine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { Changes, SignalFacts } from '../../../src/collector/state/state.ts'
import type { DenylistEntry } from '../../../src/model/denylist-entry.ts'
import { connect } from '../../../src/collector/state/duckdb/connect.ts'

let dir: string
let file: string
let engine: Engine

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-state-'))
  file = join(dir, 'state.duckdb')
  engine = await openEngine(file)
})
afterEach(async () => {
  await engine.close().catch(() => undefined)
  await rm(dir, { recursive: true, force: true })
})

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()

function signal(id: string, over: Partial<SignalFacts> = {}): SignalFacts {
  return {
    id,
    rule: { id: 'credential-stuffing', name: 'Credential stuffing', version: 1 },
    case: 'Attempt',
    severity: 'low',
    title: 'Credential stuffing',
    state: 'open',
    archiveReason: null,
    group: { env: 'prod', service: 'shop', '@http.client_ip': '203.0.113.9' },
    tags: [],
    firstSeen: at(0),
    openedAt: at(1),
    createdAt: at(1),
    lastSeen: at(2),
    closedAt: null,
    counts: { failures: 40 },
    compromisedUsers: 0,
    targetedUsers: 5,
    attackingIps: 1,
    threatIntelShare: 0,
    query: '*',
    ...over,
  }
}

function entry(id: string, over: Partial<DenylistEntry> = {}): DenylistEntry {
  return {
    id,
    kind: 'ip',
    value: '203.0.113.9',
    expiresAt: at(60),
    reason: 'tried passwords',
    signalId: null,
    author: 'ann',
    createdAt: at(0),
    rescindedAt: null,
    rescindedBy: null,
    ...over,
  }
}

test('a commit survives closing and opening again, whole', async () => {
  const changes: Changes = {
    positions: { 'detect:a': 42 },
    signals: [{ open: signal('s1') }],
    entries: [{ list: 'denylist', entry: entry('e1') }],
    responses: [
      {
        id: 'r1',
        signalId: 's1',
        entryId: 'e1',
        kind: 'block_ip',
        value: '203.0.113.9',
        by: 'automation',
        at: at(2),
        until: at(60),
        undoneAt: null,
        why: 'because',
        collateralUsers: 0,
      },
    ],
    timeline: [{ signalId: 's1', at: at(1), by: 'portcullis', kind: 'opened', text: 'opened' }],
    audit: [{ at: at(2), by: 'automation', action: 'denylist.add', subject: 'e1', before: null, after: entry('e1') }],
    documents: [
      { kind: 'service', put: { id: 'shop', appsec: { enabled: true }, clientIpVerified: false } },
      { kind: 'service', put: { id: '__proto__', appsec: { enabled: null }, clientIpVerified: true } },
    ],
  }
  await engine.commit(changes)
  await engine.close()
  engine = await openEngine(file)

  expect(await engine.position('detect:a')).toBe(42)
  expect(await engine.position('detect:b')).toBeNull()
  const found = await engine.signal('s1')
  expect(found).toEqual({
    ...signal('s1'),
    responses: [
      {
        id: 'r1',
        kind: 'block_ip',
        value: '203.0.113.9',
        by: 'automation',
        at: at(2),
        until: at(60),
        undoneAt: null,
      },
    ],
  })
  expect((await engine.entries('denylist', {}, { limit: 10 })).items).toEqual([entry('e1')])
  expect((await engine.timeline('s1', { limit: 10 })).items).toHaveLength(1)
  expect((await engine.audit({ limit: 10 })).items).toHaveLength(1)
  expect((await engine.documents('service')).map(({ id }) => id)).toEqual(['__proto__', 'shop'])
})

test('a timeline is read from either end, a page at a time, without a gap', async () => {
  const texts = ['a', 'b', 'c', 'd', 'e']
  await engine.commit({
    timeline: texts.map((text, index) => ({
      signalId: 's1',
      at: at(index),
      by: 'ann',
      kind: 'triaged',
      text,
    })),
  })
  const read = async (newestFirst: boolean): Promise<readonly string[]> => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await engine.timeline('s1', { limit: 2, newestFirst, ...(cursor === null ? {} : { cursor }) })
      seen.push(...page.items.map(({ text }) => text))
      cursor = page.next
    } while (cursor !== null)
    return seen
  }
  expect(await read(false)).toEqual(texts)
  expect(await read(true)).toEqual(texts.toReversed())
})

test('a commit that fails in its last part leaves no trace of its first', async () => {
  const rule = {
    rule: {
      id: 'r',
      name: 'r',
      enabled: true,
      version: 1,
      tags: [],
      queries: {},
      groupBy: [],
      windowSeconds: 60,
      keepAliveSeconds: 60,
      maxSignalSeconds: 60,
      method: 'threshold' as const,
      cases: [],
      message: '',
    },
    at: at(0),
    by: 'ann',
    deleted: false,
  }
  await engine.commit({ rules: [rule] })
  await expect(engine.commit({ positions: { p: 1 }, rules: [rule] })).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  await expect(engine.commit({ positions: { p: 1 }, signals: [{ update: 'none', set: {} }] })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect(await engine.position('p')).toBeNull()
  await engine.commit({ positions: { p: 2 } })
  expect(await engine.position('p')).toBe(2)
})

test('an update touches the fields it names and no others', async () => {
  await engine.commit({ signals: [{ open: signal('s1') }] })
  await engine.commit({
    signals: [
      { update: 's1', set: { state: 'archived', archiveReason: 'test' } },
      { update: 's1', set: { severity: 'critical', lastSeen: at(9) } },
    ],
  })
  expect(await engine.signal('s1')).toMatchObject({
    state: 'archived',
    archiveReason: 'test',
    severity: 'critical',
    lastSeen: at(9),
    case: 'Attempt',
  })
})

test('an earlier leader is fenced off', async () => {
  const first = await engine.lead()
  await engine.commit({ epoch: first, positions: { p: 1 } })
  const second = await engine.lead()
  await expect(engine.commit({ epoch: first, positions: { p: 2 } })).rejects.toMatchObject({ code: 'STATE_FENCED' })
  expect(await engine.position('p')).toBe(1)
  await engine.commit({ epoch: second, positions: { p: 3 } })
  expect(await engine.position('p')).toBe(3)
})

test('the highest version of a rule holds, and a deleted rule is gone while its versions stay', async () => {
  const version = (number: number, deleted: boolean): NonNullable<Changes['rules']>[number] => ({
    rule: {
      id: 'r',
      name: `v${number}`,
      enabled: true,
      version: number,
      tags: [],
      queries: {},
      groupBy: [],
      windowSeconds: 60,
      keepAliveSeconds: 60,
      maxSignalSeconds: 60,
      method: 'threshold',
      cases: [],
      message: '',
    },
    at: at(number),
    by: 'ann',
    deleted,
  })
  await engine.commit({ rules: [version(1, false), version(2, false)] })
  expect((await engine.rules()).map(({ rule }) => rule.name)).toEqual(['v2'])
  await engine.commit({ rules: [version(3, true)] })
  expect(await engine.rules()).toEqual([])
  expect((await engine.ruleVersions('r')).map(({ rule }) => rule.version)).toEqual([3, 2, 1])
})

test('signals are listed newest first, in pages, by filter', async () => {
  await engine.commit({
    signals: Array.from({ length: 25 }, (_, index) => ({
      open: signal(`s${String(index).padStart(2, '0')}`, {
        openedAt: at(Math.floor(index / 2)),
        severity: index % 5 === 0 ? ('critical' as const) : ('low' as const),
      }),
    })),
  })
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await engine.signals({}, { limit: 7, ...(cursor === undefined ? {} : { cursor }) })
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `s${String(24 - index).padStart(2, '0')}`))
  expect((await engine.signals({ severities: ['critical'] }, { limit: 50 })).items).toHaveLength(5)
  expect((await engine.signals({ service: 'other' }, { limit: 50 })).items).toHaveLength(0)
  await expect(engine.signals({}, { limit: 7, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
})

test('an entry is in force until its end or until it is taken back', async () => {
  await engine.commit({
    entries: [
      { list: 'denylist', entry: entry('ends', { value: '1.1.1.1', expiresAt: at(10) }) },
      { list: 'denylist', entry: entry('stays', { value: '2.2.2.2', expiresAt: null }) },
      {
        list: 'denylist',
        entry: entry('back', { value: '3.3.3.3', rescindedAt: at(5), rescindedBy: 'ann', expiresAt: null }),
      },
      { list: 'passlist', entry: entry('pass', { value: '4.4.4.4' }) },
    ],
  })
  const active = async (minute: number): Promise<string[]> =>
    (await engine.entries('denylist', { activeAtMs: Date.parse(at(minute)) }, { limit: 10 })).items.map(({ id }) => id)
  const values = await Promise.all(
    [0, 1, 2].map((part) => engine.activeValues('denylist', { activeAtMs: Date.parse(at(9)), part, parts: 3 })),
  )
  expect(values.flat().sort((a, b) => (a.value < b.value ? -1 : 1))).toEqual([
    { kind: 'ip', value: '1.1.1.1', endsAtMs: Date.parse(at(10)) },
    { kind: 'ip', value: '2.2.2.2', endsAtMs: null },
  ])
  expect((await active(9)).sort()).toEqual(['ends', 'stays'])
  expect(await active(10)).toEqual(['stays'])
  expect((await engine.entries('denylist', { values: ['1.1.1.1', '3.3.3.3'] }, { limit: 10 })).items).toHaveLength(2)
  expect((await engine.entries('denylist', { values: [] }, { limit: 10 })).items).toEqual([])
  expect(await engine.countEntries('denylist', {})).toBe(3)
  expect((await engine.entry('passlist', 'pass'))?.value).toBe('4.4.4.4')
  expect(await engine.entry('denylist', 'pass')).toBeNull()
})

test('subscribers are told of commits that took effect, in order', async () => {
  const state = observe(engine)
  const told: unknown[] = []
  const end = state.subscribe((changes) => told.push(changes.positions))
  await Promise.all([state.commit({ positions: { p: 1 } }), state.commit({ positions: { p: 2 } })])
  await expect(state.commit({ epoch: 99, positions: { p: 3 } })).rejects.toMatchObject({ code: 'STATE_FENCED' })
  end()
  await state.commit({ positions: { p: 4 } })
  expect(told).toEqual([{ p: 1 }, { p: 2 }])
})

test('100,000 entries go in at once and are found again', async () => {
  await engine.commit({
    entries: Array.from({ length: 100_000 }, (_, index) => ({
      list: 'denylist' as const,
      entry: entry(`e${index}`, { value: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` }),
    })),
  })
  expect(await engine.countEntries('denylist', {})).toBe(100_000)
  const found = await engine.entries('denylist', { values: ['10.1.2.3'] }, { limit: 10 })
  expect(found.items.map(({ id }) => id)).toEqual([`e${65_536 + 2 * 256 + 3}`])
})

test('a file that is not ours, or newer than we know, is refused and left alone', async () => {
  const broken = join(dir, 'broken.duckdb')
  await writeFile(broken, 'this is no database, whatever its name says')
  await expect(openEngine(broken)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })

  await engine.close()
  const connection = await connect(file)
  await connection.rows(`UPDATE meta SET value = 99 WHERE name = 'format'`)
  connection.close()
  await expect(openEngine(file)).rejects.toMatchObject({ code: 'STORE_NEWER' })
})

test('after closing, calls are refused with a code', async () => {
  await engine.close()
  await expect(engine.rules()).rejects.toMatchObject({ code: 'STORE_FULL' })
})
