import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unmeasuredInputs } from '../../../src/collector/replay/measurable.ts'
import { createWafRules } from '../../../src/collector/respond/waf-rule-book.ts'
import type { WafRules } from '../../../src/collector/respond/waf-rules.ts'
import { openEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { State } from '../../../src/collector/state/state.ts'
import { checkWafRule } from '../../../src/collector/respond/check-waf-rule.ts'
import { fillTemplate, wafRuleTemplates } from '../../../src/collector/waf-rule-templates.ts'

let dir: string
let state: State
let rules: WafRules & { close(): void }
let nowMs = Date.parse('2026-03-10T12:00:00Z')

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-book-'))
  state = observe(await openEngine(join(dir, 'state.duckdb')))
  rules = await createWafRules({ state, clock: { nowMs: () => nowMs++ }, unmeasured: unmeasuredInputs })
})
afterEach(async () => {
  rules.close()
  await state.close()
  await rm(dir, { recursive: true, force: true })
})

const agentIs = {
  operator: 'exact_match',
  parameters: {
    inputs: [{ address: 'server.request.headers.no_cookies', key_path: ['user-agent'] }],
    list: ['evil-bot/1.0'],
  },
}
const body = { name: 'Evil bot', mode: 'blocking', rule: { conditions: [agentIs] } }

test('every change is a version, audited, and survives a restart', async () => {
  const { id } = await rules.add(body, 'ann')
  await rules.change(id, { mode: 'monitoring' }, 'bob')
  await rules.replace(id, { ...body, name: 'Worse bot', version: 2 }, 'ann')
  expect(rules.find(id)).toMatchObject({ name: 'Worse bot', mode: 'blocking', version: 3, origin: { by: 'ann' } })
  expect((await rules.versions(id)).map(({ by, rule }) => [rule.version, rule.mode, by])).toEqual([
    [3, 'blocking', 'ann'],
    [2, 'monitoring', 'bob'],
    [1, 'blocking', 'ann'],
  ])
  const { items } = await state.audit({ limit: 10 })
  expect(items.map(({ action, by }) => [action, by])).toEqual([
    ['waf_rule.set', 'ann'],
    ['waf_rule.set', 'bob'],
    ['waf_rule.add', 'ann'],
  ])
  rules.close()
  rules = await createWafRules({ state, clock: { nowMs: () => nowMs }, unmeasured: unmeasuredInputs })
  expect(rules.list().map((rule) => rule.id)).toEqual([id])
})

