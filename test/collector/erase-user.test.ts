import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eraseUser } from '../../src/collector/erase-user.ts'
import { openEngine } from '../../src/collector/state/duckdb/engine.ts'
import type { DenylistEntry } from '../../src/model/denylist-entry.ts'
import { temporaryDirectory } from '../support/collector-process.ts'
import { failure, noonMs, startBench, success, times } from './detect/campaign-bench.ts'
import type { Bench } from './detect/campaign-bench.ts'

let bench: Bench
afterEach(() => bench.close())

const attacker = '203.0.113.9'
/** With what has a meaning in a pattern, as names may have. */
const victim = 'vic-tim+(1)$[a]/{2}|*?@example.com'
const always = { fromMs: 0, toMs: 8e15 }

function entryOf(id: string, value: string): DenylistEntry {
  return {
    id,
    kind: 'login',
    value,
    expiresAt: null,
    reason: `${value} was taken over`,
    signalId: null,
    author: 'ada',
    createdAt: new Date(noonMs).toISOString(),
    rescindedAt: null,
    rescindedBy: null,
  }
}

test('an erased user is gone from spans, lists, signals, their timelines and the audit; others stay', async () => {
  bench = await startBench()
  const { store, state, clock } = bench
  await bench.happen([
    ...times(35, 0, 1, (at, n) => failure(at, attacker, `stolen${n}`)),
    success(40, attacker, victim),
    failure(41, attacker, `not-${victim}`),
  ])
  const [signal] = await bench.signals()
  const at = new Date(noonMs).toISOString()
  await state.commit({
    entries: [
      { list: 'denylist', entry: entryOf('one', victim) },
      { list: 'passlist', entry: entryOf('two', victim) },
      { list: 'denylist', entry: entryOf('other', `not-${victim}`) },
    ],
    signals: [{ update: signal?.id ?? '', set: { title: `Account of ${victim} taken over`, tags: [victim, 'vip'] } }],
    timeline: [
      { signalId: signal?.id ?? '', at, by: 'ada', kind: 'triaged', text: `called "${victim}", not-${victim}` },
    ],
    audit: [{ at, by: 'ada', action: 'denylist.add', subject: victim, before: null, after: { [victim]: [victim] } }],
  })
  const rescinded: string[] = []
  state.subscribe(({ entries = [] }) => {
    for (const { entry } of entries) if (entry.rescindedAt !== null) rescinded.push(entry.id)
  })

  expect(await eraseUser({ store, state, clock }, { login: victim }, 'ada')).toEqual({
    records: 1,
    signals: 1,
    entries: 2,
  })
  expect(rescinded.sort()).toEqual(['one', 'two'])
  const login = (value: string) => `@appsec.events_data.usr.login:"${value}"`
  expect((await store.search(login(victim), always, { limit: 5 })).records).toEqual([])
  expect((await store.search(login(`not-${victim}`), always, { limit: 5 })).records).toHaveLength(1)
  expect(await state.entry('denylist', 'one')).toBeNull()
  expect(await state.entry('denylist', 'other')).not.toBeNull()
  const after = await state.signal(signal?.id ?? '')
  expect(after).toMatchObject({ title: 'Account of [erased] taken over', tags: ['[erased]', 'vip'] })
  const { items } = await state.timeline(signal?.id ?? '', { limit: 50 })
  expect(items.at(-1)?.text).toBe(`called "[erased]", not-${victim}`)
  const audit = JSON.stringify((await state.audit({ limit: 50 })).items)
  expect(audit.replaceAll(`not-${victim}`, '')).not.toContain(victim)
  expect(audit).toContain('user.erase')
  expect(audit).toContain('sha256:')
})

test('what is erased is not left in the log of recent commits', async () => {
  bench = await startBench()
  const directory = temporaryDirectory()
  const file = join(directory.path, 'state.duckdb')
  const state = await openEngine(file)
  try {
    await state.commit({ entries: [{ list: 'denylist', entry: entryOf('one', victim) }] })
    expect(readFileSync(`${file}.wal`).includes(victim)).toBe(true)
    expect(await state.eraseValues([victim])).toEqual({ entries: 1, signals: 0 })
    expect(() => readFileSync(`${file}.wal`)).toThrow('ENOENT')
  } finally {
    await state.close()
    directory.remove()
  }
})
