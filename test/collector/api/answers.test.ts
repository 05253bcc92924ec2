import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendLogins } from '../../support/agent-payload.ts'
import { attackerIp, attackUntilSignal, victim } from '../../support/attack.ts'
import { eventually } from '../../support/eventually.ts'
import {
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../../support/collector-process.ts'

/** Runs on the build (dist/): what the API says of an attack whose every request is known. */
const directory = temporaryDirectory()
let collector: CollectorProcess
let signal: any
const responseId = '0d5a6a37-8a3c-4a52-8f6e-2f8f5f2b9a10'

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
  const dayAgo = Date.now() - 86_400_000
  await sendLogins(
    collector.agentUrl,
    Array.from({ length: 5 }, (_, index) => ({
      login: victim,
      ip: '192.0.2.44',
      success: true,
      userId: 'id-victim',
      atMs: dayAgo + index * 1_000,
    })),
  )
  signal = await attackUntilSignal(collector)
  await collector.api('POST', `/api/signals/${signal.id}/respond`, { selection: 'ips', forSeconds: 3_600 })
  const rule = { id: 'blk-001-001', tags: { type: 'block_ip', category: 'security_response' }, on_match: ['block'] }
  const event = JSON.stringify({ triggers: [{ rule, rule_matches: [], security_response_id: responseId }] })
  const meta = { 'appsec.blocked': 'true', 'appsec.event': 'true', '_dd.appsec.json': event }
  await sendLogins(collector.agentUrl, [{ login: 'stopped', ip: attackerIp, meta }])
})
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

const csvOf = async (path: string, body?: unknown): Promise<string[]> => {
  const reply = await fetch(new URL(path, collector.consoleUrl), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(reply.headers.get('content-type')).toContain('text/csv')
  return (await reply.text()).trimEnd().split('\r\n')
}

test('all groups of a query come as CSV, however few a page shows', async () => {
  const query = `@http.client_ip:${attackerIp} @appsec.security_activity:*failure -@appsec.blocked:true`
  const body = { query, by: ['@appsec.events_data.usr.login'] }
  const [header, ...rows] = await csvOf('/api/spans/top?format=csv', body)
  expect(header).toBe("'@appsec.events_data.usr.login,count,first_seen,last_seen")
  expect(rows).toHaveLength(40)
  expect((await collector.api('POST', '/api/spans/top', { ...body, limit: 3 })).body.rows).toHaveLength(3)
})

test('a comparison puts what is new first', async () => {
  const { body } = await collector.api('POST', '/api/spans/compare', {
    from: 'now-1h',
    to: 'now+1m',
    baseline: { from: 'now-25h', to: 'now-23h' },
    by: ['@http.client_ip'],
  })
  expect(body.rows[0]).toMatchObject({ group: { '@http.client_ip': attackerIp }, baseline: [0] })
  expect(body.rows[0].excess).toBe(body.rows[0].values[0])
})

test('a series has every bucket, and its interval as it was asked for', async () => {
  const to = Math.ceil(Date.now() / 60_000) * 60_000
  const from = to - 10 * 60_000
  const { body } = await collector.api('POST', '/api/spans/timeseries', {
    query: 'service:shop',
    from,
    to,
    interval: '1m',
  })
  expect(body.interval).toBe('1m')
  expect(body.series).toHaveLength(1)
  expect(body.series[0].points.map(([start]: number[]) => start)).toEqual(
    Array.from({ length: 10 }, (_, index) => from + index * 60_000),
  )
  expect(body.series[0].points.reduce((sum: number, [, value]: number[]) => sum + (value ?? 0), 0)).toBe(42)
})

test('pages of a search follow each other without a gap', async () => {
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const { body } = await collector.api('POST', '/api/spans/search', {
      query: 'service:shop',
      from: 'now-2d',
      to: 'now+1m',
      limit: 7,
      cursor,
    })
    seen.push(...body.spans.map(({ spanId }: { spanId: string }) => spanId))
    cursor = body.next
  } while (cursor !== undefined)
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toHaveLength(47)
})

