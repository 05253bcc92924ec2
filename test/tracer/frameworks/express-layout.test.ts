import { once } from 'node:events'
import { createServer, IncomingMessage, type RequestListener, type ServerOptions } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import express5, { type Request, type Response } from 'express'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { portcullis } from '../../../src/express.ts'
import { startTestTracer, type TestTracer } from '../../../src/testing.ts'

const express4 = createRequire(import.meta.url)('express4') as typeof express5
setFlagsFromString('--allow-natives-syntax')
/** Whether V8 keeps two objects in the same layout. */
const share = runInThisContext('(one, other) => %HaveSameMap(one, other)') as (one: object, other: object) => boolean

type App = ReturnType<typeof express5>
const names = ['next', 'baseUrl', 'originalUrl', '_parsedUrl', 'params', 'route', 'body', '_body', 'length', 'locals']

let tracer: TestTracer
beforeEach(() => {
  tracer = startTestTracer()
})
afterEach(() => tracer.stop())

/** Serves `listener` while `use` runs. */
async function serving(
  listener: RequestListener,
  use: (post: (path: string, body?: string) => Promise<string>) => Promise<void>,
  options: ServerOptions = {},
): Promise<void> {
  const server = createServer(options, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const headers = { 'content-type': 'application/json' }
  try {
    await use(async (path, body = '{"a":1}') =>
      (await fetch(url + path, { method: 'POST', headers, body, signal: AbortSignal.timeout(5_000) })).text(),
    )
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('on %s', (_name, express) => {
  let app: App

  beforeEach(() => {
    app = express()
    app.use(portcullis())
    app.post('/login', express.json(), (request, response) => response.json(request.body))
  })

  test('requests share one layout, and responses one, once the first were seen', async () => {
    const WARM_UP = 10
    const HELD = 3
    let count = 0
    const held: [Request, Response][] = []
    app.post('/held', (request, response) => {
      if (++count <= WARM_UP) return response.json({ ok: true })
      held.push([request, response])
      if (held.length === HELD) for (const [, each] of held) each.json({ ok: true })
      return undefined
    })
    await serving(app, async (post) => {
      for (let turn = 0; turn < WARM_UP; turn++) await post('/held')
      await Promise.all(Array.from({ length: HELD }, () => post('/held')))
    })
    const pairs = held
      .slice(1)
      .map(([request, response]) => [
        share(request, held[0]?.[0] as Request),
        share(response, held[0]?.[1] as Response),
      ])
    expect(pairs).toEqual([
      [true, true],
      [true, true],
    ])
  })

  test('what stands in front of Express reads the same of a request as before', async () => {
    const read: unknown[] = []
    const listener: RequestListener = (request, response) => {
      const both = [request, response] as unknown as Record<string, unknown>[]
      read.push([...names.map((name) => both.map((each) => each[name])), response.statusCode, response.statusMessage])
      app(request, response)
    }
    await serving(listener, async (post) => {
      for (let turn = 0; turn < 4; turn++) await post('/login')
    })
    expect(read).toHaveLength(4)
    for (const later of read) expect(later).toEqual(read[0])
    expect(read[0]).toEqual([...names.map(() => [undefined, undefined]), 200, undefined])
  })

  test.each([
    ['a default of the app for `locals`', (of: App) => Object.assign(of.response, { locals: { shared: 'yes' } })],
    ['a default of the app for the reason phrase', (of: App) => Object.assign(of.response, { statusMessage: 'Fine' })],
  ])('%s is not hidden', async (_says, give) => {
    give(app)
    const seen: unknown[] = []
    app.post('/seen', (_request, response) => {
      seen.push([response.locals['shared'], response.statusMessage])
      response.end()
    })
    await serving(app, async (post) => {
      for (let turn = 0; turn < 4; turn++) {
        await post('/seen')
        await post('/login')
      }
    })
    expect(seen).toHaveLength(4)
    expect(JSON.stringify(seen[0])).toMatch(/yes|Fine/)
    for (const later of seen) expect(later).toEqual(seen[0])
  })

  test('a body that no parser has read is not there: libraries ask for it to know whether to read it themselves', async () => {
    const there: boolean[] = []
    app.post('/own', (request, response) => {
      there.push('body' in request)
      response.end()
    })
    await serving(app, async (post) => {
      for (let turn = 0; turn < 3; turn++) {
        await post('/login')
        await post('/own')
      }
    })
    expect(there).toEqual([false, false, false])
  })

  test('requests of a class of the app, which may have anything, are left alone', async () => {
    class OwnMessage extends IncomingMessage {
      get route(): string {
        return ''
      }
    }
    const use = async (post: (path: string) => Promise<string>): Promise<void> => {
      for (let turn = 0; turn < 3; turn++) expect(await post('/login')).toBe('{"a":1}')
    }
    await serving(app, use, { IncomingMessage: OwnMessage })
  })

  test('other servers of the process are left alone', async () => {
    await serving(app, async (post) => {
      await post('/login')
    })
    const own: boolean[] = []
    const listener: RequestListener = (request, response) => {
      own.push(names.some((name) => Object.hasOwn(request, name) || Object.hasOwn(response, name)))
      response.end()
    }
    await serving(listener, async (post) => {
      await post('/')
      await post('/')
    })
    expect(own).toEqual([false, false])
  })
})
