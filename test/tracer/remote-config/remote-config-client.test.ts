import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { PortcullisError } from '../../../src/model/error.ts'
import type { ConfigReply, ConfigRequest } from '../../../src/model/remote-config.ts'
import { connectAgent } from '../../../src/tracer/agent-connection.ts'
import { subscriptionFor } from '../../../src/tracer/remote-config/capabilities.ts'
import type { ChangeOutcomes, ConfigChange } from '../../../src/tracer/remote-config/config-change.ts'
import { openConfigCache } from '../../../src/tracer/remote-config/config-cache.ts'
import {
  createRemoteConfigClient,
  type RemoteConfigClient,
  type RemoteConfigOptions,
} from '../../../src/tracer/remote-config/remote-config-client.ts'
import { eventually } from '../../support/eventually.ts'
import { startFakeAgent, type FakeAgent } from '../../support/fake-agent.ts'
import { systemClock } from '../../support/system-clock.ts'
import { configServer, replyOf, requestOf } from './config-server.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Running {
  readonly client: RemoteConfigClient
  readonly changes: ConfigChange[]
  readonly warnings: PortcullisError[]
}

function clientOf(
  url: string,
  over: Partial<RemoteConfigOptions> & { readonly outcome?: (change: ConfigChange) => string | null | undefined } = {},
): Running {
  const changes: ConfigChange[] = []
  const warnings: PortcullisError[] = []
  const connection = connectAgent(url, systemClock)
  const client = createRemoteConfigClient({
    connection,
    clock: systemClock,
    random: () => 0,
    identity: {
      runtimeId: 'runtime-1',
      tracerVersion: '1.2.3',
      service: 'shop',
      env: 'prod',
      appVersion: '7',
      tags: ['team:accounts'],
    },
    pollIntervalMs: 10,
    subscription: () => subscriptionFor({ local: true, running: true, ownRules: false }),
    apply(batch): Promise<ChangeOutcomes> {
      changes.push(...batch)
      const outcomes = new Map<string, string | null>()
      for (const change of batch) {
        const outcome = over.outcome ? over.outcome(change) : null
        if (outcome !== undefined) outcomes.set(change.path, outcome)
      }
      return Promise.resolve(outcomes)
    },
    warn: (problem) => warnings.push(problem),
    ...over,
  })
  cleanups.push(async () => {
    await client.stop()
    connection.close()
  })
  client.start()
  return { client, changes, warnings }
}

async function agentOf(): Promise<FakeAgent> {
  const agent = await startFakeAgent()
  cleanups.push(() => agent.close())
  return agent
}

/** Answers with one reply a request, the last one for ever. */
function inTurn(agent: FakeAgent, ...replies: (ConfigReply | string)[]): void {
  let turn = 0
  agent.answer = (_request, response) => {
    const reply = replies[Math.min(turn++, replies.length - 1)]
    response.end(typeof reply === 'string' ? reply : JSON.stringify(reply))
  }
}

function requests(agent: FakeAgent): ConfigRequest[] {
  return agent.received.map(requestOf)
}

function lastStates(agent: FakeAgent): (string | number)[][] {
  const states = requests(agent).at(-1)?.client.state.config_states ?? []
  return states.map((one) => [one.id, one.product, one.version, one.apply_state, one.apply_error ?? ''])
}

const data = 'datadog/2/ASM_DATA/blocked/config'
const features = 'datadog/2/ASM_FEATURES/one/config'
const rules = 'employee/ASM_DD/rules/config'

