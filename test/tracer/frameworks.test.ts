import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Span } from '../../src/model/span.ts'
import { createMemoryExporter } from '../../src/tracer/export/memory-exporter.ts'
import { start, stop } from '../../src/tracer/start.ts'
import { frameworks, type App } from './frameworks/apps.ts'
import { ruleset } from './frameworks/ruleset.ts'

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

interface Case {
  readonly says: string
  readonly path: string
  readonly init?: RequestInit
  readonly status: number
  /** Handlers that must have run; those that must not are all others but `middleware`. */
  readonly ran?: readonly string[]
  readonly body?: RegExp
  readonly headers?: Readonly<Record<string, RegExp | null>>
  readonly resource?: string
  readonly tags?: Readonly<Record<string, string | RegExp | undefined>>
  readonly metrics?: Readonly<Record<string, number>>
  readonly blockedBy?: string
}

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

const cases: readonly Case[] = [
  {
    says: 'an ordinary request is passed on, and has a span with its tags',
    path: '/users/42?token=abc&x=1',
    init: { headers: { 'user-agent': 'test-agent', 'x-forwarded-for': '203.0.113.9' } },
    status: 200,
    ran: ['param', 'user'],
    resource: 'GET /users/:param',
    tags: {
      'http.method': 'GET',
      'http.route': '/users/:param',
      'http.url': /^http:\/\/127\.0\.0\.1:\d+\/users\/42\?<redacted>&x=1$/,
      'http.status_code': '200',
      'http.useragent': 'test-agent',
      'http.client_ip': '203.0.113.9',
      '_dd.portcullis.ip_source': 'claimed',
      'network.client.ip': '127.0.0.1',
      'span.kind': 'server',
      '_dd.runtime_family': 'nodejs',
      '_dd.appsec.event_rules.version': '1.2.3',
      'http.request.headers.user-agent': 'test-agent',
      'http.response.headers.content-length': '11',
      'appsec.event': undefined,
      'appsec.blocked': undefined,
      env: 'test',
      version: '7',
    },
    metrics: { '_dd.appsec.enabled': 1, '_dd.top_level': 1 },
  },
  { says: 'a root route is a route', path: '/', status: 200, ran: ['home'], resource: 'GET /' },
  { says: 'what no route takes has none', path: '/nowhere', status: 404, ran: [], resource: 'GET' },
  {
    says: 'a route under a mount with parameters has the patterns of both',
    path: '/tenants/acme/items/9',
    init: json({ a: 1 }),
    status: 200,
    ran: ['item'],
    resource: 'POST /tenants/:tenant/items/:item',
  },
  {
    says: 'a mounted app is part of the route',
    path: '/mounted/echo',
    init: json({ a: 1 }),
    status: 200,
    ran: ['mounted'],
    resource: 'POST /mounted/echo',
  },
  {
    says: 'an attack in the query stops the request at once',
    path: '/?q=stop-query',
    status: 403,
    blockedBy: 'query',
    ran: [],
  },
  {
    says: 'an attack in a header stops it',
    path: '/',
    init: { headers: { 'x-a': 'stop-header' } },
    status: 403,
    blockedBy: 'headers',
    ran: [],
  },
  {
    says: 'an attack in a cookie stops it before the handler',
    path: '/',
    init: { headers: { cookie: 'a=stop-cookie' } },
    status: 403,
    blockedBy: 'cookies',
    ran: [],
  },
  {
    says: 'an attack in a JSON body stops it before the handler',
    path: '/login',
    init: json({ login: 'stop-body' }),
    status: 403,
    blockedBy: 'body',
    ran: [],
  },
  {
    says: 'an attack in a form stops it before the handler',
    path: '/login',
    init: { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'login=stop-body' },
    status: 403,
    blockedBy: 'body',
    ran: [],
  },
  {
    says: 'an attack in a text body stops it before the handler',
    path: '/text',
    init: { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'a stop-body z' },
    status: 403,
    blockedBy: 'body',
    ran: [],
  },
  {
    says: 'an attack in the body of a nested router stops it',
    path: '/tenants/acme/items/9',
    init: json({ a: 'stop-body' }),
    status: 403,
    blockedBy: 'body',
    ran: [],
  },
  {
    says: 'an attack in the body of a mounted app stops it',
    path: '/mounted/echo',
    init: json({ a: 'stop-body' }),
    status: 403,
    blockedBy: 'body',
    ran: [],
  },
  {
    says: 'an attack in a path parameter stops it before param callbacks',
    path: '/users/stop-param',
    status: 403,
    blockedBy: 'params',
    ran: [],
  },
  {
    says: 'an attack in a parameter of a mount stops it',
    path: '/tenants/stop-param/items/9',
    init: json({ a: 1 }),
    status: 403,
    blockedBy: 'params',
    ran: [],
  },
  {
    says: 'a response that gives something away is replaced, and keeps its CORS headers',
    path: '/leak',
    status: 403,
    blockedBy: 'response',
    ran: ['leak'],
    headers: { 'x-secret': null, 'access-control-allow-origin': /app\.example/, 'cache-control': /^no-store$/ },
  },
  {
    says: 'a response is stopped by its status',
    path: '/status/418',
    status: 403,
    blockedBy: 'status',
    ran: ['status'],
  },
  { says: 'a streamed response goes through', path: '/stream', status: 200, ran: ['stream'], body: /^onetwothree$/ },
  {
    says: 'a redirect goes where the rule says',
    path: '/?q=send-away',
    init: { redirect: 'manual' },
    status: 302,
    blockedBy: 'away',
    ran: [],
    headers: { location: /^https:\/\/example\.com\/stopped\?id=[0-9a-f-]{36}$/ },
    body: /^$/,
  },
  {
    says: 'a browser gets the HTML page',
    path: '/?q=stop-query',
    init: { headers: { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' } },
    status: 403,
    blockedBy: 'query',
    headers: { 'content-type': /^text\/html; charset=utf-8$/ },
    body: /<h1>.*Reference: [0-9a-f-]{36}/s,
    ran: [],
  },
  {
    says: 'a program gets JSON',
    path: '/?q=stop-query',
    init: { headers: { accept: 'application/json' } },
    status: 403,
    blockedBy: 'query',
    headers: { 'content-type': /^application\/json$/ },
    body: /"security_response_id":"[0-9a-f-]{36}"/,
    ran: [],
  },
  {
    says: 'the answer to HEAD has no body',
    path: '/?q=stop-query',
    init: { method: 'HEAD' },
    status: 403,
    blockedBy: 'query',
    body: /^$/,
    ran: [],
  },
  {
    says: 'a rule without an action is reported and stops nothing',
    path: '/?q=only-seen',
    status: 200,
    ran: ['home'],
    tags: { 'appsec.event': 'true', 'appsec.blocked': undefined, '_dd.appsec.json': /"id":"seen"/ },
  },
  {
    says: 'a failed login has the event tags and is kept',
    path: '/login',
    init: json({ login: 'bob', known: false }, { 'x-api-key': '12345', 'accept-language': 'de' }),
    status: 401,
    ran: ['login'],
    resource: 'POST /login',
    tags: {
      'appsec.events.users.login.failure.track': 'true',
      '_dd.appsec.events.users.login.failure.sdk': 'true',
      'appsec.events.users.login.failure.usr.login': 'bob',
      'appsec.events.users.login.failure.usr.exists': 'false',
      '_dd.p.dm': '-5',
      '_dd.portcullis.header_names': /content-type.*x-api-key/,
      '_dd.portcullis.header_lengths': /x-api-key=5/,
      'http.request.headers.accept-language': 'de',
      'http.request.headers.x-api-key': undefined,
    },
    metrics: { _sampling_priority_v1: 2 },
  },
  {
    says: 'a login that worked names the user',
    path: '/login',
    init: json({ login: 'bob', password: 'right' }),
    status: 200,
    ran: ['login'],
    tags: { 'usr.id': 'id-of-bob', 'appsec.events.users.login.success.usr.login': 'bob' },
  },
  {
    says: 'a login that a rule stops is answered with the block, though the password was right',
    path: '/login',
    init: json({ login: 'mallory', password: 'right' }),
    status: 403,
    blockedBy: 'login',
    ran: ['login'],
  },
  {
    says: 'setUser reaches the span',
    path: '/me',
    status: 200,
    ran: ['me'],
    tags: { 'usr.id': '7', 'usr.session_id': 's1', '_dd.appsec.user.collection_mode': 'sdk' },
  },
  {
    says: 'an error of the app is the error of the span',
    path: '/boom',
    status: 500,
    ran: ['boom', 'error'],
    body: /^sorry$/,
    tags: { 'error.type': 'Error', 'error.message': 'it broke', 'error.stack': /it broke/ },
  },
  {
    says: 'a stealth block without a learned reply is the stated block',
    path: '/?q=stop-quietly',
    status: 401,
    blockedBy: 'quiet',
    ran: [],
  },
  {
    says: 'a trace of the caller is continued',
    path: '/',
    init: { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
    status: 200,
    ran: ['home'],
  },
]

let folder: string
const exporter = createMemoryExporter()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-frameworks-'))
  const rulesFile = join(folder, 'rules.json')
  await writeFile(rulesFile, JSON.stringify(ruleset))
  start(
    { service: 'shop', env: 'test', version: '7', appsecEnabled: true, rulesFile, remoteConfigEnabled: false },
    { exporter, environment: {} },
  )
})

afterAll(async () => {
  await stop()
  await rm(folder, { recursive: true })
})

describe.each(Object.entries(frameworks))('%s', (_name, { component, open }) => {
  let app: App
  beforeAll(async () => {
    app = await open()
  })
  afterAll(() => app.close())

  test.each(cases)('$says', async (expected) => {
    exporter.clear()
    app.ran.length = 0
    const response = await fetch(app.url + expected.path, expected.init)
    const body = await response.text()
    const span = await spanOf(exporter)

    expect(response.status).toBe(expected.status)
    if (expected.body) expect(body).toMatch(expected.body)
    for (const [header, value] of Object.entries(expected.headers ?? {})) {
      if (value === null) expect(response.headers.get(header)).toBeNull()
      else expect(response.headers.get(header)).toMatch(value)
    }
    const ran = app.ran.filter((name) => name !== 'middleware' && (name !== 'param' || component === 'express'))
    if (expected.ran) expect(ran).toEqual(expected.ran.filter((name) => name !== 'param' || component === 'express'))

    expect(span).toMatchObject({ service: 'shop', name: `${component}.request`, type: 'web' })
    expect(span.meta['component']).toBe(component)
    if (expected.resource) expect(span.resource).toBe(expected.resource)
    for (const [tag, value] of Object.entries(expected.tags ?? {})) {
      if (value === undefined) expect(span.meta).not.toHaveProperty([tag])
      else expect(span.meta[tag]).toMatch(value instanceof RegExp ? value : new RegExp(`^${escaped(value)}$`))
    }
    expect(span.metrics).toMatchObject(expected.metrics ?? {})
    expect(span.error).toBe(expected.status >= 500 ? 1 : 0)
    if (expected.blockedBy !== undefined) expectBlocked(span, expected.blockedBy)
    else expect(span.meta).not.toHaveProperty(['appsec.blocked'])
  })
})

test('every case ran on every framework', () => {
  expect(cases.length).toBeGreaterThanOrEqual(30)
  expect(Object.keys(frameworks)).toHaveLength(4)
})

function expectBlocked(span: Span, rule: string): void {
  expect(span.meta['appsec.blocked']).toBe('true')
  expect(span.meta['appsec.event']).toBe('true')
  const { triggers } = JSON.parse(span.meta['_dd.appsec.json'] ?? '') as {
    triggers: { rule: { id: string }; security_response_id?: string }[]
  }
  expect(triggers.map((trigger) => trigger.rule.id)).toContain(rule)
  expect(triggers.at(-1)?.security_response_id).toMatch(ID)
}

async function spanOf({ spans }: { spans: readonly Span[] }): Promise<Span> {
  return vi.waitFor(
    () => {
      const [span] = exporter.spans
      if (span === undefined || spans.length > 1) throw new Error('no span yet')
      return span
    },
    { interval: 2, timeout: 5_000 },
  )
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
