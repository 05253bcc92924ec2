import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import express5, { type NextFunction, type Response } from 'express'
import fastify5, { type FastifyInstance } from 'fastify'
import fastify4 from 'fastify4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { portcullis } from '../../../src/express.ts'
import { portcullis as plugin } from '../../../src/fastify.ts'
import { createMemoryExporter } from '../../../src/tracer/export/memory-exporter.ts'
import { start, stop } from '../../../src/tracer/start.ts'
import { randomConnection, type Written } from '../../support/random-http.ts'
import { ruleset } from './ruleset.ts'

/** Connections to each framework; another seed gives others. */
const count = Number(process.env['COUNT'] ?? 150)
const seed = Number(process.env['SEED'] ?? 5)

/** What is lost when a server closes before all was read differs from one try to the next. */
const TRIES = 6
/** A server may wait for the rest of a request that never comes. */
const PATIENCE_MS = 1_500

const express4 = createRequire(import.meta.url)('express4') as typeof express5

/** Answers that touch each way to write one, and say what the app was given. */
const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  stream(_, response) {
    response.write('one')
    response.write('two', () => response.end('three'))
  },
  early: (_, response) => void response.writeHead(202, 'Fine', ['x-a', '1', 'X-A', '2']).end('early'),
  head(_, response) {
    response.setHeader('set-cookie', ['a=b', 'c=d'])
    response.writeHead(200, { 'Content-Type': 'text/plain', 'x-latin': '\xe9' })
    response.write('body')
    response.addTrailers({ 'x-trailer': 'end' })
    response.end()
  },
  pipe: (request, response) => void request.pipe(response),
  late: (_, response) => void setTimeout(() => response.end('late'), 2),
  flush(_, response) {
    response.flushHeaders()
    response.end('flushed')
  },
  hints(_, response) {
    response.writeProcessing()
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('hinted'))
  },
  destroy: (_, response) => void response.destroy(),
  raw(request, response) {
    request.resume()
    request.on('end', () => response.end(JSON.stringify([request.rawTrailers, request.complete])))
  },
  twice(_, response) {
    response.on('error', () => {})
    response.end('once')
    try {
      response.writeHead(500)
    } catch {
      response.write('never')
    }
    response.end('twice')
  },
}

/** All that an app can see of a request. */
function given(request: IncomingMessage, more: object): object {
  const { method, url, httpVersion, rawHeaders, headers, headersDistinct } = request
  return { method, url, httpVersion, rawHeaders, headers, headersDistinct, ...more }
}

interface Place {
  readonly port: number
  close(): Promise<void>
}

async function expressPlace(express: typeof express5, isTraced: boolean): Promise<Place> {
  const app = express()
  app.set('env', 'production')
  if (isTraced) app.use(portcullis())
  for (const [name, answer] of Object.entries(answers)) app.all(`/${name}`, answer)
  app.use(express.json({ strict: false, limit: 500 }), express.urlencoded({ extended: true }), express.text())
  app.use(express.raw())
  app.all('/echo/:a', (request, response) => {
    const { params, query, hostname, protocol, body } = request
    const type = request.accepts('html', 'json')
    response.json(given(request, { params, query, hostname, protocol, body, type, path: request.path }))
  })
  app.all('/throw', () => {
    throw new Error('thrown')
  })
  app.all('/reject', (_request, _response, next) => void setTimeout(() => next(new Error('rejected')), 1))
  app.all('/redirect', (_request, response) => response.redirect('/else\xe9'))
  app.all('/status/:code', (request, response) => void response.sendStatus(Number(request.params.code)))
  app.all('/cookies', (_request, response) => void response.cookie('a', 'b c').clearCookie('d').send(Buffer.from('x')))
  app.use((error: Error & { status?: number }, _request: unknown, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else response.status(error.status ?? 500).send(error.message)
  })
  return served(createServer(app))
}