test('the first request is as the protocol has it', async () => {
  const agent = await agentOf()
  inTurn(agent, '{}')
  const { client } = clientOf(agent.url)
  const received = await eventually(() => agent.received[0], { says: 'a request' })
  expect([received.method, received.path]).toEqual(['POST', '/v0.7/config'])
  expect(received.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', prefer: 'wait=50' })
  expect(requestOf(received)).toEqual({
    client: {
      state: {
        root_version: 1,
        targets_version: 0,
        config_states: [],
        has_error: false,
        error: '',
        backend_client_state: '',
      },
      id: client.clientId,
      products: ['ASM_FEATURES', 'ASM', 'ASM_DD', 'ASM_DATA'],
      is_tracer: true,
      client_tracer: {
        runtime_id: 'runtime-1',
        language: 'node',
        tracer_version: '1.2.3',
        service: 'shop',
        env: 'prod',
        app_version: '7',
        extra_services: [],
        tags: ['team:accounts', `_dd.rc.client_id:${client.clientId}`],
      },
      capabilities: 'HA+ABwf8',
    },
    cached_target_files: [],
  })
})

test('configurations come, change and go, and each step is reported at once', async () => {
  const agent = await agentOf()
  inTurn(
    agent,
    replyOf(5, { [data]: '{"rules_data":[]}', [rules]: '{"version":"2.2"}' }),
    '{}',
    replyOf(6, { [data]: '{"rules_data":[1]}', [rules]: '{"version":"2.2"}' }),
    '{}',
    replyOf(7, { [rules]: '{"version":"2.2"}' }),
    '{}',
  )
  const { changes } = clientOf(agent.url)
  await eventually(() => agent.received.length >= 6, { says: 'six requests' })
  expect(changes.map(({ kind, path, version, content }) => [kind, path, version, content])).toEqual([
    ['added', data, 5, { rules_data: [] }],
    ['added', rules, 5, { version: '2.2' }],
    ['changed', data, 6, { rules_data: [1] }],
    ['removed', data, 6, undefined],
  ])
  expect(changes[1]).toMatchObject({ product: 'ASM_DD', id: 'rules' })
  const [, afterAdd, , afterChange, , afterRemoval] = requests(agent)
  expect(afterAdd?.client.state).toMatchObject({
    targets_version: 5,
    backend_client_state: 'state-5',
    config_states: [
      { id: 'blocked', version: 5, product: 'ASM_DATA', apply_state: 2, apply_error: '' },
      { id: 'rules', version: 5, product: 'ASM_DD', apply_state: 2, apply_error: '' },
    ],
  })
  expect(afterAdd?.cached_target_files.map(({ path, length }) => [path, length])).toEqual([
    [data, 17],
    [rules, 17],
  ])
  expect(afterChange?.client.state.config_states[1]).toMatchObject({ id: 'rules', version: 5 })
  expect(afterRemoval?.cached_target_files.map(({ path }) => path)).toEqual([rules])
  // What is to be told does not wait in a held request.
  expect(agent.received.slice(0, 6).map(({ headers }) => headers['prefer'] !== undefined)).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
  ])
})

test('a server that holds requests is asked again at once, and a change arrives while it holds', async () => {
  const agent = await agentOf()
  const server = configServer({ holds: true })
  server.put({ [data]: '{"n":0}' })
  agent.answer = server.answer
  const { changes } = clientOf(agent.url, { pollIntervalMs: 1_000_000 })
  for (let n = 1; n <= 3; n += 1) {
    await eventually(() => lastStates(agent).length > 0 && agent.received.at(-1)?.headers['prefer'] !== undefined, {
      says: 'a held request',
    })
    const before = changes.length
    server.put({ [data]: `{"n":${n}}` })
    await eventually(() => changes.length > before, { says: 'the change applied' })
  }
  expect(changes.map(({ content }) => content)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }])
})

test('a server that does not hold is asked at the interval', async () => {
  const agent = await agentOf()
  inTurn(agent, '{}')
  clientOf(agent.url, { pollIntervalMs: 5 })
  await eventually(() => agent.received.length >= 4, { says: 'four requests' })
  const slow = await agentOf()
  inTurn(slow, '{}')
  clientOf(slow.url, { pollIntervalMs: 1_000_000 })
  await eventually(() => slow.received.length === 1, { says: 'one request' })
  const before = agent.received.length
  await eventually(() => agent.received.length > before + 3, { says: 'more requests elsewhere' })
  expect(slow.received).toHaveLength(1)
})

const broken: { readonly says: string; readonly reply: ConfigReply | string; readonly error: RegExp }[] = [
  {
    says: 'a path without a target',
    reply: { ...replyOf(5, {}), client_configs: [data] },
    error: /Unable to find target for path/,
  },
  {
    says: 'a target without its file',
    reply: { ...replyOf(5, { [data]: '{}' }), target_files: [] },
    error: /Unable to find file for path/,
  },
  { says: 'a path that is none', reply: replyOf(5, { 'nowhere/x': '{}' }), error: /Unable to parse path/ },
  { says: 'a body that is not JSON', reply: 'hello', error: /JSON/ },
  { says: 'a body that is a list', reply: '[]', error: /not an object/ },
  { says: 'targets that are no JSON', reply: { client_configs: [], targets: 'AAAA' }, error: /JSON/ },
  {
    says: 'targets without a version',
    reply: { targets: Buffer.from('{"signed":{}}').toString('base64') },
    error: /version/,
  },
]