test('a query of thousands of addresses is answered; one that is too long says where it goes on', async () => {
  const listOf = (count: number): string =>
    `@http.client_ip:(${Array.from({ length: count }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`).join(' OR ')})`
  const many = await collector.api('POST', '/api/spans/search', {
    query: `${listOf(5_000)} OR @http.client_ip:${attackerIp}`,
  })
  expect({ status: many.status, found: many.body.spans?.length > 0 }).toEqual({ status: 200, found: true })
  const { status, body } = await collector.api('POST', '/api/spans/search', { query: listOf(20_000) })
  expect({ status, code: body.code, position: body.position }).toEqual({
    status: 400,
    code: 'QUERY_SYNTAX',
    position: 250_000,
  })
})

test('an address is shown with what it did, whom it reached, and what was done about it', async () => {
  const { body } = await collector.api('GET', `/api/entities/ip/${attackerIp}`)
  expect(body).toMatchObject({ kind: 'ip', successes: 1, failures: 41, blocked: 1, requests: 42 })
  expect(body.logins).toHaveLength(42)
  expect(body.signals.map(({ id }: { id: string }) => id)).toContain(signal.id)
  expect(body.blocks).toMatchObject([{ kind: 'ip', value: attackerIp, signalId: signal.id }])
  const sumOf = (points: [number, number][]): number => points.reduce((sum, [, value]) => sum + value, 0)
  expect(body.course.interval).toBe('1d')
  expect([sumOf(body.course.successes), sumOf(body.course.failures)]).toEqual([1, 41])
  expect(body.flags).toEqual([])
})

test('each response says how many requests it stopped', async () => {
  const url = `/api/signals/${signal.id}/respond`
  const chosen = { kind: 'cidr', values: ['198.51.100.0/30'], forSeconds: 600 }
  const taken = await collector.api('POST', url, chosen)
  expect(taken.status).toBe(201)
  const { body } = await collector.api('GET', `/api/signals/${signal.id}/responses`)
  const hits = new Map(body.items.map(({ value, hits: count }: any) => [value, count]))
  expect([hits.get(attackerIp), hits.get('198.51.100.0/30')]).toEqual([1, 0])
  expect((await collector.api('DELETE', `/api/responses/${taken.body.items[0].id}`)).status).toBeLessThan(300)
})

test('a person tells a recipient of a signal; nobody can be told by a name that is not there', async () => {
  const url = `/api/signals/${signal.id}/respond`
  const unknown = await collector.api('POST', url, { kind: 'notify', recipients: ['nobody'] })
  expect([unknown.status, unknown.body.detail]).toEqual([400, 'recipients[0]: there is no recipient "nobody"'])
  const recipient = { name: 'on call', kind: 'email', to: ['soc@example.com'] }
  expect((await collector.api('POST', '/api/notifications/recipients', recipient)).status).toBe(201)
  expect((await collector.api('POST', url, { kind: 'notify' })).status).toBe(400)
  const { status, body } = await collector.api('POST', url, { kind: 'notify', recipients: ['on call'] })
  expect([status, body.items]).toMatchObject([201, [{ kind: 'notify', value: 'on call' }]])
  const { body: log } = await collector.api('GET', '/api/notifications/deliveries')
  expect(log.items).toMatchObject([{ type: 'signal.shared', signalId: signal.id }])
  expect((await collector.api('DELETE', `/api/responses/${body.items[0].id}`)).status).toBe(409)
})

test('a user is shown with the addresses, by login and by id, and the attack that reached the account', async () => {
  for (const name of [victim, 'id-victim']) {
    const { body } = await collector.api('GET', `/api/entities/user/${encodeURIComponent(name)}`)
    expect(body).toMatchObject({ successes: 6, failures: 0 })
    expect(body.ips.map(({ value, count }: { value: string; count: number }) => [value, count])).toEqual([
      ['192.0.2.44', 5],
      [attackerIp, 1],
    ])
    expect(body.signals.map(({ id }: { id: string }) => id)).toContain(signal.id)
  }
})

test('a block is shown by its signal, with its end and what it stopped', async () => {
  const { body } = await collector.api('GET', '/api/mitigations')
  const own = body.items.find((item: any) => item.signal?.id === signal.id)
  expect(own).toMatchObject({ entryCount: 1, byKind: { ip: 1 }, hitCount: 1, incomplete: false })
  expect(Date.parse(own.endsAt)).toBeGreaterThan(Date.now())
  expect(own.hits.reduce((sum: number, [, value]: number[]) => sum + (value ?? 0), 0)).toBe(1)
  expect(own.attack.reduce((sum: number, [, value]: number[]) => sum + (value ?? 0), 0)).toBeGreaterThanOrEqual(41)
})

test('who quotes the id of a block page learns what stopped the request', async () => {
  const { body } = await collector.api('GET', `/api/blocked/${responseId}`)
  expect(body).toMatchObject({ reason: 'denylist', rules: ['blk-001-001'], entries: [{ value: attackerIp }] })
  expect(body.span.attributes['http.client_ip']).toBe(attackerIp)
  expect((await collector.api('GET', '/api/blocked/unknown')).status).toBe(404)
})

test('lists of a signal are complete as CSV', async () => {
  const [header, ...rows] = await csvOf(`/api/signals/${signal.id}/users?format=csv`)
  expect(header).toContain('usr_login')
  expect(rows.length).toBeGreaterThanOrEqual(40)
  expect(await csvOf(`/api/signals/${signal.id}/compromised-users?format=csv`)).toHaveLength(2)
})

test('the questions of triage are answered in figures', async () => {
  const { body } = await collector.api('GET', `/api/signals/${signal.id}/report`)
  expect(body).toMatchObject({
    increase: { usual: 0, factor: null },
    addresses: { looked: 1, firstSeenNow: 1 },
    threatIntelShare: 0,
    outcome: { successes: 1 },
    accounts: { unknown: 0, domains: [{ value: 'shop.example' }] },
    userAgents: [{ value: 'test-agent/1.0', share: 1 }],
    related: [],
    suggestedSuppression: `service:shop @http.client_ip:${attackerIp}`,
  })
  expect(body.outcome.oneIn).toBe(body.outcome.failures + 1)
  expect(body.accounts.exist + body.accounts.missing).toBe(body.outcome.failures)
  const points: [string, number, number][] = body.series.points
  expect(points.reduce((sum, [, attempts]) => sum + attempts, 0)).toBe(body.outcome.failures)
  expect(points.reduce((sum, [, , successes]) => sum + successes, 0)).toBe(1)
  const { body: trace } = await collector.api('GET', `/api/traces/${body.samples[0].traceId}`)
  expect(trace).toMatchObject({ spans: [{ service: 'shop' }] })
})

test('a compromised account is open until somebody says what became of it', async () => {
  const path = `/api/signals/${signal.id}/compromised-users`
  const account = { usrLogin: victim, usrId: 'id-victim' }
  const listed = async (): Promise<any> => (await collector.api('GET', path)).body.items[0]
  await collector.api('PATCH', path, { users: [account], state: 'open' })
  expect(await listed()).toMatchObject({ ...account, state: 'open' })
  expect((await collector.api('PATCH', path, { users: [account], state: 'reset' })).body).toEqual({ changed: 1 })
  expect(await listed()).toMatchObject({ state: 'reset', stateBy: expect.stringMatching(/./) })
  const { body } = await collector.api('GET', `/api/signals/${signal.id}/timeline`)
  expect(body.items.at(-1)).toMatchObject({ kind: 'triaged', text: `${victim}: reset` })
  const newest = await collector.api('GET', `/api/signals/${signal.id}/timeline?order=newest&limit=1`)
  expect(newest.body.items).toEqual([body.items.at(-1)])
})

test('a false positive is archived as one, and can be opened again', async () => {
  const path = `/api/signals/${signal.id}`
  const { body } = await collector.api('PATCH', path, { falsePositive: true })
  expect(body).toMatchObject({ state: 'archived', archiveReason: 'false positive' })
  const again = await collector.api('PATCH', path, { state: 'open' })
  expect(again.body).toMatchObject({ state: 'open', archiveReason: null })
})

test('a back-test says what the live rule said', async () => {
  const { body } = await collector.api('POST', '/api/detection-rules/test', {
    ruleId: 'credential-stuffing',
    from: 'now-1h',
  })
  const same = body.signals.find(({ group }: any) => group['http.client_ip'] === attackerIp)
  expect(same).toMatchObject({ firstCrossedAt: signal.openedAt, firstSeen: signal.firstSeen, compromisedUsers: 1 })
})

test('a rule with mistakes is refused with all of them, and where they are', async () => {
  const { status, body } = await collector.api('POST', '/api/detection-rules', {
    id: 'Not An Id',
    name: 'x',
    windowSecnds: 5,
    queries: { a: { filter: 'service:(', aggregate: 'count' } },
  })
  expect(status).toBe(400)
  expect(body.code).toBe('DETECTION_RULE_INVALID')
  const paths = body.problems.map(({ path }: { path: string }) => path)
  expect(paths).toEqual(expect.arrayContaining(['$.id', '$.windowSecnds', '$.queries.a.filter']))
})

test('a rule goes through its versions, and an old one is not written over a newer', async () => {
  const { body: shipped } = await collector.api('GET', '/api/detection-rules/brute-force')
  const own = { ...shipped, id: 'versioned', version: undefined }
  expect((await collector.api('POST', '/api/detection-rules', own)).body.version).toBe(1)
  expect((await collector.api('POST', '/api/detection-rules', own)).status).toBe(409)
  expect(
    (await collector.api('PUT', '/api/detection-rules/versioned', { ...own, version: 1, enabled: false })).body.version,
  ).toBe(2)
  expect((await collector.api('PUT', '/api/detection-rules/versioned', { ...own, version: 1 })).status).toBe(409)
  await collector.api('DELETE', '/api/detection-rules/versioned')
  expect((await collector.api('GET', '/api/detection-rules/versioned')).status).toBe(404)
  const { body } = await collector.api('GET', '/api/detection-rules/versioned/versions')
  expect(body.items.map(({ rule, deleted }: any) => [rule.version, deleted])).toEqual([
    [3, true],
    [2, false],
    [1, false],
  ])
})

test('an entry that was taken back can be put back with the end it had', async () => {
  const { body: entry } = await collector.api('POST', '/api/denylist', {
    kind: 'user',
    value: 'undone',
    forSeconds: 600,
  })
  expect((await collector.api('POST', `/api/denylist/${entry.id}/undo`)).status).toBe(409)
  await collector.api('DELETE', `/api/denylist/${entry.id}`)
  const { status, body } = await collector.api('POST', `/api/denylist/${entry.id}/undo`)
  expect({ status, expiresAt: body.expiresAt }).toEqual({ status: 201, expiresAt: entry.expiresAt })
  expect((await collector.api('POST', `/api/denylist/${entry.id}/undo`)).status).toBe(409)
  const { body: found } = await collector.api('GET', '/api/denylist?value=undone')
  expect(found.items.map(({ id }: { id: string }) => id)).toEqual([body.id])
})

test('what is switched for one environment leaves the others alone', async () => {
  await collector.api('PATCH', '/api/services/switched', { appsec: { enabled: false } })
  await collector.api('PATCH', '/api/services/switched', {
    appsec: { enabled: true },
    autoUserMode: 'disabled',
    env: 'prod',
  })
  const featuresIn = async (env: string): Promise<string[]> => {
    const tracer = { runtime_id: env, language: 'node', tracer_version: '1', service: 'switched', env, tags: [] }
    const state = { root_version: 1, targets_version: 0, config_states: [], has_error: false }
    const client = {
      id: env,
      state,
      products: ['ASM_FEATURES'],
      is_tracer: true,
      client_tracer: tracer,
      capabilities: 'AA==',
    }
    const reply = await fetch(new URL('/v0.7/config', collector.agentUrl), {
      method: 'POST',
      body: JSON.stringify({ client, cached_target_files: [] }),
    })
    const { target_files: files = [] }: any = await reply.json()
    return files.map(({ raw }: { raw: string }) => Buffer.from(raw, 'base64').toString()).toSorted()
  }
  // Changes that come within a few milliseconds go out together.
  await eventually(async () => (await featuresIn('prod')).length === 2, { says: 'both settings going out' })
  expect(await featuresIn('prod')).toEqual(['{"asm":{"enabled":true}}', '{"auto_user_instrum":{"mode":"disabled"}}'])
  expect(await featuresIn('staging')).toEqual(['{"asm":{"enabled":false}}'])
})

test('a threat-intel list marks what comes after it, and a bad one is refused whole', async () => {
  const bad = await collector.api('POST', '/api/threat-intel', {
    name: 'bad',
    csv: 'ip_address\n192.0.2.1\nnonsense\n',
  })
  expect(bad).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } })
  expect((await collector.api('GET', '/api/threat-intel/bad')).status).toBe(404)
  expect(
    await collector.api('POST', '/api/threat-intel', { name: 'far', url: 'http://127.0.0.1:1/list.csv' }),
  ).toMatchObject({
    status: 400,
    body: { code: 'OUTBOUND_REFUSED' },
  })
  const csv =
    'ip_address,additional_data,category,intention,source\n192.0.2.128/25,,tor,suspicious,"{""name"":""mine""}"\n'
  expect((await collector.api('POST', '/api/threat-intel', { name: 'mine', csv })).body).toMatchObject({ size: 1 })
  await sendLogins(collector.agentUrl, [{ login: 'through-tor', ip: '192.0.2.200', service: 'elsewhere' }])
  const { body } = await collector.api('POST', '/api/spans/search', {
    query: 'service:elsewhere @threat_intel.results.category:tor',
  })
  expect(body.spans).toHaveLength(1)
})

test('a preview says what a block would have stopped that nothing stopped: all of it, or what is outside of the attack', async () => {
  const all = await collector.api('POST', '/api/mitigations/preview', {
    kind: 'ip',
    values: [attackerIp, '192.0.2.44'],
  })
  expect(all.body).toMatchObject({
    days: 7,
    values: 2,
    requests: 46,
    successfulLogins: 6,
    users: 1,
    measuredOn: 'full',
  })
  expect(all.body.points.reduce((sum: number, [, count]: number[]) => sum + (count ?? 0), 0)).toBe(46)
  expect(all.body.withoutRemoteConfig).toContain('shop')
  const outside = await collector.api('POST', '/api/mitigations/preview', { signalId: signal.id, selection: 'ips' })
  expect(outside.body).toMatchObject({ values: 1, requests: 0, successfulLogins: 0, users: 0 })
})

test('mitigations name the signal, its entries, what they stopped and when they end', async () => {
  const { body } = await collector.api('GET', `/api/mitigations?signalId=${signal.id}`)
  expect(body.items).toHaveLength(1)
  const [mitigation] = body.items
  expect(mitigation).toMatchObject({
    signal: { id: signal.id },
    entryCount: 1,
    byKind: { ip: 1 },
    rules: [],
    hitCount: 1,
    cleanUp: false,
    incomplete: false,
  })
  expect(Date.parse(mitigation.endsAt)).toBeGreaterThan(Date.now())
  expect(mitigation.entries[0]).toMatchObject({ kind: 'ip', value: attackerIp })
})

test('a response says that no tracer is connected to enforce it', async () => {
  const { body } = await collector.api('GET', `/api/signals/${signal.id}/responses`)
  const block = body.items.find((item: any) => item.value === attackerIp)
  expect(block).toMatchObject({ kind: 'block_ip', acknowledgements: [] })
})

const nullable = [
  { says: 'automation', path: '/api/settings', change: { automation: null }, was: { automation: true } },
  { says: 'retention', path: '/api/settings', change: { retentionDays: null }, was: { retentionDays: 9 } },
  {
    says: 'AppSec of a service',
    path: '/api/services/nulls',
    change: { appsec: { enabled: null } },
    was: { appsec: { enabled: true } },
  },
]
test.each(nullable)('null takes $says back, and is not read as off', async ({ path, change, was }) => {
  await collector.api('PATCH', path, was)
  const { body } = await collector.api('PATCH', path, change)
  expect(body.own ?? body).toMatchObject(change)
})
test('every setting that takes null was tried', () => expect(nullable).toHaveLength(3))
