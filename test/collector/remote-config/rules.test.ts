import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRemoteConfigServer } from '../../../src/collector/remote-config/server.ts'
import type { RemoteConfigServer } from '../../../src/collector/remote-config/remote-config.ts'
import { unmeasuredInputs } from '../../../src/collector/replay/measurable.ts'
import { createWafRules } from '../../../src/collector/respond/waf-rule-book.ts'
import type { WafRules } from '../../../src/collector/respond/waf-rules.ts'
import { openEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { State } from '../../../src/collector/state/state.ts'
import { compileRuleset } from '../../../src/waf.ts'
import { ConfigClient, type ClientOptions } from '../../support/config-client.ts'
import { systemClock } from '../../support/system-clock.ts'

let dir: string
let state: State
let server: RemoteConfigServer
let rules: WafRules & { close(): void }

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-rules-'))
  state = observe(await openEngine(join(dir, 'state.duckdb')))
  server = await createRemoteConfigServer({
    state,
    clock: systemClock,
    onError: (error) => {
      throw error
    },
  })
  rules = await createWafRules({ state, clock: systemClock, unmeasured: unmeasuredInputs })
})
afterEach(async () => {
  rules.close()
  server.close()
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
const rule = { id: 'evil-bot', conditions: [agentIs] }
const monitoring = { name: 'Evil bot', mode: 'monitoring', rule }
const blocking = { ...monitoring, mode: 'blocking' }
const config = 'pc-rule-evil-bot'

function client(options: ClientOptions = {}): ConfigClient {
  return new ConfigClient((request, wait) => server.configFor(request, wait), options)
}

/** Asks until the client has, or no longer has, the rule. */
async function settled(one: ConfigClient, isThere: (content: any) => boolean): Promise<any> {
  while (!isThere(one.content(config))) await one.ask(5_000)
  return one.content(config)
}

test('a rule that monitors makes an event on its routes and stops nothing; a draft is not sent', async () => {
  const added = await rules.add(
    { ...monitoring, mode: 'draft', routes: [{ method: 'post', pathPattern: '/login' }] },
    'ann',
  )
  const one = client()
  await one.ask()
  expect(one.content(config)).toBeUndefined()
  await rules.change(added.id, { mode: 'monitoring' }, 'ann')
  const content = await settled(one, (found) => found !== undefined)
  const waf = compileRuleset({ version: '2.2', ...content })
  const run = (method: string, uri: string): unknown =>
    waf.createContext().run({
      persistent: {
        'server.request.method': method,
        'server.request.uri.raw': uri,
        'server.request.headers.no_cookies': { 'user-agent': 'evil-bot/1.0' },
      },
    })
  expect(run('POST', '/login?next=1')).toMatchObject({ events: [{ rule: { id: 'evil-bot' } }], actions: {} })
  expect(run('GET', '/login')).toMatchObject({ events: [] })
  expect(run('POST', '/logins')).toMatchObject({ events: [] })
})

test('a rule goes to the services and environments that it names', async () => {
  await rules.add({ ...monitoring, services: ['shop'], envs: ['prod'] }, 'ann')
  const here = client()
  await settled(here, (found) => found !== undefined)
  for (const options of [{ service: 'other' }, { env: 'dev' }, { capabilities: 'AA==' }]) {
    const elsewhere = client(options)
    await elsewhere.ask()
    expect(elsewhere.content(config)).toBeUndefined()
  }
})

const replies: { says: string; response: unknown; portcullis: unknown; datadog?: unknown }[] = [
  { says: 'the block page', response: 'block', portcullis: undefined },
  {
    says: 'a status',
    response: { status: 404, type: 'json' },
    portcullis: { type: 'block_request', parameters: { status_code: 404, type: 'json' } },
  },
  {
    says: 'a redirection',
    response: { redirect: '/blocked' },
    portcullis: { type: 'redirect_request', parameters: { status_code: 303, location: '/blocked' } },
  },
  {
    says: 'a failed login, where a tracer knows how it looks',
    response: 'login_failure',
    portcullis: {
      type: 'block_request',
      parameters: { status_code: 403, type: 'login_failure', fallback_type: 'auto' },
    },
    datadog: undefined,
  },
  {
    says: 'a failed login with a fallback',
    response: { login_failure: { status: 401, type: 'json' } },
    portcullis: {
      type: 'block_request',
      parameters: { status_code: 401, type: 'login_failure', fallback_type: 'json' },
    },
    datadog: { type: 'block_request', parameters: { status_code: 401, type: 'json' } },
  },
]
test.each(replies)('a blocking rule answers with $says', async ({ response, portcullis, ...others }) => {
  await rules.add({ ...blocking, response }, 'ann')
  const kinds = { portcullis, datadog: 'datadog' in others ? others.datadog : portcullis }
  for (const [kind, action] of Object.entries(kinds)) {
    const one = client({ kind: kind as 'portcullis' })
    const { custom_rules: sent, actions } = await settled(one, (found) => found !== undefined)
    expect(sent[0].on_match).toEqual([action === undefined ? 'block' : 'pc-reply-evil-bot'])
    expect(actions).toEqual(action === undefined ? undefined : [{ id: 'pc-reply-evil-bot', ...action }])
    const { diagnostics } = compileRuleset({ version: '2.2', custom_rules: sent, actions: actions ?? [] })
    expect(diagnostics.custom_rules).toMatchObject({ failed: [], warnings: {} })
  }
})

test('the denylist of a service answers in its own way', async () => {
  await state.commit({
    documents: [
      {
        kind: 'service',
        put: { id: 'shop', appsec: { enabled: null }, clientIpVerified: false, denylistReply: { status: 404 } },
      },
    ],
    entries: [
      {
        list: 'denylist',
        entry: {
          id: 'e',
          kind: 'login',
          value: 'mallory',
          expiresAt: null,
          reason: '',
          signalId: null,
          author: 'ann',
          createdAt: new Date().toISOString(),
          rescindedAt: null,
          rescindedBy: null,
        },
      },
    ],
  })
  const [shop, other] = [client(), client({ service: 'other' })]
  for (const one of [shop, other]) while (one.list('blocked_logins').size === 0) await one.ask(5_000)
  expect(shop.content('pc-denylist-reply')).toEqual({
    actions: [{ id: 'pc-denylist-reply', type: 'block_request', parameters: { status_code: 404, type: 'auto' } }],
    rules_override: [
      {
        rules_target: [{ rule_id: 'blk-001-001' }, { rule_id: 'blk-001-002' }],
        on_match: ['pc-denylist-reply'],
      },
    ],
  })
  expect(shop.content('pc-denylist-rules').custom_rules[0].on_match).toEqual(['pc-denylist-reply'])
  expect(other.content('pc-denylist-reply')).toBeUndefined()
  expect(other.content('pc-denylist-rules').custom_rules[0].on_match).toEqual(['block'])
  expect((await shop.ask()).reply).toEqual({})
  expect((await other.ask()).reply).toEqual({})
})

test('a rule that ends goes from tracers that wait, at its end', async () => {
  await rules.add({ ...blocking, endsAt: new Date(Date.now() + 1_500).toISOString() }, 'ann')
  const one = client()
  await settled(one, (found) => found !== undefined)
  const answer = await one.ask(50_000)
  expect(answer.held).toBe(true)
  expect(one.content(config)).toBeUndefined()
})

test('with the kill switch rules only make events and every address is let through', async () => {
  await rules.add(blocking, 'ann')
  const one = client()
  await settled(one, (found) => found !== undefined)
  const setBlocking = (isOn: boolean): Promise<void> =>
    state.commit({
      documents: [{ kind: 'settings', put: { id: 'settings', automation: null, blocking: isOn, retentionDays: null } }],
    })
  await setBlocking(false)
  const content = await settled(one, (found) => found.custom_rules[0].on_match === undefined)
  expect(content.actions).toBeUndefined()
  expect([...one.list('passlisted_ips').keys()]).toEqual(['0.0.0.0/0', '::/0'])
  expect(one.content('pc-kill-switch-rule').exclusions[0].on_match).toBe('monitor')
  expect(one.content('pc-passlist-rules').exclusions[0].id).toBe('pc-pass-ip')
  await setBlocking(true)
  await settled(one, (found) => found.custom_rules[0].on_match !== undefined)
  expect(one.list('passlisted_ips').size).toBe(0)
})

test('a version that a tracer refuses is marked, told once, and the version before is restored', async () => {
  await rules.add(monitoring, 'ann')
  const [one, two] = [client(), client()]
  await settled(one, (found) => found !== undefined)
  const refusals: unknown[] = []
  const restored: Promise<void>[] = []
  server.onRuleRefused((refusal) => {
    refusals.push(refusal)
    restored.push(rules.restore(refusal.ruleId, refusal.version, refusal.error))
  })
  await rules.replace('evil-bot', { ...blocking, name: 'Worse' }, 'ann')
  for (const each of [one, two]) {
    await settled(each, (found) => found?.custom_rules[0].name === 'Worse')
    each.failing.set(`datadog/2/ASM/${config}/config`, 'too new for me')
    await each.ask()
  }
  await Promise.all(restored)
  expect(refusals).toEqual([{ ruleId: 'evil-bot', version: 2, service: 'shop', env: 'prod', error: 'too new for me' }])
  expect(rules.find('evil-bot')).toMatchObject({ name: 'Evil bot', mode: 'monitoring', version: 3 })
  expect((await rules.versions('evil-bot')).map(({ fault }) => fault)).toEqual([null, 'too new for me', null])
  one.failing.clear()
  await settled(one, (found) => found.custom_rules[0].name === 'Evil bot')
})

test('a tracer has applied what was decided before only once it says so', async () => {
  const one = client()
  await one.ask()
  await one.ask()
  const decidedMs = Date.now()
  await rules.add(monitoring, 'ann')
  const through = (): number => server.tracers()[0]?.appliedThroughMs ?? 0
  expect(through()).toBeLessThan(decidedMs)
  await settled(one, (found) => found !== undefined)
  expect(through()).toBeLessThan(decidedMs)
  await one.ask()
  expect(through()).toBeGreaterThanOrEqual(decidedMs)
})
