import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpRequest, HttpResponse } from '../http.ts'

/**
 * Express replaces the prototype of each request and response. Before Node 24, V8 attaches no further layouts to the one
 * that objects have then: whatever Express adds afterwards gives each request a layout of its own, nothing that is read
 * of it is remembered for the next, and more than half of bare Express's time goes there. A property that is there
 * before the prototype is replaced adds nothing later.
 *
 * So on servers whose requests come to Express, what it adds to every one of them is there from the start, with the value
 * that is read anyway: who reads it sees no difference, only who asks `'route' in request` does. What body parsers add is
 * not: libraries ask `'body' in request` to know whether they are to read it themselves.
 */
interface Layout {
  /** Under which Express 5 keeps what its router matched. */
  readonly symbols: readonly symbol[]
  /** Express 4 has the query as a property, Express 5 in the prototype. */
  readonly query: boolean
}

/** Node's request with what Express adds. */
interface LaidOutRequest {
  [symbol: symbol]: unknown
  next: unknown
  baseUrl: unknown
  originalUrl: unknown
  _parsedUrl: unknown
  params: unknown
  route: unknown
  query: unknown
  /** Of Node's emitters; inherited until there is a listener. */
  _eventsCount: unknown
}

/** Node's response with what Express adds, and what becomes its own when the head is written. */
interface LaidOutResponse {
  locals: unknown
  statusCode: unknown
  statusMessage: unknown
}

/** What every request of Express has in its first middleware. */
const namesAtFirst = ['next', 'baseUrl', 'originalUrl', '_parsedUrl', 'params']

/** By the server of Node that requests come from; undefined for one whose requests are to be left alone. */
const layouts = new WeakMap<object, Layout | undefined>()
const isNeeded = Number.parseInt(process.versions.node) < 24
let listening = false

/** Called with a request of Express in its first middleware: has those that follow on its server share one layout. */
export function shareLayout(request: HttpRequest, response: HttpResponse): void {
  const server = serverOf(request)
  if (!isNeeded || server === undefined || layouts.has(server)) return
  layouts.set(server, layoutOf(request, response))
  if (listening) return
  listening = true
  subscribe('http.server.request.start', layOut)
}

function serverOf({ socket }: HttpRequest): object | undefined {
  return (socket as { server?: object } | null | undefined)?.server
}

function layoutOf(request: HttpRequest, response: HttpResponse): Layout | undefined {
  const isExpress = namesAtFirst.every((name) => Object.hasOwn(request, name)) && Object.hasOwn(response, 'locals')
  // What a prototype of the app has must not be hidden.
  const isFree =
    ![...namesAtFirst, 'route'].some((name) => isInherited(request, name)) &&
    !isInherited(response, 'locals') &&
    ['statusCode', 'statusMessage'].every((name) => inheritedFrom(response, name) === ServerResponse.prototype)
  if (!isExpress || !isFree) return undefined
  const symbols = Object.getOwnPropertySymbols(request).filter(({ description }) => description?.startsWith('router.'))
  const query = Object.hasOwn(request, 'query') && !isInherited(request, 'query')
  return { symbols, query }
}

function isInherited(object: object, name: string): boolean {
  return inheritedFrom(object, name) !== null
}

/** The prototype that has a property; null where none has. */
function inheritedFrom(object: object, name: string): object | null {
  let owner = Object.getPrototypeOf(object) as object | null
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null
  return owner
}

/** Node says so of each request before any listener of the server. Must not throw: it would end the process. */
function layOut(message: unknown): void {
  const { request, response, server } = message as {
    readonly request: LaidOutRequest
    readonly response: LaidOutResponse
    readonly server: object
  }
  const layout = layouts.get(server)
  // A class of the app's own may have anything under these names.
  if (layout === undefined || Object.getPrototypeOf(request) !== IncomingMessage.prototype) return
  if (Object.getPrototypeOf(response) !== ServerResponse.prototype) return

  for (const symbol of layout.symbols) request[symbol] ??= undefined
  // Each by its name: many added by computed names make V8 turn the object into a table.
  const { next, baseUrl, originalUrl, _parsedUrl, params, route, query, _eventsCount } = request
  request.next = next
  request.baseUrl = baseUrl
  request.originalUrl = originalUrl
  request._parsedUrl = _parsedUrl
  request.params = params
  request.route = route
  if (_eventsCount !== undefined) request._eventsCount = _eventsCount
  if (layout.query) request.query = query

  const { locals, statusCode, statusMessage } = response
  response.locals = locals
  response.statusCode = statusCode
  response.statusMessage = statusMessage
}
