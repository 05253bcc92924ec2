import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context, ROOT_CONTEXT, trace, TraceFlags, type Context, type ContextManager } from '@opentelemetry/api'
import express from 'express'
import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { portcullis } from '../../src/express.ts'
import { portcullis as plugin } from '../../src/fastify.ts'
import { blockRequest, currentSpan, traceHeaders, trackLoginFailure, type StartOptions } from '../../src/index.ts'
import type { Span } from '../../src/model/span.ts'
import { startTestTracer, type TestTracer } from '../../src/tracer/testing.ts'
import { ruleset } from './frameworks/ruleset.ts'

let folder: string
let tracer: TestTracer | undefined
let server: Server | undefined
const warnings: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-request-'))
  await writeFile(join(folder, 'rules.json'), JSON.stringify(ruleset))
  warnings.length = 0
})

afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  await tracer?.stop()
  tracer = undefined
  await rm(folder, { recursive: true })
})

function begin(options: StartOptions = {}): TestTracer {
  tracer = startTestTracer({
    appsecEnabled: true,
    rulesFile: join(folder, 'rules.json'),
    logger: { warn: (message, { code }) => warnings.push(`${code} ${message}`) },
    ...options,
  })
  return tracer
}

async function serve(app: RequestListener): Promise<string> {
  server = createServer(app)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function spans(count: number): Promise<readonly Span[]> {
  await vi.waitFor(() => expect(tracer?.spans.length).toBeGreaterThanOrEqual(count), { interval: 2, timeout: 5_000 })
  expect(tracer?.spans).toHaveLength(count)
  return tracer?.spans ?? []
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** An app that answers every path with its name, and login failures at /login. */
function shop(): express.Express {
  const app = express()
  app.use(portcullis())
  app.post('/login', express.json(), (request, response) => {
    const { login } = request.body as { login: string }
    const decision = trackLoginFailure(login, true)
    if (decision.blocked) return decision.respond()
    response.set('x-build', '7').status(401).json({ error: 'wrong login or password' })
  })
  app.use((request, response) => {
    response.send(`this is ${request.path}`)
  })
  return app
}

describe('connections', () => {
  test('requests that are pipelined on one connection have a span and a verdict each', async () => {
    begin()
    const url = new URL(await serve(shop()))
    const socket = connect(Number(url.port), url.hostname)
    const line = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
    socket.write(
      `${line('/one')}${line('/two?q=stop-query')}${line('/three').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')}`,
    )
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await once(socket, 'close')
    expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '403', '200'])
    const seen = (await spans(3)).map(({ meta }) => [new URL(meta['http.url'] ?? '').pathname, meta['appsec.blocked']])
    expect(seen).toEqual(
      expect.arrayContaining([
        ['/one', undefined],
        ['/two', 'true'],
        ['/three', undefined],
      ]),
    )
  })

  test('a rule can tell clients apart by the order of their headers', async () => {
    begin()
    const url = new URL(await serve(shop()))
    const socket = connect(Number(url.port), url.hostname)
    const get = (names: string): string => `GET / HTTP/1.1\r\nhost: a\r\n${names}\r\n`
    socket.write(get('x-two: b\r\nx-one: a\r\n'))
    socket.write(get('x-one: a\r\nx-two: b\r\nconnection: close\r\n'))
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await once(socket, 'close')
    expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '403'])
  })

  test('a client that goes away ends its span, once', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    app.get('/endless', (_request, response) => {
      response.write('begin')
    })
    const url = new URL(await serve(app))
    const socket = connect(Number(url.port), url.hostname)
    socket.write('GET /endless HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(socket, 'data')
    expect(tracer?.spans).toHaveLength(0)
    socket.destroy()
    const [span] = await spans(1)
    expect(span).toMatchObject({ resource: 'GET /endless', error: 0 })
  })

  test('a client that goes away while it sends its body ends its span, once', async () => {
    begin()
    const url = new URL(await serve(shop()))
    const socket = connect(Number(url.port), url.hostname)
    socket.write('POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"lo')
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(1))
    socket.destroy()
    await spans(1)
  })

  test('without tracing for its own sake the first trace of a minute is kept, and no other', async () => {
    begin({ apmTracing: false, appsecEnabled: false })
    const url = await serve(shop())
    for (let count = 0; count < 3; count++) await fetch(url)
    expect((await spans(3)).map(({ metrics }) => metrics['_sampling_priority_v1'])).toEqual([1, 0, 0])
  })

  test('HTTP/2 requests are seen and blocked', async () => {
    begin()
    const app = fastify({ http2: true })
    void app.register(plugin as never)
    app.get('/hello', () => 'hello')
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const client = connectHttp2(url)
    const get = async (path: string): Promise<{ status: unknown; body: string }> => {
      const stream = client.request({ ':path': path })
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      let body = ''
      for await (const chunk of stream) body += String(chunk)
      return { status: headers[':status'], body }
    }
    expect(await get('/hello')).toEqual({ status: 200, body: 'hello' })
    expect(await get('/hello?q=stop-query')).toMatchObject({ status: 403 })
    const found = await spans(2)
    expect(found.map(({ meta }) => meta['http.url'])).toEqual([`${url}/hello`, `${url}/hello?q=stop-query`])
    client.close()
    await app.close()
  })
})