test('a change of an older version, an id that is taken and a rule that is not there are refused', async () => {
  const { id } = await rules.add({ ...body, rule: { ...body.rule, id: 'evil' } }, 'ann')
  expect(id).toBe('evil')
  await expect(rules.add({ ...body, rule: { ...body.rule, id } }, 'ann')).rejects.toMatchObject({ code: 'CONFLICT' })
  await rules.change(id, { endsAt: null }, 'ann')
  await expect(rules.replace(id, { ...body, version: 1 }, 'ann')).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(rules.change('nothing', {}, 'ann')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(rules.versions('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(rules.add({ ...body, mode: 'x', endsAt: 'y' }, 'ann')).rejects.toMatchObject({
    code: 'WAF_RULE_INVALID',
    problems: [{ path: '$.mode' }, { path: '$.endsAt' }],
  })
})

test('changes that come at once make one version each', async () => {
  const { id } = await rules.add(body, 'ann')
  await Promise.all(Array.from({ length: 8 }, () => rules.change(id, { mode: 'monitoring' }, 'ann')))
  expect((await rules.versions(id)).map(({ rule }) => rule.version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
})

test('a rule that was deleted counts on when it comes back', async () => {
  const named = { ...body, rule: { ...body.rule, id: 'evil' } }
  await rules.add(named, 'ann')
  await rules.remove('evil', 'ann')
  expect(rules.list()).toEqual([])
  expect((await rules.versions('evil'))[0]).toMatchObject({ deleted: true, rule: { version: 2 } })
  expect(await rules.add(named, 'ann')).toMatchObject({ version: 3 })
})

test('a rule for all requests blocks only by what is recorded of all of them; monitoring and routes are free', async () => {
  const cookies = { operator: 'exists', parameters: { inputs: [{ address: 'server.request.cookies' }] } }
  const wide = { ...body, rule: { id: 'wide', conditions: [agentIs, cookies] } }
  const refused = { code: 'WAF_RULE_UNMEASURED', message: expect.stringContaining('server.request.cookies') }
  await expect(rules.add(wide, 'ann')).rejects.toMatchObject(refused)
  await rules.add({ ...wide, mode: 'monitoring' }, 'ann')
  await expect(rules.change('wide', { mode: 'blocking' }, 'ann')).rejects.toMatchObject(refused)
  await expect(rules.replace('wide', wide, 'ann')).rejects.toMatchObject(refused)
  expect(rules.find('wide')).toMatchObject({ mode: 'monitoring', version: 1 })
  await rules.replace('wide', { ...wide, routes: [{ pathPattern: '/login' }] }, 'ann')
  expect(rules.find('wide')).toMatchObject({ mode: 'blocking', version: 2 })
})

async function anOpenSignal(): Promise<void> {
  const at = new Date(nowMs).toISOString()
  await state.commit({
    signals: [
      {
        open: {
          id: 's',
          rule: { id: 'r', name: 'R', version: 1 },
          case: 'Attempt',
          severity: 'low',
          title: 'T',
          state: 'open',
          archiveReason: null,
          group: { service: 'shop' },
          tags: [],
          firstSeen: at,
          openedAt: at,
          createdAt: at,
          lastSeen: at,
          closedAt: null,
          counts: {},
          compromisedUsers: 0,
          targetedUsers: 0,
          attackingIps: 0,
          threatIntelShare: 0,
          query: '',
        },
      },
    ],
  })
}

test('a rule for a signal is its response while it is in force, and its end stands in the timeline', async () => {
  await anOpenSignal()
  const { id } = await rules.add({ ...body, signalId: 's', clusterId: 'c' }, 'ann')
  expect((await state.signal('s'))?.responses).toMatchObject([{ kind: 'waf_rule', value: id, undoneAt: null }])
  await rules.rollBack(id, 1, '6 of 40 requests ended in a successful login')
  expect(rules.find(id)).toMatchObject({ mode: 'disabled', origin: { signalId: 's', clusterId: 'c' } })
  expect((await state.signal('s'))?.responses).toMatchObject([{ undoneAt: expect.any(String) }])
  const { items } = await state.timeline('s', { limit: 10 })
  expect(items.map(({ kind, by }) => [kind, by])).toEqual([
    ['response_taken', 'ann'],
    ['response_undone', 'automation'],
  ])
  expect(items[1]?.text).toContain('6 of 40 requests')
  expect((await rules.versions(id)).map(({ fault }) => fault !== null)).toEqual([false, true])
  // What is said of an older version changes nothing.
  await rules.change(id, { mode: 'monitoring' }, 'ann')
  await rules.rollBack(id, 2, 'late')
  expect(rules.find(id).mode).toBe('monitoring')
})

test('templates make rules that are taken as they are', () => {
  const values: Record<string, Record<string, string>> = {
    'block-user-agent': { userAgent: 'evil-bot/1.0', pathPattern: '/login' },
    'tag-login': { pathPattern: '/api/:version/login', loginField: 'user.name', service: 'shop' },
  }
  const made = wafRuleTemplates().flatMap(({ id }) => fillTemplate(id, values[id] ?? {}))
  expect(made).toHaveLength(3)
  for (const each of made) expect(checkWafRule(each).problems).toBeUndefined()
  expect(() => fillTemplate('block-user-agent', {})).toThrow(/userAgent/)
  expect(() => fillTemplate('tag-login', { pathPattern: '/l', failureStatus: 'no' })).toThrow(/statuses/)
  expect(() => fillTemplate('nothing', {})).toThrow(/template/)
})
