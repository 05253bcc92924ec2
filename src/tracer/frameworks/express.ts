import { parse } from 'node:querystring'
import type { HttpRequest, HttpResponse } from '../http.ts'
import { isOver, recordBeside, within } from '../active-request.ts'
import { openRequest, type InboundRequest } from '../request.ts'
import type { Framework, RequestScope } from '../request-scope.ts'
import { shareLayout } from './express-layout.ts'
import { normalizedRoute } from './normalized-route.ts'
import {
  courseOf,
  mountPattern,
  routerOf,
  watchApp,
  watchEntry,
  watchHidden,
  type ExpressRequest,
  type Layer,
} from './express-layers.ts'

/** A middleware of Express, or of anything that calls `(request, response, next)`. */
export type ExpressMiddleware = (request: HttpRequest, response: HttpResponse, next: (error?: unknown) => void) => void

const express: Framework = {
  name: 'express',
  spanName: 'express.request',
  headers: (record) => ({ ...record.response?.getHeaders() }),
  // Express waits for nobody: a middleware that does not call next() is the end.
  release() {},
  end(record) {
    const request: (HttpRequest & ExpressRequest) | undefined = record.request
    // A route that shows only now is looked at before its handlers from the next request on.
    const found = request?.route
    const reached = watchHidden(found)
      ? { path: found.path, baseUrl: request?.baseUrl ?? '' }
      : courseOf(record)?.reached
    const route = reached && routePattern(reached.path, mountPattern(record, reached.baseUrl))
    if (record.inspection === undefined || request === undefined) return { route }
    // Express 4, whose routes have another grammar, still has `del`.
    const isFive = typeof request.app === 'function' && !('del' in request.app)
    const readable = route !== undefined && isFive && !(reached?.path instanceof RegExp)
    const normalized = readable ? normalizedRoute(route, request.params) : undefined
    if (normalized !== undefined) record.setTag('_dd.appsec.normalized_route', normalized)
    const cookies = 'cookies' in request ? request.cookies : undefined
    const body = 'body' in request ? request.body : undefined
    return cookies === undefined && body === undefined ? { route } : { route, leftovers: { cookies, body } }
  },
}

/** Layers that Express 4 puts before any other. */
const ownLayers = new Set(['query', 'expressInit'])

/**
 * The middleware: mounted first, it sees every stage of a request, since it takes the app's own layers under watch.
 * `scope` is asked for each request; `late` hears once of middleware that runs before this one.
 */
export function expressMiddleware(
  scope: () => RequestScope | undefined,
  late: (before: readonly string[]) => void,
): ExpressMiddleware {
  const seenApps = new WeakSet<object>()
  let lastApp: object | undefined
  return function portcullis(request, response, next) {
    const current = scope()
    if (current === undefined || recordBeside(request) !== undefined || isOver(response)) {
      next()
      return
    }
    const incoming = request as HttpRequest & ExpressRequest & { query?: unknown }
    const record = openRequest(current, express, request, response)
    const { app } = incoming
    if (app === undefined) {
      watchEntry(incoming)
      emitWithin(record, incoming)
    } else {
      shareLayout(request, response)
      watchApp(app)
    }
    if (typeof app === 'function' && app !== lastApp && !seenApps.has(app)) {
      lastApp = app
      seenApps.add(app)
      const before = layersBefore(routerOf(app)?.stack ?? [], portcullis)
      if (before.length > 0) late(before)
    }
    // Express 5 parses the query whenever it is read.
    const mark = record.inspection === undefined ? -1 : (request.url?.indexOf('?') ?? -1)
    if (record.start(mark < 0 ? undefined : (incoming.query ?? plainQuery(request.url, mark)), undefined)) return
    within(record, next)
  }
}

/** The query of a server without a framework: all of it, which is bounded by what Node takes as a request line. */
function plainQuery(url: string | undefined, mark: number): unknown {
  return parse(url?.slice(mark + 1) ?? '', '&', '=', { maxKeys: 0 })
}

/**
 * Has listeners of a request run as part of it. Node emits `data` and `end` in the course of the connection, where a
 * server without a framework, which reads bodies by them, would tell of logins outside any request.
 */
function emitWithin(record: InboundRequest, request: HttpRequest): void {
  const emitter = request as HttpRequest & { emit?: (...all: unknown[]) => unknown }
  const { emit } = emitter
  if (emit === undefined) return
  emitter.emit = (...all) => within(record, () => emit.apply(request, all))
}

function layersBefore(stack: readonly Layer[], own: ExpressMiddleware): readonly string[] {
  const at = stack.findIndex(({ handle }) => handle === own)
  return stack.slice(0, Math.max(0, at)).flatMap(({ name = '' }) => (ownLayers.has(name) ? [] : [name]))
}

/** The route as it was written, behind the mount it is under. A list of patterns is told by its first. */
function routePattern(path: unknown, mount: string): string {
  const first: unknown = Array.isArray(path) ? path[0] : path
  const own = typeof first === 'string' ? first : String(first)
  const joined = own === '/' && mount !== '' ? mount : mount + own
  return joined === '' ? '/' : joined
}
