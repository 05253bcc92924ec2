import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attackerIp, attackUntilSignal } from '../../support/attack.ts'
import { sendLogins } from '../../support/agent-payload.ts'
import {
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../../support/collector-process.ts'

/** Runs on the build (dist/): what holds for every route of the API, whatever it does; the routes are those of its document. */
const directory = temporaryDirectory()
let collector: CollectorProcess
let routes: readonly { readonly method: string; readonly path: string; readonly query: readonly string[] }[]
let signalId = ''
const keys: Record<string, string> = {}

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
  signalId = (await attackUntilSignal(collector)).id
  for (const role of ['viewer', 'responder', 'ingest']) {
    keys[role] = (await collector.api('POST', '/api/keys', { name: role, role })).body.secret
  }
  const { body } = await collector.api('GET', '/api/openapi.json')
  routes = Object.entries<Record<string, any>>(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((one: any) => one.in === 'query').map((one: any) => one.name),
    })),
  )
}, 60_000)
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

const named: Record<string, string> = { kind: 'ip', value: attackerIp, facet: 'service', traceId: 'ffff' }

function urlOf(path: string, id = 'none'): URL {
  return new URL(
    path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(named[name] ?? id)),
    collector.consoleUrl,
  )
}

async function statusFor(method: string, path: string, key: string): Promise<number> {
  const gone = new AbortController()
  const reply = await fetch(urlOf(path), {
    method,
    signal: gone.signal,
    headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
    // Nothing that any route takes: whoever may call it is told so.
    ...(method === 'GET' ? {} : { body: '[]' }),
  })
  gone.abort()
  return reply.status
}

describe('who may call what', () => {
  const open = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'POST /api/session']
  /** They answer a question that is too long for a URL, and change nothing; or end the caller's own session. */
  const forViewers = [
    /^(GET|POST) \/api\/spans\//,
    /^POST \/api\/clusters\/(evaluate|analyze|isolate)$/,
    /^POST \/api\/mitigations\/preview$/,
    /^POST \/api\/detection-rules\/test$/,
    /^POST \/api\/waf-rules\/(validate|explain|preview|templates\/\{id\})$/,
    /^DELETE \/api\/session$/,
  ]
  const forAdmins = [
    /^(POST|PUT|DELETE) \/api\/detection-rules(\/\{id\})?$/,
    /^PATCH \/api\/services/,
    /^(POST|PUT|DELETE) \/api\/threat-intel/,
    /^(POST|PUT|DELETE) \/api\/notifications\/(rules|recipients)(\/\{id\}(\/undo)?)?$/,
    /^\w+ \/api\/(audit|users|keys)/,
    /^POST \/api\/(erasures|backups)$/,
    /^DELETE \/api\/sessions\/\{id\}$/,
  ]

  test('every route refuses whom it is not for, and lets in whom it is for', async () => {
    const failures: string[] = []
    let ran = 0
    for (const { method, path } of routes) {
      const route = `${method} ${path}`
      if (open.includes(route)) continue
      const isForAdmins = forAdmins.some((one) => one.test(route))
      const isForViewers = !isForAdmins && (method === 'GET' || forViewers.some((one) => one.test(route)))
      const wanted = { '': 401, ingest: 401, viewer: isForViewers ? 0 : 403, responder: isForAdmins ? 403 : 0 }
      for (const [role, expected] of Object.entries(wanted)) {
        const status = await statusFor(method, path, keys[role] ?? '')
        const isRefusal = status === 401 || status === 403
        if (expected === 0 ? isRefusal : status !== expected)
          failures.push(`${route} as ${role || 'nobody'}: ${status}`)
        if (status >= 500) failures.push(`${route} as ${role || 'nobody'}: ${status}`)
        ran++
      }
    }
    expect(failures).toEqual([])
    expect(ran).toBeGreaterThanOrEqual(400)
  }, 120_000)

  test('a method that a path does not have is not found, whoever asks', async () => {
    const failures: string[] = []
    for (const path of new Set(routes.map((route) => route.path))) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        if (routes.some((route) => route.path === path && route.method === method)) continue
        // `/{id}` of the list has the method, and takes the word for an id.
        const asId = path.replace(/\/[^/{}]+$/, '/{id}')
        if (routes.some((route) => route.path === asId && route.method === method)) continue
        const status = await statusFor(method, path, token)
        if (status !== 404) failures.push(`${method} ${path}: ${status}`)
      }
    }
    expect(failures).toEqual([])
  })
})

describe('lists', () => {
  const lists = (): readonly string[] => routes.filter(({ query }) => query.includes('cursor')).map(({ path }) => path)
  const page = async (path: string, query: Record<string, string>): Promise<{ status: number; body: any }> => {
    const url = urlOf(path, signalId)
    url.search = new URLSearchParams(query).toString()
    return collector.api('GET', url.pathname + url.search)
  }

  test('a cursor that no page gave, and a limit that is none, are refused', async () => {
    for (const path of lists()) {
      for (const query of [
        { cursor: 'a guess' },
        { cursor: '-1' },
        { limit: '0' },
        { limit: 'x' },
        { limit: '99999999' },
      ]) {
        const { status, body } = await page(path, query)
        expect({ path, query, status, code: body.code }).toEqual({ path, query, status: 400, code: 'REQUEST_INVALID' })
      }
    }
    expect(lists()).toHaveLength(11)
  })

  test('pages of one follow each other without a gap, each once', async () => {
    await sendLogins(
      collector.agentUrl,
      Array.from({ length: 40 }, (_, index) => ({ login: `other${index}@shop.example`, ip: '203.0.113.77' })),
    )
    for (const list of ['denylist', 'passlist']) {
      const entries = Array.from({ length: 5 }, (_, index) => ({
        kind: 'ip',
        value: `192.0.2.${index}`,
        expiresAt: null,
      }))
      expect((await collector.api('POST', `/api/${list}/bulk`, { entries })).status).toBe(201)
    }
    await collector.api('POST', `/api/signals/${signalId}/respond`, {
      values: ['a', 'b', 'c'],
      kind: 'block_user_agent',
      forSeconds: 600,
    })
    const counts: Record<string, number> = {}
    for (const path of lists()) {
      const whole = await page(path, { limit: '50' })
      expect({ path, status: whole.status, next: whole.body.next }).toEqual({ path, status: 200, next: null })
      const found: unknown[] = []
      let cursor: string | null = null
      do {
        const { body } = await page(path, { limit: '1', ...(cursor === null ? {} : { cursor }) })
        expect(body.items.length).toBeLessThanOrEqual(1)
        found.push(...body.items)
        cursor = body.next
      } while (cursor !== null && found.length <= 50)
      expect({ path, found }).toEqual({ path, found: whole.body.items })
      counts[path] = found.length
    }
    expect(counts['/api/signals/{id}/users']).toBe(40)
    expect(counts['/api/denylist']).toBeGreaterThanOrEqual(5)
    expect(counts['/api/signals/{id}/responses']).toBeGreaterThanOrEqual(3)
  }, 60_000)
})

test('what belongs to a signal, a rule or a list that is not there is not found', async () => {
  const failures: string[] = []
  const owned = routes.filter(({ method, path }) => method === 'GET' && /\{(id|list)\}/.test(path))
  for (const { path } of owned) {
    const { status, body } = await collector.api('GET', urlOf(path).pathname)
    if (status !== 404 || body.code !== 'NOT_FOUND') failures.push(`${path}: ${status}`)
  }
  expect(failures).toEqual([])
  expect(owned.length).toBeGreaterThanOrEqual(15)
})
