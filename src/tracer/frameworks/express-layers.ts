import { hookShared } from '../response-watch.ts'
import { isWithin, recordBeside, within } from '../active-request.ts'
import type { InboundRequest } from '../request.ts'

/**
 * The parts of Express's router that are touched, on the app's own objects only: Express 4 and 5 keep their layers in
 * `stack` and run them through `handle_request` or `handleRequest`, so that an own method of that name on a layer runs
 * first. No module and no prototype is changed.
 */
export interface Router {
  readonly stack: Layer[]
  /** Callbacks of `router.param(name, …)`. */
  readonly params?: Record<string, ParamCallback[]>
}

export interface Layer {
  readonly name?: string
  readonly handle?: unknown
  readonly route?: Route | undefined
  handle_request?: RequestRunner
  handleRequest?: RequestRunner
  handle_error?: ErrorRunner
  handleError?: ErrorRunner
}

export interface Route {
  readonly path: unknown
  readonly stack: Layer[]
}

/** What stages are fed with, as parsers and routers leave it on the request. */
export interface ExpressRequest {
  readonly app?: unknown
  /** The route that was matched last, whichever router has it. */
  readonly route?: unknown
  readonly baseUrl?: string
  readonly body?: unknown
  readonly cookies?: unknown
  readonly signedCookies?: unknown
  readonly params?: unknown
  readonly sessionID?: unknown
  readonly file?: unknown
  readonly files?: unknown
}

type RequestRunner = (this: Layer, request: ExpressRequest, response: unknown, next: unknown) => unknown
type ErrorRunner = (this: Layer, error: unknown, request: ExpressRequest, response: unknown, next: unknown) => unknown
type ParamCallback = (
  request: ExpressRequest,
  response: unknown,
  next: unknown,
  value: unknown,
  name: string,
) => unknown

/** The route a request reached, with what the router had stripped from its URL. */
export interface ReachedRoute {
  readonly path: unknown
  readonly baseUrl: string
}

/** A request's way through the routers of the app. */
interface Course {
  reached: ReachedRoute | undefined
  /** What `baseUrl` was, to the pattern it matched. Only where a mount has parameters. */
  mounts: Map<string, string> | undefined
  /** The `next` of the router that runs, which is one for all its layers, and the one handed on in its place. */
  next: unknown
  noting: ((error?: unknown) => void) | undefined
}

export function courseOf(record: InboundRequest): Course | undefined {
  return record.attachment as Course | undefined
}

function openCourse(record: InboundRequest): Course {
  const known = courseOf(record)
  if (known !== undefined) return known
  const course: Course = { reached: undefined, mounts: undefined, next: undefined, noting: undefined }
  record.attachment = course
  return course
}

const watched = new WeakMap<readonly Layer[], { length: number; last: Layer | undefined }>()
const wrapped = new WeakSet<object>()

/** What was learned of a layer that is neither a route nor a router. */
interface LayerMemory {
  /** Apps that it was seen to enter. */
  entered: Set<object> | undefined
  probesLeft: number
}

/** Runs of a plain middleware in which it is watched for entering an app of its own. */
const PROBES = 3

/** Takes every layer of an app's router under watch, and those that were added since. */
export function watchApp(app: unknown): void {
  const router = routerOf(app)
  if (router !== undefined) watchRouter(router)
}

/** Takes an app under watch that a request has come into; its responses inherit from another object from here on. */
function watchInner(app: object): void {
  watchApp(app)
  hookShared((app as { response?: unknown }).response)
}

/** Express 4 has `_router`, and throws on `router`; Express 5 has `router` alone. An app without routes has none yet. */
export function routerOf(app: unknown): Router | undefined {
  if (typeof app !== 'function') return undefined
  const { _router: four } = app as { _router?: unknown }
  if (isRouter(four)) return four
  try {
    const { router: five } = app as { router?: unknown }
    return isRouter(five) ? five : undefined
  } catch {
    return undefined
  }
}

/**
 * Watches for the app that a request is handed to where its router cannot be seen from outside: routers set `params`
 * for each layer before they run it, by when the request belongs to the app it is in.
 */