describe('the app', () => {
  test('routes that come after the first request are protected as well', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    const url = await serve(app)
    expect((await fetch(`${url}/late`)).status).toBe(404)
    let ran = 0
    app.post('/late', express.json(), (_request, response) => {
      ran++
      response.send('late')
    })
    expect((await fetch(`${url}/late`, json({ a: 'stop-body' }))).status).toBe(403)
    expect(ran).toBe(0)
    expect((await fetch(`${url}/late`, json({ a: 'fine' }))).status).toBe(200)
  })

  test('an app that is entered by code of its own is protected as well', async () => {
    begin()
    const inner = express()
    let ran = 0
    inner.post('/echo', express.json(), (_request, response) => {
      ran++
      response.send('echo')
    })
    const app = express()
    app.use(portcullis())
    app.use((request, response, next) => inner(request, response, next))
    const url = await serve(app)
    expect((await fetch(`${url}/echo`, json({ a: 'stop-body' }))).status).toBe(403)
    expect(ran).toBe(0)
  })

  test('an app behind a plain server, with the middleware in front of it, is protected as well', async () => {
    begin()
    const app = express()
    let ran = 0
    app.post('/echo', express.json(), (_request, response) => {
      ran++
      response.send('echo')
    })
    const middleware = portcullis()
    const url = await serve((request, response) => middleware(request, response, () => app(request, response)))
    expect((await fetch(`${url}/echo`, json({ a: 'stop-body' }))).status).toBe(403)
    expect(ran).toBe(0)
  })

  test('an error that no middleware of the app takes is the error of the span', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    app.set('env', 'test')
    app.get('/boom', () => {
      throw new RangeError('out of range')
    })
    expect((await fetch(`${await serve(app)}/boom`)).status).toBe(500)
    const [span] = await spans(1)
    expect(span).toMatchObject({ error: 1, meta: { 'error.type': 'RangeError', 'error.message': 'out of range' } })
  })

  test('fingerprints follow what later stages bring', async () => {
    begin({ rulesFile: '' })
    await fetch(`${await serve(shop())}/login`, json({ login: 'ada', password: 'x' }))
    const [span] = await spans(1)
    expect(span?.meta['_dd.appsec.fp.http.endpoint']).toMatch(/^http-post-7e93fba0--[0-9a-f]{8}$/)
    expect(span?.meta['_dd.appsec.fp.http.order']).toMatch(/^ord-\d+-[0-9a-f]{8}$/)
  })

  test('mounting it twice makes one span', async () => {
    begin()
    const app = express()
    app.use(portcullis(), portcullis())
    app.get('/', portcullis(), (_request, response) => void response.send('once'))
    await fetch(await serve(app))
    await spans(1)
  })

  test('middleware that runs before it is told of, once', async () => {
    begin()
    const app = express()
    app.use(express.json())
    app.use(portcullis())
    app.get('/', (_request, response) => void response.send('x'))
    const url = await serve(app)
    await fetch(url)
    await fetch(url)
    expect(warnings.filter((warning) => warning.startsWith('MOUNTED_LATE'))).toEqual([
      expect.stringContaining('jsonParser'),
    ])
  })

  test('a Fastify context that was opened before it is told of', async () => {
    begin()
    const app = fastify()
    app.register(function early(child, _options, done) {
      child.get('/early', () => 'x')
      done()
    })
    void app.register(plugin as never)
    await app.ready()
    await app.close()
    expect(warnings).toEqual([expect.stringMatching(/^MOUNTED_LATE .*early/)])
  })

  test('a block that comes too late is told of on the span, and the answer goes on', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    app.get('/', (_request, response) => {
      response.write('begun, ')
      response.end(String(blockRequest()))
    })
    const response = await fetch(await serve(app))
    expect([response.status, await response.text()]).toEqual([200, 'begun, false'])
    const [span] = await spans(1)
    expect(span?.metrics['_dd.appsec.block.failed']).toBe(1)
    expect(span?.meta).not.toHaveProperty(['appsec.blocked'])
    expect(warnings).toEqual([expect.stringMatching(/^BLOCK_FAILED/)])
  })

  test('what the app does to the response after a block is without effect', async () => {
    begin()
    const app = express()
    const late: unknown[] = []
    app.use(portcullis())
    app.get('/', (_request, response, next) => {
      late.push(blockRequest())
      response.setHeader('x-late', '1')
      late.push(response.write('late'))
      response.status(200).json({ late: true })
      response.end('later')
      next()
    })
    app.use((_request, response) => {
      late.push('ran')
      response.send('x')
    })
    const response = await fetch(await serve(app))
    expect(response.status).toBe(403)
    expect(response.headers.get('x-late')).toBeNull()
    expect(await response.text()).not.toContain('late')
    expect(late).toEqual([true, true])
  })

  test('middleware that has replaced the end of the response does not keep a block from being sent', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    app.use((_request, response, next) => {
      response.end = (() => response) as never
      next()
    })
    app.get('/', () => blockRequest())
    expect((await fetch(await serve(app))).status).toBe(403)
  })
})

