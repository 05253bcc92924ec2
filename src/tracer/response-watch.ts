import { carriedBy } from './carrier.ts'
import type { HttpResponse } from './http.ts'
import type { CapturedBody } from './response-capture.ts'
import { currentRequest } from './span/current.ts'

const active = currentRequest<ResponseObserver>()

/** The line and headers of a response as they are about to be sent; names in lower case. */
export interface ResponseHead {
  readonly status: number
  /** All of them, in a record made for each who asks. */
  readonly headers: Readonly<Record<string, unknown>>
  header(name: string): unknown
}

/** The head that the app gives a response: what it set before, and what it hands over with the status. */
class GivenHead implements ResponseHead {
  readonly status: number
  readonly #response: HttpResponse
  readonly #given: unknown

  constructor(status: number, response: HttpResponse, given: unknown) {
    this.status = status
    this.#response = response
    this.#given = given
  }

  get headers(): Readonly<Record<string, unknown>> {
    return allHeaders(this.#response, this.#given)
  }

  header(name: string): unknown {
    const given = this.#given
    if (Array.isArray(given)) return this.headers[name]
    let value: unknown
    for (const key in given as object | undefined) {
      if (key.length === name.length && key.toLowerCase() === name) value = (given as Record<string, unknown>)[key]
    }
    return value ?? this.#response.getHeader(name)
  }
}

/** Who is told of a response; carried by its request. */
export interface ResponseObserver {
  readonly response: HttpResponse | undefined
  readonly watch: ResponseWatch | undefined
  /**
   * Called once, before the first byte leaves. True: the response was answered in its place, and the app's call is
   * dropped. What it gives to `watch.capture` keeps the body from its first byte on.
   */
  headSeen(head: ResponseHead): boolean
}

/** What is known of one watched response. */
export interface ResponseWatch {
  readonly observer: ResponseObserver
  seen: boolean
  capture: CapturedBody | undefined
}

type Method = (...all: unknown[]) => unknown
type Methods = Readonly<Record<'writeHead' | 'write' | 'end' | 'flushHeaders', Method>>

/** What was changed, so that it is changed once. */
const hooked = new WeakSet<object>()
/** Our own methods: what inherits them needs no others. */
const ours = new WeakSet<Method>()
/** The latest methods that were hooked, and their hooks: in most processes all responses have the same. */
let latest: { readonly over: Methods; readonly hooks: Methods } | undefined

/** Tells `observer` of a response, to whose request `carry` must have tied it. */
export function watchResponse(response: HttpResponse, observer: ResponseObserver): ResponseWatch {
  const shared: unknown = Object.getPrototypeOf(response)
  // Express puts a prototype of the app in the place of Node's.
  if (!hooked.has(shared as object)) {
    if (shared === (response.constructor as { prototype?: unknown }).prototype) hook(response)
    else hookShared(shared)
  }
  return { observer, seen: false, capture: undefined }
}

/**
 * Hooks what responses inherit from: `app.response` of Express, which belongs to the app and is made for additions. A
 * response of Express itself would take microseconds for each method of its own.
 */
export function hookShared(shared: unknown): void {
  if (typeof shared !== 'object' || shared === null || hooked.has(shared)) return
  hooked.add(shared)
  hook(shared)
}

function hook(target: object): void {
  const over = target as Methods
  if (ours.has(over.writeHead)) return
  if (latest === undefined || !sameMethods(latest.over, over)) {
    const { writeHead, write, end, flushHeaders } = over
    latest = {
      over: { writeHead, write, end, flushHeaders },
      hooks: hooksOver({ writeHead, write, end, flushHeaders }),
    }
  }
  const { hooks } = latest
  const own = target as { -readonly [name in keyof Methods]: Method }
  own.writeHead = hooks.writeHead
  own.write = hooks.write
  own.end = hooks.end
  own.flushHeaders = hooks.flushHeaders
}

function sameMethods(one: Methods, other: Methods): boolean {
  return (
    one.writeHead === other.writeHead &&
    one.write === other.write &&
    one.end === other.end &&
    one.flushHeaders === other.flushHeaders
  )
}

function hooksOver(over: Methods): Methods {
  function writeHead(this: HttpResponse, ...all: unknown[]): unknown {
    const watch = watchOf(this)
    const given = typeof all[1] === 'string' ? all[2] : (all[2] ?? all[1])
    return answered(this, watch, Number(all[0]), given) ? this : over.writeHead.apply(this, all)
  }

  function write(this: HttpResponse, ...all: unknown[]): unknown {
    const watch = watchOf(this)
    if (answered(this, watch, this.statusCode, undefined)) return true
    if (watch?.capture === undefined) return over.write.apply(this, all)
    return keeping(watch, all, () => over.write.apply(this, all))
  }

  function end(this: HttpResponse, ...all: unknown[]): unknown {
    const watch = watchOf(this)
    if (answered(this, watch, this.statusCode, undefined)) return this
    if (watch?.capture === undefined) return over.end.apply(this, all)
    return keeping(watch, all, () => over.end.apply(this, all))
  }

  function flushHeaders(this: HttpResponse, ...all: unknown[]): unknown {
    const watch = watchOf(this)
    return answered(this, watch, this.statusCode, undefined) ? undefined : over.flushHeaders.apply(this, all)
  }

  const hooks = { writeHead, write, end, flushHeaders }
  for (const method of Object.values(hooks)) ours.add(method)
  return hooks
}

function watchOf(response: HttpResponse): ResponseWatch | undefined {
  const current = active.get()
  if (current !== undefined && current.response === response) return current.watch
  return (carriedBy(response) as ResponseObserver | undefined)?.watch
}

/** Whether the response has been answered in the app's place. */
function answered(response: HttpResponse, watch: ResponseWatch | undefined, status: number, given: unknown): boolean {
  if (watch === undefined || watch.seen || response.headersSent) return false
  watch.seen = true
  return watch.observer.headSeen(new GivenHead(status, response, given))
}

/** Keeps the chunk if it is to be kept, and only once: what writes it may write it through another hook. */
function keeping<R>(watch: ResponseWatch, [chunk, encoding]: readonly unknown[], write: () => R): R {
  const { capture } = watch
  capture?.keep(chunk, encoding)
  watch.capture = undefined
  try {
    return write()
  } finally {
    watch.capture = capture
  }
}

/** Headers set so far and those of the call, which may be an object or a flat list of names and values. */
function allHeaders(response: HttpResponse, given: unknown): Record<string, unknown> {
  // Node gives a copy, without a prototype.
  const headers = response.getHeaders() as Record<string, unknown>
  if (Array.isArray(given)) {
    for (let index = 0; index + 1 < given.length; index += 2)
      headers[String(given[index]).toLowerCase()] = given[index + 1]
  } else if (typeof given === 'object' && given !== null) {
    for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value
  }
  return headers
}