test.each(broken)('$says changes nothing and is reported once', async ({ reply, error }) => {
  const agent = await agentOf()
  inTurn(agent, replyOf(4, { [rules]: '{}' }), '{}', reply, '{}')
  const { changes, warnings } = clientOf(agent.url, { pollIntervalMs: 1 })
  await eventually(() => agent.received.length >= 6, { says: 'six requests' })
  expect(changes).toHaveLength(1)
  const states = requests(agent).map(({ client }) => client.state)
  expect(states.slice(0, 3).every(({ has_error }) => !has_error)).toBe(true)
  expect(states[3]).toMatchObject({ has_error: true, targets_version: 4 })
  expect(states[3]?.error).toMatch(error)
  expect(states[4]).toMatchObject({ has_error: false, error: '' })
  expect(warnings.map(({ code }) => code)).toEqual(['REMOTE_CONFIG_FAILED'])
})

test('every broken reply ran', () => expect(broken).toHaveLength(7))

test('a malformed configuration is an error of its own, the others are taken over', async () => {
  const agent = await agentOf()
  const good = '{"ok":true}'
  const damaged = replyOf(5, { [data]: good, [features]: 'not json', [rules]: good })
  inTurn(agent, damaged, '{}')
  const { changes } = clientOf(agent.url)
  await eventually(() => agent.received.length >= 2, { says: 'a report' })
  expect(changes.map(({ path }) => path)).toEqual([data, rules])
  const states = requests(agent)[1]?.client.state.config_states ?? []
  expect(states.map(({ id, apply_state }) => [id, apply_state])).toEqual([
    ['one', 3],
    ['blocked', 2],
    ['rules', 2],
  ])
  expect(states[0]?.apply_error).toMatch(/not JSON/)
})

test.each([
  { says: 'another length', change: (raw: string) => `AAAA${raw}`, error: /bytes instead of/ },
  { says: 'another hash', change: (raw: string) => `B${raw.slice(1)}`, error: /sha256/ },
])('content of $says is not applied, and asked for again', async ({ change, error }) => {
  const agent = await agentOf()
  const reply = replyOf(5, { [data]: '{"ok":true}' })
  const tampered = {
    ...reply,
    target_files: (reply.target_files ?? []).map((one) => ({ ...one, raw: change(one.raw) })),
  }
  inTurn(agent, tampered, reply, '{}')
  const { changes } = clientOf(agent.url)
  await eventually(() => agent.received.length >= 3, { says: 'a report' })
  const [, second, third] = requests(agent)
  expect(second?.client.state.config_states[0]).toMatchObject({ apply_state: 3 })
  expect(second?.client.state.config_states[0]?.apply_error).toMatch(error)
  expect(second?.cached_target_files).toEqual([])
  expect(third?.client.state.config_states[0]).toMatchObject({ apply_state: 2, apply_error: '' })
  expect(changes).toHaveLength(1)
})

test('what could not be taken over is told with its reason, what nobody took stays unacknowledged', async () => {
  const agent = await agentOf()
  inTurn(agent, replyOf(5, { [data]: '{}', [rules]: '{}', [features]: '{}' }), '{}')
  clientOf(agent.url, { outcome: ({ path }) => (path === data ? 'no such list' : path === rules ? undefined : null) })
  await eventually(() => agent.received.length >= 2, { says: 'a report' })
  expect(lastStates(agent)).toEqual([
    ['blocked', 'ASM_DATA', 5, 3, 'no such list'],
    ['rules', 'ASM_DD', 5, 1, ''],
    ['one', 'ASM_FEATURES', 5, 2, ''],
  ])
})

test('an apply that throws is an error of each change', async () => {
  const agent = await agentOf()
  inTurn(agent, replyOf(5, { [data]: '{}' }), '{}')
  clientOf(agent.url, { apply: () => Promise.reject(new Error('boom')) })
  await eventually(() => agent.received.length >= 2, { says: 'a report' })
  expect(lastStates(agent)).toEqual([['blocked', 'ASM_DATA', 5, 3, 'boom']])
})