describe('switches', () => {
  const attack = '/?q=stop-query'

  test('with AppSec off an attack passes unseen, and logins are told of all the same', async () => {
    begin({ appsecEnabled: false })
    const url = await serve(shop())
    expect((await fetch(url + attack)).status).toBe(200)
    expect((await fetch(`${url}/login`, json({ login: 'ada' }))).status).toBe(401)
    const [first, second] = await spans(2)
    expect(first?.metrics).not.toHaveProperty(['_dd.appsec.enabled'])
    expect(first?.meta).not.toHaveProperty(['appsec.event'])
    expect(second?.meta['appsec.events.users.login.failure.usr.login']).toBe('ada')
  })

  test('with AppSec off a block by hand blocks all the same', async () => {
    begin({ appsecEnabled: false })
    const app = express()
    app.use(portcullis())
    app.get('/', () => blockRequest())
    expect((await fetch(await serve(app))).status).toBe(403)
    const [span] = await spans(1)
    expect(span?.meta).toMatchObject({ 'appsec.blocked': 'true' })
  })

  test('the kill switch lets an attack pass, and reports it', async () => {
    begin({ appsecBlocking: false })
    expect((await fetch((await serve(shop())) + attack)).status).toBe(200)
    const [span] = await spans(1)
    expect(span?.meta).toMatchObject({ 'appsec.event': 'true' })
    expect(span?.meta).not.toHaveProperty(['appsec.blocked'])
  })

  test('a tracer that is switched off does nothing at all', async () => {
    begin({ enabled: false })
    expect((await fetch((await serve(shop())) + attack)).status).toBe(200)
    expect(tracer?.spans).toHaveLength(0)
    expect(warnings).toEqual([])
  })

  test('attacks beyond the rate keep their tags, and are not forced on the trace store', async () => {
    begin({ traceRateLimit: 1 })
    const url = await serve(shop())
    await fetch(url)
    for (let count = 0; count < 3; count++) await fetch(url + attack)
    const found = (await spans(4)).slice(1)
    expect(found.map(({ meta }) => meta['appsec.event'])).toEqual(['true', 'true', 'true'])
    expect(found.map(({ metrics }) => metrics['_sampling_priority_v1'])).toEqual([2, 1, 1])
  })

  test('the first request of an engine names it, and is kept', async () => {
    begin()
    const url = await serve(shop())
    await fetch(url)
    await fetch(url)
    const found = await spans(2)
    expect(found.map(({ meta }) => meta['_dd.appsec.waf.version'] !== undefined)).toEqual([true, false])
    expect(found.map(({ metrics }) => metrics['_sampling_priority_v1'])).toEqual([2, 1])
  })
})

