import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attackUntilSignal, attackerIp } from '../../support/attack.ts'
import { sendLogins } from '../../support/agent-payload.ts'
import {
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../../support/collector-process.ts'

/** Runs on the build (dist/): a collector in a process of its own, called once or more for each operation. */
const directory = temporaryDirectory()
let collector: CollectorProcess
let document: any
const ids: Record<string, string> = {}
const responseId = '6f1d6a8e-5a0b-4f0c-9d8e-0a4c1c2f7e11'

interface Call {
  readonly operation: string
  /** Path parameters; `:name` stands for what an earlier call left under this name. */
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  /** Members of the reply that later calls use. */
  readonly leaves?: Readonly<Record<string, string>>
}

const rule = {
  id: 'many-failures',
  name: 'Many failures',
  enabled: true,
  tags: [],
  queries: { failures: { filter: '@appsec.security_activity:business_logic.users.login.failure', aggregate: 'count' } },
  groupBy: ['service', '@http.client_ip'],
  windowSeconds: 60,
  keepAliveSeconds: 600,
  maxSignalSeconds: 3_600,
  method: 'threshold',
  cases: [{ name: 'Many', severity: 'low', when: 'failures > 10' }],
  message: '',
}
/** A recipient and a rule for it, from its making to its end. */
function notificationCalls(): readonly Call[] {
  const url = '/api/notifications'
  const recipient = { name: 'ann', kind: 'email', to: ['ann@example.com'] }
  const params = { id: ':recipient' }
  const notificationRule = { name: 'all', recipients: [':recipient'] }
  return [
    { operation: `post ${url}/recipients`, body: recipient, status: 201, leaves: { recipient: 'id' } },
    { operation: `get ${url}/recipients`, status: 200 },
    { operation: `get ${url}/recipients/{id}`, params, status: 200 },
    { operation: `put ${url}/recipients/{id}`, params, body: { ...recipient, name: 'bob' }, status: 200 },
    { operation: `post ${url}/recipients/{id}/test`, params, status: 200 },
    { operation: `post ${url}/rules`, body: notificationRule, status: 201, leaves: { notificationRule: 'id' } },
    { operation: `post ${url}/rules`, body: { ...notificationRule, recipients: ['nobody'] }, status: 400 },
    { operation: `get ${url}/rules`, status: 200 },
    { operation: `get ${url}/rules/{id}`, params: { id: ':notificationRule' }, status: 200 },
    { operation: `put ${url}/rules/{id}`, params: { id: ':notificationRule' }, body: notificationRule, status: 200 },
    { operation: `post ${url}/rules/{id}/test`, params: { id: ':notificationRule' }, status: 200 },
    { operation: `get ${url}/deliveries`, query: 'limit=1', status: 200 },
    { operation: `delete ${url}/rules/{id}`, params: { id: ':notificationRule' }, status: 204 },
    { operation: `delete ${url}/recipients/{id}`, params, status: 204 },
    { operation: `post ${url}/recipients/{id}/undo`, params, status: 200 },
    {
      operation: `post ${url}/recipients`,
      body: {
        name: 'hook',
        kind: 'webhook',
        url: 'https://hooks.example.com/x',
        encoding: 'form',
        auth: { kind: 'oauth2', tokenUrl: 'https://auth.example.com/token', clientId: 'c', clientSecret: 's' },
      },
      status: 201,
    },
  ]
}

/** A managed rule from its making to its end. */
function wafRuleCalls(): readonly Call[] {
  const url = '/api/waf-rules'
  const agentIs = {
    operator: 'exact_match',
    parameters: {
      inputs: [{ address: 'server.request.headers.no_cookies', key_path: ['user-agent'] }],
      list: ['evil-bot/1.0'],
    },
  }
  const bare = {
    id: 'evil-bot',
    conditions: [agentIs, { ...agentIs, parameters: { ...agentIs.parameters, list: ['b'] } }],
  }
  const managed = { name: 'Evil bot', mode: 'monitoring', response: { login_failure: { status: 401 } }, rule: bare }
  const params = { id: 'evil-bot' }
  return [
    { operation: `post ${url}`, body: managed, status: 201 },
    { operation: `post ${url}`, body: managed, status: 409 },
    { operation: `post ${url}`, body: { ...managed, mode: 'on' }, status: 400 },
    { operation: `get ${url}`, status: 200 },
    { operation: `get ${url}/{id}`, params, status: 200 },
    { operation: `put ${url}/{id}`, params, body: { ...managed, version: 9 }, status: 409 },
    { operation: `put ${url}/{id}`, params, body: { ...managed, routes: [{ pathPattern: '/login' }] }, status: 200 },
    { operation: `patch ${url}/{id}`, params, body: { mode: 'blocking', endsAt: null }, status: 200 },
    { operation: `get ${url}/{id}/versions`, params, status: 200 },
    { operation: `post ${url}/validate`, body: managed, status: 200 },
    { operation: `post ${url}/validate`, body: { ...managed, mode: 'on' }, status: 200 },
    { operation: `post ${url}/explain`, body: { ruleId: 'evil-bot', traceId: ':traceId' }, status: 200 },
    { operation: `post ${url}/explain`, body: { rule: bare, traceId: 'ffff' }, status: 404 },
    { operation: `post ${url}/preview`, body: { rule: bare, from: 'now-1h' }, status: 200 },
    { operation: `post ${url}/preview`, body: { ruleId: 'evil-bot', rule: bare }, status: 400 },
    { operation: `get ${url}/templates`, status: 200 },
    {
      operation: `post ${url}/templates/{id}`,
      params: { id: 'tag-login' },
      body: { values: { pathPattern: '/login' } },
      status: 200,
    },
    { operation: `delete ${url}/{id}`, params, status: 204 },
  ]
}

const range = { from: 'now-1h', to: 'now+1m' }

const picked = [{ attribute: '@http.useragent', value: 'curl/8' }]

/** In this order: some use what earlier ones made. */
const calls: readonly Call[] = [
  { operation: 'post /api/spans/search', body: { query: 'service:shop', ...range, limit: 2 }, status: 200 },
  { operation: 'post /api/spans/search', body: { query: 'servce:shop' }, status: 400 },
  { operation: 'post /api/spans/timeseries', body: { ...range, by: ['service'], interval: '1m' }, status: 200 },
  {
    operation: 'post /api/spans/timeseries',
    body: { ...range, aggregates: ['count', { cardinality: '@usr.id' }] },
    status: 200,
  },
  { operation: 'post /api/spans/top', body: { ...range, by: ['@http.client_ip'] }, status: 200 },
  { operation: 'post /api/spans/top', body: { ...range, by: ['@http.client_ip'] }, query: 'format=csv', status: 200 },
  {
    operation: 'post /api/spans/compare',
    body: { ...range, by: ['@http.client_ip'], baseline: { from: 'now-2d', to: 'now-1d' } },
    status: 200,
  },
  { operation: 'get /api/spans/facets', query: 'from=now-1h', status: 200 },
  { operation: 'get /api/spans/facets/{facet}/values', params: { facet: '@http.client_ip' }, status: 200 },
  { operation: 'get /api/spans/export', query: 'format=ndjson', status: 200 },
  { operation: 'get /api/traces/{traceId}', params: { traceId: ':traceId' }, status: 200 },
  { operation: 'get /api/traces/{traceId}', params: { traceId: 'ffff' }, status: 404 },
  { operation: 'get /api/signals', status: 200 },
  { operation: 'get /api/signals', query: 'format=csv', status: 200 },
  { operation: 'get /api/signals/{id}', params: { id: ':signal' }, status: 200 },
  { operation: 'patch /api/signals/{id}', params: { id: ':signal' }, body: { state: 'under_review' }, status: 200 },
  { operation: 'get /api/signals/{id}/users', params: { id: ':signal' }, status: 200 },
  { operation: 'get /api/signals/{id}/ips', params: { id: ':signal' }, status: 200 },
  { operation: 'get /api/signals/{id}/compromised-users', params: { id: ':signal' }, status: 200 },
  {
    operation: 'patch /api/signals/{id}/compromised-users',
    params: { id: ':signal' },
    body: { users: [{ usrLogin: 'victim@shop.example', usrId: 'id-victim' }], state: 'reset' },
    status: 200,
  },
  {
    operation: 'patch /api/signals/{id}/compromised-users',
    params: { id: ':signal' },
    body: { users: [], state: 'reset' },
    status: 400,
  },
  { operation: 'get /api/signals/{id}/report', params: { id: ':signal' }, status: 200 },
  { operation: 'get /api/signals/{id}/report', params: { id: 'none' }, status: 404 },
  { operation: 'get /api/signals/{id}/timeline', params: { id: ':signal' }, status: 200 },
  { operation: 'get /api/signals/{id}/clusters', params: { id: ':signal' }, status: 200 },
  {
    operation: 'post /api/signals/{id}/clusters',
    params: { id: ':signal' },
    body: { attributes: picked },
    status: 201,
  },
  { operation: 'post /api/signals/{id}/clusters', params: { id: ':signal' }, body: { attributes: [] }, status: 400 },
  { operation: 'get /api/signals/{id}/clusters', params: { id: ':signal' }, query: 'at=now', status: 200 },
  {
    operation: 'post /api/clusters/evaluate',
    body: { ...range, attributes: picked, query: 'service:shop' },
    status: 200,
  },
  {
    operation: 'post /api/clusters/evaluate',
    body: { ...range, attributes: [{ attribute: '@x', regex: '(' }] },
    status: 400,
  },
  { operation: 'post /api/clusters/analyze', body: { ...range, limit: 5 }, status: 200 },
  { operation: 'post /api/clusters/isolate', body: { ...range, filter: '@http.useragent:curl*' }, status: 200 },
  { operation: 'post /api/clusters/to-rule', body: { attributes: picked, forSeconds: 600 }, status: 201 },
  {
    operation: 'post /api/clusters/to-rule',
    body: { attributes: [{ attribute: '@network.client.asn', value: '64500' }] },
    status: 400,
  },
  { operation: 'post /api/clusters/to-rule', body: { signalId: ':signal', clusterId: 'none' }, status: 404 },
  {
    operation: 'post /api/signals/{id}/respond',
    params: { id: ':signal' },
    body: { kind: 'block', selection: 'ips', forSeconds: 600, continuous: true },
    status: 201,
    leaves: { response: 'items.0.id' },
  },
  {
    operation: 'post /api/signals/{id}/respond',
    params: { id: ':signal' },
    body: { kind: 'block_user_agent', values: ['evil-bot/1.0'], forSeconds: null },
    status: 201,
  },
  { operation: 'get /api/signals/{id}/respond', params: { id: ':signal' }, status: 200 },
  { operation: 'delete /api/signals/{id}/respond', params: { id: ':signal' }, status: 204 },
  { operation: 'patch /api/settings', body: { blocking: false, automation: true }, status: 200 },
  { operation: 'patch /api/settings', body: { blocking: true, automation: null, retentionDays: 7 }, status: 200 },
  { operation: 'get /api/settings', status: 200 },
  { operation: 'get /api/signals/{id}/responses', params: { id: ':signal' }, query: 'limit=2', status: 200 },
  { operation: 'get /api/mitigations', status: 200 },
  { operation: 'get /api/mitigations', query: 'limit=1&cursor=0', status: 200 },
  {
    operation: 'post /api/mitigations/preview',
    body: { kind: 'ip', values: [attackerIp], days: 7 },
    status: 200,
  },
  { operation: 'post /api/mitigations/preview', body: { signalId: ':signal', selection: 'ips' }, status: 200 },
  { operation: 'post /api/mitigations/preview', body: { values: ['x'] }, status: 400 },
  { operation: 'delete /api/responses/{id}', params: { id: ':response' }, status: 200 },
  { operation: 'get /api/entities/{kind}/{value}', params: { kind: 'ip', value: attackerIp }, status: 200 },
  { operation: 'get /api/entities/{kind}/{value}', params: { kind: 'user', value: 'id-victim' }, status: 200 },
  { operation: 'get /api/blocked/{id}', params: { id: responseId }, status: 200 },
  { operation: 'post /api/denylist', body: { kind: 'ip', value: attackerIp }, status: 201 },
  { operation: 'post /api/blocked/{id}/unblock', params: { id: responseId }, status: 200 },
  { operation: 'post /api/blocked/{id}/unblock', params: { id: responseId }, status: 409 },
  { operation: 'get /api/events', status: 200 },
  { operation: 'get /api/detection-rules', status: 200 },
  { operation: 'post /api/detection-rules', body: rule, status: 201 },
  { operation: 'post /api/detection-rules', body: { ...rule, id: 'x', windowSecnds: 3 }, status: 400 },
  { operation: 'get /api/detection-rules/{id}', params: { id: 'many-failures' }, status: 200 },
  {
    operation: 'put /api/detection-rules/{id}',
    params: { id: 'many-failures' },
    body: { ...rule, name: 'M' },
    status: 200,
  },
  { operation: 'get /api/detection-rules/{id}/versions', params: { id: 'many-failures' }, status: 200 },
  { operation: 'get /api/detection-rules/{id}/guide', params: { id: 'brute-force' }, status: 200 },
  {
    operation: 'post /api/detection-rules/test',
    body: { ruleId: 'many-failures', from: 'now-1h', include: ['entities', 'clusters'] },
    status: 200,
  },
  { operation: 'delete /api/detection-rules/{id}', params: { id: 'many-failures' }, status: 204 },
  ...(['denylist', 'passlist'] as const).flatMap((list): Call[] => [
    {
      operation: `post /api/${list}`,
      body: { kind: 'ip', value: '198.51.100.9' },
      status: 201,
      leaves: { [list]: 'id' },
    },
    {
      operation: `post /api/${list}/bulk`,
      body: { entries: [{ kind: 'user', value: 'u', expiresAt: null }] },
      status: 201,
    },
    { operation: `get /api/${list}`, status: 200 },
    { operation: `get /api/${list}/{id}`, params: { id: `:${list}` }, status: 200 },
    { operation: `patch /api/${list}/{id}`, params: { id: `:${list}` }, body: { expiresAt: 'now+2h' }, status: 200 },
    { operation: `delete /api/${list}/{id}`, params: { id: `:${list}` }, status: 200 },
    { operation: `post /api/${list}/{id}/undo`, params: { id: `:${list}` }, status: 201 },
  ]),
  {
    operation: 'patch /api/services/{name}',
    params: { name: 'shop' },
    body: { appsec: { enabled: true } },
    status: 200,
  },
  {
    operation: 'patch /api/services/{name}',
    params: { name: 'shop' },
    body: { denylistReply: { redirect: '/blocked' } },
    status: 200,
  },
  {
    operation: 'patch /api/services/{name}',
    params: { name: 'shop' },
    body: { denylistReply: { status: 99 } },
    status: 400,
  },
  {
    operation: 'patch /api/services',
    body: { names: ['shop'], autoUserMode: 'anonymization', env: 'prod' },
    status: 200,
  },
  { operation: 'get /api/services', status: 200 },
  ...notificationCalls(),
  ...wafRuleCalls(),
  {
    operation: 'post /api/threat-intel',
    body: { name: 'mine', csv: 'ip_address,category\n192.0.2.0/24,tor\n' },
    status: 201,
  },
  {
    operation: 'put /api/threat-intel/{list}',
    params: { list: 'mine' },
    body: 'ip_address\n192.0.2.1\n',
    headers: { 'content-type': 'text/csv' },
    status: 200,
  },
  { operation: 'get /api/threat-intel', status: 200 },
  { operation: 'get /api/threat-intel/{list}', params: { list: 'mine' }, status: 200 },
  { operation: 'post /api/threat-intel/{list}/refresh', params: { list: 'mine' }, status: 400 },
  { operation: 'delete /api/threat-intel/{list}', params: { list: 'mine' }, status: 204 },
  { operation: 'post /api/threat-intel/{list}/undo', params: { list: 'mine' }, status: 200 },
  { operation: 'get /api/overview', status: 200 },
  { operation: 'get /api/audit', status: 200 },
  {
    operation: 'post /api/users',
    body: { name: 'Ada', role: 'viewer' },
    status: 201,
    leaves: { user: 'id', link: 'signInLink' },
  },
  { operation: 'get /api/users', status: 200 },
  { operation: 'patch /api/users/{id}', params: { id: ':user' }, body: { role: 'responder' }, status: 200 },
  { operation: 'post /api/users/{id}/sign-in-link', params: { id: ':user' }, status: 201 },
  { operation: 'post /api/session', body: { secret: ':link' }, status: 201 },
  { operation: 'get /api/session', status: 200 },
  { operation: 'get /api/sessions', status: 200, leaves: { session: 'items.0.id' } },
  { operation: 'delete /api/sessions/{id}', params: { id: ':session' }, status: 204 },
  { operation: 'delete /api/session', status: 400 },
  {
    operation: 'post /api/keys',
    body: { name: 'ci', role: 'ingest', services: ['shop'] },
    status: 201,
    leaves: { key: 'id' },
  },
  { operation: 'get /api/keys', status: 200 },
  { operation: 'delete /api/keys/{id}', params: { id: ':key' }, status: 200 },
  { operation: 'post /api/keys/{id}/undo', params: { id: ':key' }, status: 200 },
  { operation: 'post /api/erasures', body: {}, status: 400 },
  { operation: 'post /api/erasures', body: { userId: 'u-gone', login: 'gone@example.com' }, status: 200 },
  { operation: 'post /api/backups', body: { directory: 'relative' }, status: 400 },
  { operation: 'post /api/backups', body: { directory: ':backup' }, status: 200 },
  { operation: 'post /api/backups', body: { directory: ':backup' }, status: 409 },
  { operation: 'get /healthz', status: 200 },
  { operation: 'get /readyz', status: 200 },
  { operation: 'get /metrics', status: 200 },
]
/** Only a refusal can be shown without a server to fetch from, or with a token in place of a session. */
const refusalsOnly = new Set(['post /api/threat-intel/{list}/refresh', 'delete /api/session'])

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
  ids['backup'] = join(directory.path, 'a backup')
  ids['signal'] = (await attackUntilSignal(collector)).id
  await sendLogins(collector.agentUrl, [
    { login: 'blocked', ip: attackerIp, meta: { 'appsec.blocked': 'true', '_dd.appsec.json': triggers() } },
  ])
  const { body } = await collector.api('POST', '/api/spans/search', { query: 'service:shop', limit: 1 })
  ids['traceId'] = body.spans[0].traceId
  document = await (await fetch(new URL('/api/openapi.json', collector.consoleUrl))).json()
})
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

