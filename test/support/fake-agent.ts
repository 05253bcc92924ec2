import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Unpackr } from 'msgpackr'

/** A span as it stands on the wire of `/v0.4/traces`. */
export interface WireSpan {
  readonly service: string
  readonly name: string
  readonly resource: string
  readonly type: string
  readonly trace_id: bigint
  readonly span_id: bigint
  readonly parent_id: bigint
  readonly start: bigint
  readonly duration: number
  readonly error: number
  readonly meta: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, number>>
  readonly meta_struct?: Readonly<Record<string, Uint8Array>>
}

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export type Answer = (request: Received, response: ServerResponse, socket: Socket) => void

export interface FakeAgent {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** Spans of all bodies that were answered, in the order they came. */
  readonly spans: WireSpan[]
  /** Replaces how it answers. */
  answer: Answer
  close(): Promise<void>
}

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })

export function decodeTraces(body: Buffer): WireSpan[] {
  return (unpackr.unpack(body) as WireSpan[][]).flat()
}

/** Answers as a healthy agent does. */
export const healthy: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end('{"rate_by_service":{}}')
}

/** A real server on the loopback (or on a unix socket) that answers as it is told. */
export async function startFakeAgent(
  options: { readonly port?: number; readonly socketPath?: string } = {},
): Promise<FakeAgent> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
      }
      received.push(one)
      agent.answer(one, response, request.socket)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    if (options.socketPath === undefined) server.listen(options.port ?? 0, '127.0.0.1', resolve)
    else server.listen(options.socketPath, resolve)
  })
  const port = options.socketPath === undefined ? (server.address() as AddressInfo).port : 0
  const agent: FakeAgent = {
    url: options.socketPath === undefined ? `http://127.0.0.1:${port}` : `unix://${options.socketPath}`,
    port,
    received,
    get spans() {
      return received.filter(({ path }) => path.endsWith('/v0.4/traces')).flatMap(({ body }) => decodeTraces(body))
    },
    answer: healthy,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return agent
}