describe('the block page', () => {
  test('comes from the files that the settings name, with the id filled in once', async () => {
    const file = join(folder, 'stop.html')
    await writeFile(file, '<p>[security_response_id] [security_response_id]</p>')
    begin({ blockedTemplateHtml: file })
    const url = await serve(shop())
    const page = await (await fetch(`${url}/?q=stop-query`, { headers: { accept: 'text/html' } })).text()
    expect(page).toMatch(/^<p>[0-9a-f-]{36} \[security_response_id\]<\/p>$/)
  })

  test('is the default one where a file cannot be read, and that is told of', async () => {
    begin({ blockedTemplateJson: join(folder, 'missing.json') })
    const body = (await (await fetch(`${await serve(shop())}/?q=stop-query`)).json()) as object
    expect(body).toHaveProperty('errors')
    expect(warnings).toEqual([expect.stringMatching(/^TEMPLATE_UNREADABLE .*missing\.json/)])
  })
})

describe('stealth', () => {
  test('a block looks like the failed logins of three different accounts did', async () => {
    begin()
    const url = `${await serve(shop())}/login`
    const answers = []
    for (const login of ['ada', 'bob', 'eve']) answers.push(await shown(await fetch(url, json({ login }))))
    const blocked = await shown(await fetch(`${url}?q=stop-quietly`, json({ login: 'mallory' })))
    expect(blocked).toEqual(answers[2])
    expect((await spans(4)).at(-1)?.meta['appsec.blocked']).toBe('true')
  })

  test('two accounts are not enough, and neither is one account three times', async () => {
    begin()
    const url = `${await serve(shop())}/login`
    for (const login of ['ada', 'bob', 'bob', 'ada']) await fetch(url, json({ login }))
    const blocked = await fetch(`${url}?q=stop-quietly`, json({ login: 'mallory' }))
    expect(await blocked.text()).toContain('security_response_id')
  })

  test('a reply that names the account is never repeated', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    app.post('/login', express.json(), (request, response) => {
      const { login } = request.body as { login: string }
      trackLoginFailure(login, true)
      response.status(401).json({ error: `no such account or wrong password: ${login}` })
    })
    const url = `${await serve(app)}/login`
    for (const login of ['grace', 'grace2', 'grace3', 'grace4']) await fetch(url, json({ login }))
    const blocked = await (await fetch(`${url}?q=stop-quietly`, json({ login: 'x' }))).text()
    // No name that the identifier in the block page could hold.
    expect(blocked).not.toContain('grace')
  })

  async function shown(response: Response): Promise<unknown> {
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      length: response.headers.get('content-length'),
      body: await response.text(),
    }
  }
})