test('an agent without remote configuration is asked in silence', async () => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(404).end()
  const { warnings } = clientOf(agent.url, { pollIntervalMs: 1 })
  await eventually(() => agent.received.length > 3, { says: 'more requests' })
  expect(warnings).toEqual([])
})

test('an agent that fails, hangs up or is away is warned of once, and taken up again when it is well', async () => {
  const agent = await agentOf()
  let turn = 0
  agent.answer = (_request, response, socket) => {
    turn += 1
    if (turn === 1) response.writeHead(500).end()
    else if (turn === 2) socket.destroy()
    else response.end(JSON.stringify(replyOf(5, { [data]: '{}' })))
  }
  const { changes, warnings } = clientOf(agent.url)
  await eventually(() => changes.length > 0, { says: 'the configuration' })
  expect(warnings.map(({ code }) => code)).toEqual(['REMOTE_CONFIG_FAILED'])
})

test('stopping cancels a held request', async () => {
  const agent = await agentOf()
  agent.answer = () => {}
  const { client, warnings } = clientOf(agent.url)
  await eventually(() => agent.received.length === 1, { says: 'a request' })
  await client.stop()
  expect(warnings).toEqual([])
})

test('what was in force is kept on disk and in force again after a restart without a collector', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const file = join(directory, 'cache')
  const agent = await agentOf()
  const server = configServer({ holds: true })
  server.put({ [data]: '{"n":1}', [rules]: '{"r":1}', [features]: '{"f":1}' })
  agent.answer = server.answer
  const first = clientOf(agent.url, {
    cache: openConfigCache(file),
    outcome: ({ path }) => (path === rules ? 'bad' : null),
  })
  await eventually(() => first.changes.length === 3, { says: 'first configurations' })
  server.put({ [data]: '{"n":2}', [features]: '{"f":1}' })
  await eventually(() => first.changes.length === 5, { says: 'second configurations' })
  await first.client.stop()
  expect(await readdir(directory)).toEqual(['cache'])
  expect((await stat(file)).mode & 0o777).toBe(0o600)

  const away = await startFakeAgent()
  await away.close()
  const alone = clientOf(away.url, { cache: openConfigCache(file) })
  await eventually(() => alone.changes.length > 0, { says: 'what was kept' })
  expect(alone.changes.map(({ kind, path, content }) => [kind, path, content])).toEqual([
    ['added', data, { n: 2 }],
    ['added', features, { f: 1 }],
  ])
  await alone.client.stop()

  const requestsBefore = agent.received.length
  const again = clientOf(agent.url, { cache: openConfigCache(file) })
  await eventually(() => agent.received.length > requestsBefore + 1, { says: 'a request after the restart' })
  expect(again.changes.map(({ kind }) => kind)).toEqual(['added', 'added'])
  expect(requests(agent)[requestsBefore]?.cached_target_files.map(({ path }) => path)).toEqual([data, features])
})

test('a damaged cache gives what is whole in it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const file = join(directory, 'cache')
  const cache = openConfigCache(file)
  const whole = (n: number): { path: string; raw: string; sha256: string; length: number; version: number } => {
    const reply = replyOf(n, { [`datadog/2/ASM_DATA/c${n}/config`]: `{"n":${n}}` })
    const { signed } = JSON.parse(Buffer.from(reply.targets ?? '', 'base64').toString()) as {
      signed: { targets: Record<string, { hashes: { sha256: string }; length: number }> }
    }
    const [path, target] = Object.entries(signed.targets)[0] ?? ['', { hashes: { sha256: '' }, length: 0 }]
    return {
      path,
      raw: reply.target_files?.[0]?.raw ?? '',
      sha256: target.hashes.sha256,
      length: target.length,
      version: n,
    }
  }
  await cache.save(new Map(), [whole(1), whole(2), whole(3)])
  const lines = (await readFile(file, 'utf8')).split('\n')
  await writeFile(
    file,
    [lines[0], lines[1], '{"path":1}', 'garbage', lines[2]?.replace('"raw":"', '"raw":"AAAA'), lines[3]].join('\n'),
  )
  expect((await cache.load()).map(({ version }) => version)).toEqual([1, 3])
  await writeFile(file, 'something else entirely\n')
  expect(await cache.load()).toEqual([])
  expect(await openConfigCache(join(directory, 'none')).load()).toEqual([])
})
