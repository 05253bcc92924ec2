import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Span } from '../../../src/model/span.ts'
import { createMemoryExporter } from '../../../src/tracer/export/memory-exporter.ts'
import { start, stop } from '../../../src/tracer/start.ts'
import { frameworks, type App } from './apps.ts'
import { ruleset } from './ruleset.ts'

/** What is written to one connection, piece by piece, and what comes of it. */
interface Exchange {
  readonly says: string
  /** Each piece follows once the answer so far has what stands beside it. */
  readonly pieces: readonly (readonly [write: string, then: RegExp])[]
  /** The client breaks the connection off after the last piece. */
  readonly breaksOff?: true
  /** Statuses of the answers, in order. */
  readonly statuses: readonly number[]
  /** Of each span: path, and whether it was blocked. */
  readonly spans: readonly (readonly [path: string, blocked: boolean])[]
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`
const post = (path: string, body: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`
const last = 'connection: close\r\n'
const answers = (count: number): RegExp => new RegExp(`(?:HTTP/1\\.1 \\d{3}[^]*?\r\n\r\n[^]*){${count}}`)
const WITNESS = '/users/9'
const large = JSON.stringify({ login: 'ada', filler: 'x'.repeat(60_000) })

const exchanges: readonly Exchange[] = [
  {
    says: 'requests one after the other on one connection',
    pieces: [
      [get('/'), answers(1)],
      [get('/?q=stop-query'), answers(2)],
      [get('/', last), answers(3)],
    ],
    statuses: [200, 403, 200],
    spans: [
      ['/', false],
      ['/?q=stop-query', true],
      ['/', false],
    ],
  },
  {
    says: 'requests that are written at once',
    pieces: [[get('/') + get('/?q=stop-query') + get('/me') + get('/users/1', last), answers(4)]],
    statuses: [200, 403, 200, 200],
    spans: [
      ['/', false],
      ['/?q=stop-query', true],
      ['/me', false],
      ['/users/1', false],
    ],
  },
  {
    says: 'a slow answer before a block on the same connection',
    pieces: [[post('/login', '{"login":"ada"}') + get('/users/stop-param') + get('/', last), answers(3)]],
    statuses: [401, 403, 200],
    spans: [
      ['/login', false],
      ['/users/stop-param', true],
      ['/', false],
    ],
  },
  {
    says: 'a block before the body was read leaves the connection usable',
    pieces: [
      [post('/login', large, 'x-a: stop-header\r\n'), answers(1)],
      [get('/', last), answers(2)],
    ],
    statuses: [403, 200],
    spans: [
      ['/login', true],
      ['/', false],
    ],
  },
  {
    says: 'a body in chunks is looked at whole',
    pieces: [
      ['POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n', /^/],
      ['f\r\n{"login":"stop-\r\n', /^/],
      ['6\r\nbody"}\r\n0\r\n\r\n', answers(1)],
      [get('/', last), answers(2)],
    ],
    statuses: [403, 200],
    spans: [
      ['/login', true],
      ['/', false],
    ],
  },
  {
    says: 'a client that waits to be asked for its body',
    pieces: [
      [post('/login', '{"login":"stop-body"}', 'expect: 100-continue\r\nconnection: close\r\n'), /HTTP\/1\.1 403/],
    ],
    statuses: [100, 403],
    spans: [['/login', true]],
  },
  {
    says: 'HTTP/1.0 without a host',
    pieces: [['GET /?q=stop-query HTTP/1.0\r\n\r\n', answers(1)]],
    statuses: [403],
    spans: [['/?q=stop-query', true]],
  },
  {
    says: 'a client that goes away in the middle of an answer',
    pieces: [[get('/endless'), /begin/]],
    breaksOff: true,
    statuses: [200],
    spans: [['/endless', false]],
  },
  {
    says: 'a client that goes away before the answer',
    pieces: [[get('/') + get('/held'), answers(1)]],
    breaksOff: true,
    statuses: [200],
    spans: [
      ['/', false],
      ['/held', false],
    ],
  },
  {
    says: 'a client that goes away in the middle of its body',
    pieces: [
      [get('/'), answers(1)],
      ['POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"lo', /^/],
    ],
    breaksOff: true,
    statuses: [200],
    spans: [
      ['/', false],
      ['/login', false],
    ],
  },
]

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

let folder: string
const exporter = createMemoryExporter()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-connections-'))
  const rulesFile = join(folder, 'rules.json')
  await writeFile(rulesFile, JSON.stringify(ruleset))
  start({ appsecEnabled: true, rulesFile, remoteConfigEnabled: false }, { exporter, environment: {} })
})
afterAll(async () => {
  await stop()
  await rm(folder, { recursive: true })
})

describe.each(Object.entries(frameworks))('%s', (_name, { open }) => {
  let app: App
  beforeAll(async () => {
    app = await open()
  })
  afterAll(() => app.close())
  beforeEach(() => exporter.clear())

  test.each(exchanges)('$says', async ({ pieces, breaksOff, statuses, spans }) => {
    const { hostname, port } = new URL(app.url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    for (const [written, then] of pieces) {
      socket.write(written)
      await until(() => expect(answer).toMatch(then))
    }
    if (breaksOff) await breakOff(socket, app)
    else if (!socket.closed) await once(socket, 'close')
    expect([...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))).toEqual(statuses)
    await until(() => expect(seen().length).toBeGreaterThanOrEqual(spans.length))
    expect(seen().toSorted()).toEqual(spans.map((one) => JSON.stringify(one)).toSorted())
  })

  test('a connection that stays open holds nothing of a request that is over', async () => {
    const refs: WeakRef<object>[] = []
    const onStart = (message: unknown): void => {
      const { request, response } = message as { readonly request: object; readonly response: object }
      refs.push(new WeakRef(request), new WeakRef(response))
    }
    subscribe('http.server.request.start', onStart)
    const { hostname, port } = new URL(app.url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.write(get('/'))
    await until(() => expect(answer).toMatch(answers(1)))
    unsubscribe('http.server.request.start', onStart)
    expect(refs).toHaveLength(2)
    await until(() => {
      collectGarbage()
      expect(refs.map((ref) => ref.deref() === undefined)).toEqual([true, true])
    })
    expect(socket.closed).toBe(false)
    socket.destroy()
  })
})

/** Breaks off once the server has the last request, which an answer on another connection shows. */
async function breakOff(socket: Socket, app: App): Promise<void> {
  await (await fetch(app.url + WITNESS)).text()
  socket.destroy()
}

function seen(): string[] {
  return exporter.spans.map(told).filter((span) => !span.includes(WITNESS))
}

function told({ meta }: Span): string {
  return JSON.stringify([meta['http.url']?.replace(/^http:\/\/[^/]*/, ''), meta['appsec.blocked'] === 'true'])
}

async function until(holds: () => void): Promise<void> {
  await vi.waitFor(holds, { interval: 2, timeout: 5_000 })
}

test('every exchange ran on every framework', () => {
  expect(exchanges).toHaveLength(10)
  expect(Object.keys(frameworks)).toHaveLength(4)
})
