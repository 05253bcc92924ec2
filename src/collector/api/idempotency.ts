import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hashOf } from './secret.ts'
import { fail } from '../../model/error.ts'

/** How long a reply is repeated, and how many bytes of replies are kept; beyond, the oldest are forgotten. */
const rememberMs = 24 * 3_600_000
const maxKeptBytes = 64 * 1024 * 1024
const maxKeyLength = 200

interface Kept {
  /** What was asked for, so that a key is not taken for another request. */
  readonly request: string
  readonly atMs: number
  readonly reply: { readonly status: number; readonly type: string; readonly body: string } | undefined
}

const marked = Symbol('idempotency key')
type Marked = FastifyRequest & { [marked]?: { readonly key: string; readonly request: string } }

/**
 * `Idempotency-Key`: a call that changes something and is made again with the same key gets the first reply again, for
 * 24 hours or until the collector restarts. Replies may hold secrets that are shown once, hence they stay in memory.
 */
export function repeatReplies(server: FastifyInstance, nowMs: () => number): void {
  const kept = new Map<string, Kept>()
  let keptBytes = 0

  const forget = (key: string): void => {
    keptBytes -= kept.get(key)?.reply?.body.length ?? 0
    kept.delete(key)
  }
  const makeRoom = (): void => {
    for (const [key, { atMs, reply }] of kept) {
      if (nowMs() - atMs <= rememberMs && keptBytes <= maxKeptBytes) return
      if (reply !== undefined) forget(key)
    }
  }

  server.addHook('preHandler', async (request: Marked, reply: FastifyReply) => {
    const given = request.headers['idempotency-key']
    if (given === undefined || request.method === 'GET' || request.method === 'HEAD') return
    if (typeof given !== 'string' || given === '' || given.length > maxKeyLength) {
      throw fail('REQUEST_INVALID', 'Idempotency-Key', `is 1 to ${maxKeyLength} characters, once`)
    }
    const key = JSON.stringify([request.principal.id, given])
    const asked = hashOf(JSON.stringify([request.method, request.url, request.body ?? null]))
    const before = kept.get(key)
    if (before === undefined || nowMs() - before.atMs > rememberMs) {
      if (before !== undefined) forget(key)
      kept.set(key, { request: asked, atMs: nowMs(), reply: undefined })
      request[marked] = { key, request: asked }
      return
    }
    if (before.request !== asked) throw fail('CONFLICT', 'this Idempotency-Key was used for another request')
    if (before.reply === undefined)
      throw fail('CONFLICT', 'the first call with this Idempotency-Key is still under way')
    await reply
      .code(before.reply.status)
      .header('idempotency-replayed', 'true')
      .type(before.reply.type)
      .send(before.reply.body)
  })

  server.addHook('onSend', async (request: Marked, reply, payload) => {
    const own = request[marked]
    if (own === undefined) return payload
    // What failed changed nothing and may be tried again.
    if (reply.statusCode >= 400 || (payload !== null && payload !== undefined && typeof payload !== 'string')) {
      forget(own.key)
      return payload
    }
    const body = payload ?? ''
    const type = String(reply.getHeader('content-type') ?? 'application/json')
    kept.set(own.key, { request: own.request, atMs: nowMs(), reply: { status: reply.statusCode, type, body } })
    keptBytes += body.length
    makeRoom()
    return payload
  })
}
