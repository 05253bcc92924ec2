import type { HttpResponse } from './http.ts'
import type { CapturedBody } from './response-capture.ts'

/** The line and headers of a response as they are about to be sent; names in lower case. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
}

/** Who is told of a response. */
export interface ResponseObserver {
  /**
   * Called once, before the first byte leaves. True: the response was answered in its place, and the app's call is
   * dropped. What it gives to `watch.capture` keeps the body from its first byte on.
   */
  headSeen(head: ResponseHead): boolean
}

type Method = (...all: unknown[]) => unknown
type Watched = HttpResponse & Record<'writeHead' | 'write' | 'end' | 'flushHeaders', Method> & { [key]?: ResponseWatch }

const key = Symbol('portcullis.response')

/** What is known of one watched response. The methods are shared by all responses: closures for each would cost more. */
export class ResponseWatch {
  capture: CapturedBody | undefined
  seen = false
  readonly observer: ResponseObserver
  readonly writeHead: Method
  readonly write: Method
  readonly end: Method
  readonly flushHeaders: Method

  constructor(response: Watched, observer: ResponseObserver) {
    this.observer = observer
    this.writeHead = response.writeHead
    this.write = response.write
    this.end = response.end
    this.flushHeaders = response.flushHeaders
  }

  /** Whether the response has been answered in the app's place. */
  answered(response: Watched, status: number, given: unknown): boolean {
    if (this.seen || response.headersSent) return false
    this.seen = true
    return this.observer.headSeen({ status, headers: allHeaders(response, given) })
  }
}

/** Tells `observer` of this response alone. */
export function watchResponse(response: HttpResponse, observer: ResponseObserver): ResponseWatch {
  const target = response as Watched
  const watch = new ResponseWatch(target, observer)
  target[key] = watch
  target.writeHead = writeHead
  target.write = write
  target.end = end
  target.flushHeaders = flushHeaders
  return watch
}

function watchOf(response: Watched): ResponseWatch {
  return response[key] as ResponseWatch
}

function writeHead(this: unknown, ...all: unknown[]): unknown {
  const response = this as Watched
  const watch = watchOf(response)
  const given = typeof all[1] === 'string' ? all[2] : (all[2] ?? all[1])
  if (!watch.seen && watch.answered(response, Number(all[0]), given)) return response
  return watch.writeHead.apply(response, all)
}

function write(this: unknown, ...all: unknown[]): unknown {
  const response = this as Watched
  const watch = watchOf(response)
  if (!watch.seen && watch.answered(response, response.statusCode, undefined)) return true
  watch.capture?.keep(all[0], all[1])
  return watch.write.apply(response, all)
}

function end(this: unknown, ...all: unknown[]): unknown {
  const response = this as Watched
  const watch = watchOf(response)
  if (!watch.seen && watch.answered(response, response.statusCode, undefined)) return response
  const { capture } = watch
  // Node's own `end` may call `write`: the body is complete here, so it is not kept a second time.
  watch.capture = undefined
  capture?.keep(all[0], all[1])
  return watch.end.apply(response, all)
}

function flushHeaders(this: unknown, ...all: unknown[]): unknown {
  const response = this as Watched
  const watch = watchOf(response)
  if (!watch.seen && watch.answered(response, response.statusCode, undefined)) return undefined
  return watch.flushHeaders.apply(response, all)
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
