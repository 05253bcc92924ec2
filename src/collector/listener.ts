import { unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../model/clock.ts'
import { fail, PortcullisError } from '../model/error.ts'
import { toProblem } from './api/problem.ts'

/** Where a listener listens: an address of this machine, or the path of a unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

export interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

/** A socket that takes requests from the start, and says that the collector is starting until it has an app to serve. */
export interface Listener {
  /** `http://host:port`, or `unix:<path>`. */
  readonly url: string
  serve(app: FastifyInstance): Promise<void>
  /** Takes no more connections, lets what is under way finish for at most `graceMs` since the first call, and ends the rest. */
  close(graceMs: number): Promise<void>
}

/** Idle connections are kept longer than clients reuse theirs, so that none is reused while it is being closed. */
const keepAliveMs = 72_000
/** Only the owner and the group may open the socket. */
const socketMask = 0o117

/** Listens; a unix socket never with TLS, which no tracer speaks there. `setting` names what to change when the port is taken; rejects with PORT_IN_USE. */
export async function openListener(options: {
  readonly place: Place
  readonly setting: string
  readonly clock: Clock
  readonly tls?: Tls | undefined
}): Promise<Listener> {
  const { place, setting, clock } = options
  const tls = 'path' in place ? undefined : options.tls
  let answer: (request: IncomingMessage, response: ServerResponse) => void = sayStarting
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => answer(request, response)
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest)
  server.keepAliveTimeout = keepAliveMs
  await bind(server, place, setting)
  // An error after listening, such as no more file descriptors, loses one connection and not the process.
  server.on('error', () => undefined)
  let closing: Promise<void> | undefined
  return {
    url: 'path' in place ? `unix:${place.path}` : urlOf(server.address() as AddressInfo, tls !== undefined),
    async serve(app) {
      await app.ready()
      answer = (request, response) => app.routing(request, response)
    },
    close(graceMs) {
      closing ??= new Promise((resolve) => {
        const cancelCut = clock.after(graceMs, () => server.closeAllConnections())
        server.close(() => {
          cancelCut()
          resolve()
        })
        // A connection whose answer is under way ends after it.
        server.keepAliveTimeout = 1
        server.closeIdleConnections()
      })
      return closing
    },
  }
}

async function bind(server: Server, place: Place, setting: string): Promise<void> {
  try {
    await listen(server, place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      throw error instanceof PortcullisError ? error : fail('LISTEN_FAILED', setting, (error as Error).message)
    }
    if (!('path' in place)) throw fail('PORT_IN_USE', place.host, place.port, setting)
    if (await isAnswering(place.path)) throw fail('LISTEN_FAILED', setting, `${place.path} is in use`)
    // The process that made it ended without taking it away.
    unlinkSync(place.path)
    await listen(server, place)
  }
}

function listen(server: Server, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const before = 'path' in place ? process.umask(socketMask) : undefined
    try {
      server.listen(place, () => {
        server.off('error', reject)
        resolve()
      })
    } finally {
      if (before !== undefined) process.umask(before)
    }
  })
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function urlOf({ address, port, family }: AddressInfo, isTls: boolean): string {
  return `${isTls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function sayStarting(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/healthz') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}')
    return
  }
  response
    .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' })
    .end(JSON.stringify(toProblem(fail('STARTING'))))
}