describe('traces', () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('a caller is continued, whatever it says of sampling', async () => {
    begin()
    const url = await serve(shop())
    await fetch(url)
    await fetch(url, { headers: { traceparent: parent, 'x-datadog-sampling-priority': '2' } })
    const headers = { 'x-datadog-trace-id': '255', 'x-datadog-parent-id': '16', 'x-datadog-sampling-priority': '-1' }
    await fetch(url, { headers })
    const [, w3c, datadog] = await spans(3)
    expect(w3c).toMatchObject({ traceId: parent.slice(3, 35), parentId: parent.slice(36, 52) })
    expect(datadog).toMatchObject({ traceId: `${'0'.repeat(30)}ff`, parentId: '0000000000000010' })
    for (const span of [w3c, datadog]) expect(span?.metrics['_sampling_priority_v1']).toBe(1)
  })

  test('calls to other services can join the trace', async () => {
    begin()
    const app = express()
    app.use(portcullis())
    app.get('/', (_request, response) => {
      currentSpan()?.setTag('order', 7)
      response.json({ ...traceHeaders(), id: currentSpan()?.spanId })
    })
    const sent = (await (await fetch(await serve(app), { headers: { traceparent: parent } })).json()) as Record<
      string,
      string
    >
    const [span] = await spans(1)
    expect(sent['traceparent']).toBe(`00-${span?.traceId}-${span?.spanId}-01`)
    expect(BigInt(sent['x-datadog-parent-id'] ?? 0).toString(16)).toBe(span?.spanId.replace(/^0+/, ''))
    expect(span?.metrics['order']).toBe(7)
    expect(traceHeaders()).toEqual({})
  })

  describe('with OpenTelemetry', () => {
    const otel = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED }

    /** Keeps one context for everything: enough to stand for a manager that follows asynchronous calls. */
    class OneContext implements ContextManager {
      readonly #active: Context
      constructor(active: Context) {
        this.#active = active
      }
      active(): Context {
        return this.#active
      }
      with<A extends unknown[], F extends (...all: A) => ReturnType<F>>(
        _context: Context,
        run: F,
        self?: ThisParameterType<F>,
        ...all: A
      ): ReturnType<F> {
        return run.call(self as never, ...all)
      }
      bind<T>(_context: Context, target: T): T {
        return target
      }
      enable(): this {
        return this
      }
      disable(): this {
        return this
      }
    }

    afterEach(() => context.disable())

    test('the span is a child of the active one, with an id of its own', async () => {
      begin()
      context.setGlobalContextManager(new OneContext(trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(otel))))
      await fetch(await serve(shop()))
      const [span] = await spans(1)
      expect(span).toMatchObject({ traceId: otel.traceId, parentId: otel.spanId })
      expect(span?.spanId).not.toBe(otel.spanId)
    })

    test('EXPORTER=none puts the security tags on it', async () => {
      begin({ exporter: 'none' })
      const active = Object.assign(trace.wrapSpanContext(otel), { tags: new Map<string, unknown>() })
      active.setAttribute = (name, value) => {
        active.tags.set(name, value)
        return active
      }
      context.setGlobalContextManager(new OneContext(trace.setSpan(ROOT_CONTEXT, active)))
      await fetch(`${await serve(shop())}/?q=stop-query`)
      await spans(1)
      expect(active.tags.get('appsec.blocked')).toBe('true')
      expect(active.tags.get('_dd.appsec.json')).toContain('query')
      expect(active.tags.has('http.url')).toBe(false)
    })
  })
})

function connectionsOf(of: Server | undefined): Promise<number> {
  return new Promise((resolve) => of?.getConnections((_error, count) => resolve(count)))
}
