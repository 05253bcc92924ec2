import { once } from 'node:events'
import { createServer, request as requestHttp1, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Session } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { portcullis } from '../../../src/express.ts'
import { blockRequest, trackLoginFailure } from '../../../src/index.ts'
import { startTestTracer, type TestTracer } from '../../../src/testing.ts'
import { ruleset } from './ruleset.ts'

interface Sent {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Each piece is sent on its own. */
  readonly body?: readonly string[]
}
interface Reply {
  readonly status: number
  readonly body: string
}
interface ServerCase extends Sent {
  readonly says: string
  readonly status: number
  readonly reply: RegExp
  readonly meta: Readonly<Record<string, unknown>>
}

const isStopped = { status: 403, reply: /^\{"errors":/, meta: { 'appsec.blocked': 'true' } } as const
const cases: readonly ServerCase[] = [
  {
    says: 'a request is seen',
    path: '/?q=fine',
    status: 200,
    reply: /^here$/,
    meta: { 'http.status_code': '200', 'http.method': 'GET' },
  },
  {
    says: 'a word in the query is stopped',
    path: '/?q=stop-query',
    ...isStopped,
  },
  {
    says: 'a word in the last of many parameters is stopped',
    path: `/?${'a=1&'.repeat(2_000)}q=stop-query`,
    ...isStopped,
  },
  {
    says: 'a word in the headers is stopped',
    path: '/',
    headers: { 'x-a': 'stop-header' },
    ...isStopped,
  },
  {
    says: 'a header of the answer is stopped where it is set',
    path: '/leak',
    ...isStopped,
    meta: { 'appsec.blocked': 'true', 'http.status_code': '403' },
  },
  {
    says: 'a header of the answer is stopped where it is written with the head',
    path: '/leak-at-once',
    ...isStopped,
  },
  {
    says: 'the app can block by hand',
    path: '/block',
    ...isStopped,
  },
  {
    says: 'a login is told of in a listener of the body, however it arrives',
    path: '/login',
    method: 'POST',
    body: ['{"login":', '"ada"}'],
    status: 401,
    reply: /^no$/,
    meta: { 'appsec.events.users.login.failure.usr.login': 'ada', 'appsec.events.users.login.failure.track': 'true' },
  },
]

/** The app, written for Node's HTTP/1 and for the form in which its HTTP/2 looks alike. */
function handle(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?')[0]
  if (path === '/leak') {
    response.setHeader('x-secret', 'stop-response')
    response.end('secret')
  } else if (path === '/leak-at-once') {
    response.writeHead(200, { 'x-secret': 'stop-response' })
    response.end('secret')
  } else if (path === '/block') {
    blockRequest()
  } else if (path === '/login') {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      trackLoginFailure((JSON.parse(text) as { login: string }).login, true)
      response.statusCode = 401
      response.end('no')
    })
  } else response.end('here')
}

async function sendHttp1(url: URL, { path, method = 'GET', headers, body = [] }: Sent): Promise<Reply> {
  const outgoing = requestHttp1({
    host: url.hostname,
    port: url.port,
    path,
    method,
    headers: { ...headers, ...(body.length > 0 ? { 'transfer-encoding': 'chunked' } : {}) },
    agent: false,
  })
  outgoing.flushHeaders()
  for (const piece of body) await new Promise((sent) => outgoing.write(piece, () => setImmediate(sent)))
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  return { status: incoming.statusCode ?? 0, body: text }
}

async function sendHttp2(url: URL, { path, method = 'GET', headers, body = [] }: Sent): Promise<Reply> {
  const client = connectHttp2(url)
  const stream = client.request({ ':path': path, ':method': method, ...headers }, { endStream: false })
  const answer = once(stream, 'response')
  for (const piece of body) await new Promise((sent) => stream.write(piece, () => setImmediate(sent)))
  stream.end()
  const [head] = (await answer) as [Record<string, unknown>]
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  client.close()
  return { status: Number(head[':status']), body: text }
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void
const versions = [
  { version: 'HTTP/1', open: (serve: Serve): Server => createServer(serve), send: sendHttp1 },
  { version: 'HTTP/2', open: (serve: Serve): Server => createHttp2Server(serve as never), send: sendHttp2 },
]

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-'))
  await writeFile(join(directory, 'rules.json'), JSON.stringify(ruleset))
})
afterAll(() => rm(directory, { recursive: true }))

describe.each(versions)("a server of Node's own over $version", ({ open, send }) => {
  let tracer: TestTracer
  let server: Server
  let url: URL
  beforeEach(async () => {
    const logger = { warn: (message: string) => expect.unreachable(message) }
    tracer = startTestTracer({ appsecEnabled: true, rulesFile: join(directory, 'rules.json'), logger })
    const guard = portcullis()
    server = open((request, response) => guard(request, response, () => handle(request, response)))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(async () => {
    await new Promise((closed) => server.close(closed))
    await tracer.stop()
  })

  test.each(cases)('$says', async ({ status, reply, meta, ...sent }) => {
    expect(await send(url, sent)).toEqual({ status, body: expect.stringMatching(reply) as string })
    await vi.waitFor(() => expect(tracer.spans).toHaveLength(1))
    expect(tracer.spans[0]?.meta).toMatchObject(meta)
  })
})

test('a request whose session of HTTP/2 breaks off is reported in full', async () => {
  const tracer = startTestTracer({ appsecEnabled: true, rulesFile: join(directory, 'rules.json') })
  const guard = portcullis()
  const server = createHttp2Server((request, response) =>
    guard(request as never, response as never, () => (request.stream.session as Http2Session).destroy()),
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const stream = client.request({ ':path': '/held' })
  stream.on('error', () => {})
  client.on('error', () => {})
  await vi.waitFor(() => expect(tracer.spans).toHaveLength(1))
  expect(tracer.spans[0]).toMatchObject({ resource: 'GET', meta: { 'http.method': 'GET' } })
  expect(tracer.spans[0]?.meta).not.toHaveProperty(['_dd.portcullis.error'])
  client.destroy()
  await new Promise((closed) => server.close(closed))
  await tracer.stop()
})

test('every case ran', () => expect(cases.length * versions.length).toBe(16))