export function watchEntry(request: ExpressRequest, memory?: LayerMemory): void {
  const outer = request.app
  let params = request.params
  const settle = (value: unknown): void => {
    Object.defineProperty(request, 'params', { value, writable: true, enumerable: true, configurable: true })
  }
  Object.defineProperty(request, 'params', {
    configurable: true,
    enumerable: true,
    get: () => params,
    set(value: unknown) {
      params = value
      const { app } = request
      watchHidden(request.route)
      if (app === outer || routerOf(app) === undefined) return
      settle(value)
      if (memory !== undefined) memory.entered = (memory.entered ?? new Set()).add(app as object)
      watchInner(app as object)
    },
  })
}

/**
 * Takes a route under watch whose router stands in a closure of the app, out of sight: only the route itself shows, on
 * the request. Returns true where it was not known before.
 */
export function watchHidden(route: unknown): route is Route {
  if (!isRoute(route) || watched.has(route.stack)) return false
  watchStack(route.stack, undefined, route)
  return true
}

function watchRouter(router: Router): void {
  watchStack(router.stack, router)
  if (router.params === undefined) return
  for (const name of Object.keys(router.params)) watchParam(router.params[name] ?? [])
}

function watchStack(stack: Layer[], owner: Router | undefined, hidden?: Route): void {
  const known = watched.get(stack)
  const last = stack.at(-1)
  if (known !== undefined && known.length === stack.length && known.last === last) return
  watched.set(stack, { length: stack.length, last })
  for (const layer of stack) if (!wrapped.has(layer)) wrapLayer(layer, stack, owner, hidden)
}

function watchParam(callbacks: ParamCallback[]): void {
  for (const [index, callback] of callbacks.entries()) {
    if (wrapped.has(callback)) continue
    const run: ParamCallback = (request, response, next, value, name) => {
      const record = recordBeside(request)
      if (record !== undefined && !admits(record, request)) return undefined
      return callback(request, response, next, value, name)
    }
    wrapped.add(run)
    callbacks[index] = run
  }
}

function wrapLayer(layer: Layer, stack: Layer[], owner: Router | undefined, hidden: Route | undefined): void {
  wrapped.add(layer)
  const method = typeof layer.handleRequest === 'function' ? 'handleRequest' : 'handle_request'
  const errorMethod = method === 'handleRequest' ? 'handleError' : 'handle_error'
  const run = layer[method]
  const runError = layer[errorMethod]
  if (typeof run !== 'function' || typeof runError !== 'function') return
  if (layer.route !== undefined) watchStack(layer.route.stack, undefined)

  const memory: LayerMemory = { entered: undefined, probesLeft: PROBES }
  const runWatched: RequestRunner = function runWatched(request, response, next) {
    const record = recordBeside(request)
    if (record === undefined) return run.call(this, request, response, next)
    if (hidden !== undefined) reach(record, hidden, request)
    if (!admits(record, request)) return undefined
    if (record.finished) return run.call(this, request, response, next)
    watchStack(stack, owner, hidden)
    enter(this, memory, record, request)
    // A layer of a route tells the route's own.
    const onward = owner === undefined ? next : noting(record, next)
    // Asked first, since a closure for every layer of every request adds up.
    if (isWithin(record)) return run.call(this, request, response, onward)
    return within(record, () => run.call(this, request, response, onward))
  }
  const runErrorWatched: ErrorRunner = function runErrorWatched(error, request, response, next) {
    const record = recordBeside(request)
    if (record !== undefined) {
      if (record.stopped) return undefined
      if (!record.finished) record.error = error
    }
    return runError.call(this, error, request, response, next)
  }
  own(layer, method, runWatched)
  own(layer, errorMethod, runErrorWatched)
}

/** Stands for a router's `next`, and hears of errors: layers that follow need not, where they are routes or do not match. */
function noting(record: InboundRequest, next: unknown): (error?: unknown) => void {
  const course = openCourse(record)
  if (course.noting !== undefined && course.next === next) return course.noting
  course.next = next
  course.noting = (error) => {
    if (error instanceof Error && !record.finished) record.error = error
    ;(next as (error?: unknown) => void)(error)
  }
  return course.noting
}

/** An own method that does not show when the layer is listed. */
function own(layer: Layer, name: string, value: unknown): void {
  Object.defineProperty(layer, name, { value, writable: true, configurable: true, enumerable: false })
}

