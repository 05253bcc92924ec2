import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../model/clock.ts'
import { readAgentUrl, type AgentTarget } from './agent-url.ts'
import { ownTraffic } from './own-traffic.ts'

export interface AgentRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Appended to the path of the base address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** From the call to the last byte of the reply. */
  readonly timeoutMs: number
  /** A longer reply is an error. */
  readonly maxReplyBytes: number
  readonly signal?: AbortSignal
}

export interface AgentReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Kept-alive HTTP to one agent or collector. Its sockets keep the process alive only while it is held. */
export interface AgentConnection {
  /** Where it goes, for people. */
  readonly url: string
  /** Resolves with any complete reply, whatever its status; rejects when there was none. */
  send(request: AgentRequest): Promise<AgentReply>
  /** Lets requests under way keep the process alive until `release` is called. */
  hold(): () => void
  close(): void
}

/** Requests at the same time: shipping, security events that overtake it, a held long poll, and its report. */
const MAX_SOCKETS = 4

/** Connects to `http://host:port/prefix`, `https://…` or `unix:///path/to/socket`; throws a TypeError for anything else. */
export function connectAgent(url: string, clock: Clock): AgentConnection {
  const target = requireTarget(url)
  const apart = ownTraffic()
  const agent = target.secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })
    : new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const busy = new Set<Socket>()
  let holds = 0

  function attempt(request: AgentRequest): Promise<AgentReply> {
    return new Promise((resolve, reject) => {
      const start = target.secure ? httpsRequest : httpRequest
      const outgoing = start({
        ...target.address,
        agent,
        method: request.method,
        path: target.prefix + request.path,
        headers: { ...request.headers, ...(request.body ? { 'content-length': String(request.body.length) } : {}) },
        ...(request.signal ? { signal: request.signal } : {}),
      })
      let socket: Socket | undefined
      const cancelTimeout = clock.after(request.timeoutMs, () => {
        outgoing.destroy(new Error(`no answer within ${request.timeoutMs} ms`))
      })
      const finish = (): void => {
        cancelTimeout()
        if (socket !== undefined) busy.delete(socket)
      }
      outgoing.on('socket', (assigned) => {
        socket = assigned
        busy.add(assigned)
        if (holds === 0) assigned.unref()
        else assigned.ref()
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        finish()
        reject(Object.assign(error, { staleSocket: outgoing.reusedSocket && error.code === 'ECONNRESET' }))
      })
      outgoing.on('response', (incoming) => {
        readReply(incoming, request.maxReplyBytes).then(
          (reply) => {
            finish()
            resolve(reply)
          },
          (error: unknown) => {
            outgoing.destroy()
            finish()
            reject(error)
          },
        )
      })
      outgoing.end(request.body)
    })
  }

  return {
    url: target.shown,
    async send(request) {
      try {
        return await apart(() => attempt(request))
      } catch (error) {
        // The other side closed an idle connection just as it was used again: nothing was received, a new one will do.
        if (error instanceof Error && 'staleSocket' in error && error.staleSocket === true)
          return apart(() => attempt(request))
        throw error
      }
    },
    hold() {
      holds += 1
      for (const socket of busy) socket.ref()
      let held = true
      return () => {
        if (!held) return
        held = false
        holds -= 1
        if (holds === 0) for (const socket of busy) socket.unref()
      }
    },
    close: () => agent.destroy(),
  }
}

function requireTarget(url: string): AgentTarget {
  const target = readAgentUrl(url)
  if (target === undefined) throw new TypeError(`${url} is not an address`)
  return target
}

async function readReply(incoming: IncomingMessage, maxBytes: number): Promise<AgentReply> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > maxBytes) throw new Error(`the reply is larger than ${maxBytes} bytes`)
    chunks.push(bytes)
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }
}