function triggers(): string {
  const rule = { id: 'blk-001-001', tags: { type: 'block_ip', category: 'security_response' }, on_match: ['block'] }
  return JSON.stringify({ triggers: [{ rule, rule_matches: [], security_response_id: responseId }] })
}

test('every operation of the document answers as it says', async () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema(document, 'api')
  const failures: string[] = []
  for (const call of calls) {
    const [method = '', path = ''] = call.operation.split(' ')
    const operation = document.paths[path]?.[method]
    if (operation === undefined) {
      failures.push(`${call.operation}: not in the document`)
      continue
    }
    const { status, type, body } = await send(method, path, call)
    if (status !== call.status) {
      failures.push(`${call.operation}: ${status}, not ${call.status}: ${JSON.stringify(body)}`)
      continue
    }
    const said = operation.responses[String(status)] ?? (status >= 400 ? operation.responses.default : undefined)
    if (status !== 204 && said?.content?.[type] === undefined)
      failures.push(`${call.operation}: ${type} is not described`)
    if (/[/+]json$/.test(type)) {
      const pointer = [
        'paths',
        path,
        method,
        'responses',
        operation.responses[String(status)] ? String(status) : 'default',
        'content',
        type,
        'schema',
      ]
      const validate = ajv.compile({ $ref: `api#/${pointer.map(escaped).join('/')}` })
      if (!validate(body))
        failures.push(`${call.operation}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body).slice(0, 500)}`)
    }
    for (const [name, where] of Object.entries(call.leaves ?? {})) {
      ids[name] = where.split('.').reduce((value: any, key) => value?.[key], body)
    }
  }
  expect(failures).toEqual([])
}, 120_000)