/** Looks at where a layer leads: a route, a router, an app, or code that may hide one. */
function enter(layer: Layer, memory: LayerMemory, record: InboundRequest, request: ExpressRequest): void {
  if (layer.route !== undefined) {
    watchStack(layer.route.stack, undefined)
    reach(record, layer.route, request)
    return
  }
  if (isRouter(layer.handle)) {
    watchRouter(layer.handle)
    rememberMount(record, request)
    return
  }
  const apps = memory.entered
  if (apps !== undefined) {
    for (const app of apps) watchInner(app)
    rememberMount(record, request)
  }
  const mounted = layer.name === 'mounted_app'
  if (mounted && apps !== undefined) return
  if (!mounted && memory.probesLeft === 0) return
  memory.probesLeft--
  watchEntry(request, memory)
  if (mounted) rememberMount(record, request)
}

function reach(record: InboundRequest, route: Route, { baseUrl = '' }: ExpressRequest): void {
  openCourse(record).reached = { path: route.path, baseUrl }
}

/** Keeps the pattern of a mount point with parameters: `baseUrl` has their values, `/tenants/7` for `/tenants/:id`. */
function rememberMount(record: InboundRequest, request: ExpressRequest): void {
  const { baseUrl = '', params } = request
  if (typeof params !== 'object' || params === null) return
  const names = Object.keys(params)
  if (names.length === 0) return
  const course = openCourse(record)
  const patterns = (course.mounts ??= new Map<string, string>())
  if (patterns.has(baseUrl)) return
  const outer = longestKnown(patterns, baseUrl)
  const values = new Map(names.map((name) => [String((params as Record<string, unknown>)[name]), name]))
  const own = baseUrl
    .slice(outer.length)
    .split('/')
    .map((segment) => {
      const name = values.get(decoded(segment))
      return name === undefined || segment === '' ? segment : `:${name}`
    })
  patterns.set(baseUrl, (patterns.get(outer) ?? '') + own.join('/'))
}

/** The pattern behind a `baseUrl`. */
export function mountPattern(record: InboundRequest, baseUrl: string): string {
  const patterns = courseOf(record)?.mounts
  if (patterns === undefined) return baseUrl
  const outer = longestKnown(patterns, baseUrl)
  return (patterns.get(outer) ?? '') + baseUrl.slice(outer.length)
}

function longestKnown(patterns: ReadonlyMap<string, string>, baseUrl: string): string {
  let longest = ''
  for (const known of patterns.keys()) {
    if (known.length > longest.length && (baseUrl === known || baseUrl.startsWith(`${known}/`))) longest = known
  }
  return longest
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Feeds the stages with what has come since the layer before; false when nothing more of the app may run. */
function admits(record: InboundRequest, request: ExpressRequest): boolean {
  if (record.stopped) return false
  if (record.inspection === undefined) return true
  // Asked for with `in`: reading what is not there takes V8 twice as long, since requests of Express share no layout.
  return !(
    ('params' in request && record.offer('params', request.params)) ||
    ('cookies' in request && record.offer('cookies', allCookies(request.cookies, request.signedCookies))) ||
    ('body' in request && record.offer('body', request.body)) ||
    (('file' in request || 'files' in request) && record.offer('files', fileNames(request.file, request.files))) ||
    ('sessionID' in request && record.tag('usr.session_id') === undefined && record.offer('session', request.sessionID))
  )
}

const merged = new WeakMap<object, unknown>()

/** Plain and signed cookies in one; the same object for the same cookies, so that they are looked at once. */
function allCookies(cookies: unknown, signed: unknown): unknown {
  if (typeof cookies !== 'object' || cookies === null || typeof signed !== 'object' || signed === null) return cookies
  if (Object.keys(signed).length === 0) return cookies
  const known = merged.get(cookies)
  if (known !== undefined) return known
  const all = { ...cookies, ...signed }
  merged.set(cookies, all)
  return all
}

/** What uploaded files are called: `file` of a single upload, `files` as a list or by field. */
function fileNames(file: unknown, files: unknown): readonly string[] {
  const listed = typeof files === 'object' && files !== null ? Object.values(files).flat() : []
  const names = [file, ...(listed as unknown[])].map((item) =>
    typeof item === 'object' && item !== null && 'originalname' in item ? item.originalname : undefined,
  )
  return names.filter((name) => typeof name === 'string')
}

function isRoute(value: unknown): value is Route {
  return typeof value === 'object' && value !== null && Array.isArray((value as { stack?: unknown }).stack)
}

function isRouter(value: unknown): value is Router {
  return typeof value === 'function' && Array.isArray((value as { stack?: unknown }).stack)
}