async function fastifyPlace(create: () => FastifyInstance, isTraced: boolean): Promise<Place> {
  const app = create()
  if (isTraced) await app.register(plugin as never)
  const form = { parseAs: 'string' } as const
  app.addContentTypeParser('application/x-www-form-urlencoded', form, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
  for (const [name, answer] of Object.entries(answers))
    app.all(`/${name}`, (request, reply) => {
      reply.hijack()
      answer(request.raw, reply.raw)
    })
  app.all('/echo/:a', (request, reply) => {
    const { params, query, hostname, protocol, body, ip } = request
    return reply.send(given(request.raw, { params, query, hostname, protocol, body, ip }))
  })
  app.all('/throw', () => {
    throw new Error('thrown')
  })
  app.all('/reject', () => Promise.reject(new Error('rejected')))
  app.all('/redirect', (_request, reply) => reply.redirect('/else'))
  app.all('/status/:code', (request, reply) => reply.code(Number((request.params as { code: string }).code)).send())
  app.all('/cookies', (_request, reply) => reply.header('set-cookie', ['a=b', 'c=d']).send(Buffer.from('x')))
  await app.ready()
  return served(app.server, () => app.close())
}

async function served(server: Server, close = async (): Promise<void> => {}): Promise<Place> {
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {})
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\r\n${request.url}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      server.close()
      await close()
    },
  }
}

/** All that comes back, but the time of day. */
async function answerOf(port: number, written: Written): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.on('error', () => {})
  socket.setTimeout(PATIENCE_MS, () => {
    answer += '(waiting)'
    socket.destroy()
  })
  const closed = once(socket, 'close').catch(() => {})
  for (const piece of written) {
    socket.write(piece, 'latin1')
    await setImmediate()
  }
  await closed
  return answer.replaceAll(/^date: .*\r\n/gim, '').replaceAll(/"reqId":"[^"]*"/g, '')
}

async function bothAnswers(plain: Place, traced: Place, written: Written): Promise<readonly [string, string]> {
  const seen = [new Set<string>(), new Set<string>()] as const
  let pair: readonly [string, string] = ['', '']
  for (let tried = 0; tried < TRIES; tried += 1) {
    pair = await Promise.all([answerOf(plain.port, written), answerOf(traced.port, written)])
    seen[0].add(pair[0])
    seen[1].add(pair[1])
    const alike = [...seen[0]].find((answer) => seen[1].has(answer))
    if (alike !== undefined) return [alike, alike]
  }
  return pair
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-bytes-'))
  const rulesFile = join(folder, 'rules.json')
  await writeFile(rulesFile, JSON.stringify(ruleset))
  start(
    { appsecEnabled: true, rulesFile, remoteConfigEnabled: false },
    { exporter: createMemoryExporter(), environment: {} },
  )
})
afterAll(async () => {
  await stop()
  await rm(folder, { recursive: true })
})

const places: Readonly<Record<string, (isTraced: boolean) => Promise<Place>>> = {
  'Express 4': (isTraced) => expressPlace(express4, isTraced),
  'Express 5': (isTraced) => expressPlace(express5, isTraced),
  'Fastify 4': (isTraced) => fastifyPlace(fastify4 as unknown as () => FastifyInstance, isTraced),
  'Fastify 5': (isTraced) => fastifyPlace(() => fastify5(), isTraced),
}

describe.each(Object.entries(places))('%s', (_name, open) => {
  test('answers whatever comes byte by byte as it does without the tracer', { timeout: 3_600_000 }, async () => {
    const [plain, traced] = await Promise.all([open(false), open(true)])
    const statuses = new Set<string>()
    try {
      for (let index = 0; index < count; index += 1) {
        const written = randomConnection(seed * 1_000_003 + index)
        const [without, withIt] = await bothAnswers(plain, traced, written)
        expect(withIt, JSON.stringify({ index, written })).toBe(without)
        for (const [, status = ''] of without.matchAll(/^HTTP\/1\.1 (\d{3})/gm)) statuses.add(status)
      }
    } finally {
      await Promise.all([plain.close(), traced.close()])
    }
    expect(statuses.size).toBeGreaterThanOrEqual(8)
  })
})

test('every framework was compared', () => expect(Object.keys(places)).toHaveLength(4))