test('no operation of the document is left out above', () => {
  const described = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  )
  const succeeded = calls.filter(({ status, operation }) => status < 400 || refusalsOnly.has(operation))
  expect([...new Set(succeeded.map(({ operation }) => operation))].toSorted()).toEqual(described.toSorted())
  expect(described.length).toBeGreaterThanOrEqual(76)
})

async function send(method: string, path: string, { params = {}, query, body, headers }: Call) {
  const resolved = (value: string): string => (value.startsWith(':') ? (ids[value.slice(1)] ?? '') : value)
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(resolved(params[name] ?? '')))
  const gone = new AbortController()
  const reply = await fetch(new URL(`${url}${query === undefined ? '' : `?${query}`}`, collector.consoleUrl), {
    method: method.toUpperCase(),
    signal: gone.signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(withIds(body)) }),
  })
  const type = reply.headers.get('content-type')?.split(';')[0] ?? ''
  if (type === 'text/event-stream') {
    gone.abort()
    return { status: reply.status, type, body: '' }
  }
  const content = await reply.text()
  return { status: reply.status, type, body: /[/+]json$/.test(type) ? JSON.parse(content) : content }
}

/** The body with what earlier calls left: the secret of a sign-in link, the id of a recipient. */
function withIds(body: unknown): unknown {
  const { secret, recipients, traceId, signalId, directory } = body as {
    signalId?: string
    directory?: string
    secret?: string
    recipients?: readonly string[]
    traceId?: string
  }
  if (signalId === ':signal') return { ...(body as object), signalId: ids['signal'] }
  if (directory === ':backup') return { directory: ids['backup'] }
  if (traceId === ':traceId') return { ...(body as object), traceId: ids['traceId'] }
  if (secret === ':link') return { secret: ids['link']?.split('#')[1] }
  return recipients?.[0] === ':recipient' ? { ...(body as object), recipients: [ids['recipient']] } : body
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
