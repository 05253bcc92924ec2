import type { HttpRequest, HttpResponse } from '../http.ts'
import { recordBeside, within } from '../active-request.ts'
import { openRequest, type InboundRequest } from '../request.ts'
import type { Framework, RequestScope } from '../request-scope.ts'

/** What the tracer uses of a Fastify request. Structural, so that Fastify 4 and 5 both fit. */
export interface FastifyRequestLike {
  readonly raw: HttpRequest
  readonly query?: unknown
  readonly params?: unknown
  readonly body?: unknown
  readonly cookies?: unknown
  readonly session?: unknown
  readonly routeOptions?: { readonly url?: string | undefined } | undefined
  /** Fastify 4 before 4.10. */
  readonly routerPath?: string | undefined
}

export interface FastifyReplyLike {
  readonly raw: HttpResponse
  getHeaders(): object
  hijack(): unknown
}

/** A hook that answers by calling back; not calling back ends the request's course. */
type Hook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void
type ErrorHook = (request: FastifyRequestLike, reply: FastifyReplyLike, error: unknown, done: () => void) => void

export interface FastifyLike {
  addHook(name: 'onRequest' | 'preValidation' | 'preHandler', hook: Hook): unknown
  addHook(name: 'onError', hook: ErrorHook): unknown
}

interface FastifyExchange {
  readonly request: FastifyRequestLike
  readonly reply: FastifyReplyLike
}

function exchangeOf(record: InboundRequest): FastifyExchange | undefined {
  return record.attachment as FastifyExchange | undefined
}

const fastify: Framework = {
  name: 'fastify',
  spanName: 'fastify.request',
  // Fastify keeps headers to itself until it sends them.
  headers: (record) => ({ ...exchangeOf(record)?.reply.getHeaders() }),
  release(record) {
    exchangeOf(record)?.reply.hijack()
  },
  end(record) {
    const request = exchangeOf(record)?.request
    const route = request?.routeOptions === undefined ? request?.routerPath : request.routeOptions.url
    if (record.inspection === undefined) return { route }
    return { route, leftovers: request && { cookies: request.cookies, body: request.body } }
  },
}

/** Adds the hooks. The plugin must be registered before what it is to protect: hooks reach only what comes after. */
export function addFastifyHooks(app: FastifyLike, scope: () => RequestScope | undefined): void {
  app.addHook('onRequest', (request, reply, done) => {
    const current = scope()
    if (current === undefined || recordBeside(request.raw) !== undefined) {
      done()
      return
    }
    const record = openRequest(current, fastify, request.raw, reply.raw)
    record.attachment = { request, reply } satisfies FastifyExchange
    if (!record.start(request.query, request.params)) within(record, done)
  })
  app.addHook('preValidation', advance)
  app.addHook('preHandler', advance)
  app.addHook('onError', (request, _reply, error, done) => {
    const record = recordBeside(request.raw)
    if (record !== undefined && !record.finished) record.error = error
    done()
  })
}

/** Feeds the stages with what parsers have made of the request; after a block nothing more runs. */
const advance: Hook = (request, _reply, done) => {
  const record = recordBeside(request.raw)
  if (record === undefined) {
    done()
    return
  }
  const stopped =
    record.offer('cookies', request.cookies) ||
    record.offer('body', request.body) ||
    record.offer('session', sessionId(request.session))
  if (!stopped) within(record, done)
}

/** `@fastify/session` keeps the id as `sessionId`. */
function sessionId(session: unknown): unknown {
  return typeof session === 'object' && session !== null && 'sessionId' in session ? session.sessionId : undefined
}

/** Contexts that were opened before the plugin, by name: their routes have none of its hooks. */
export function contextsBefore(app: object): readonly string[] {
  const children = Object.getOwnPropertySymbols(app).find(({ description }) => description === 'fastify.children')
  const list: unknown = children === undefined ? undefined : Reflect.get(app, children)
  if (!Array.isArray(list)) return []
  return list.map((child: { pluginName?: unknown }) =>
    typeof child.pluginName === 'string' ? child.pluginName : 'a plugin',
  )
}
