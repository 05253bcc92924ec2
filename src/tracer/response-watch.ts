import type { HttpResponse } from './http.ts'

/** The line and headers of a response as they are about to be sent; names in lower case. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
}

type Method = (...all: unknown[]) => unknown
type Methods = Record<'writeHead' | 'write' | 'end' | 'flushHeaders', Method>

/**
 * Calls `seen` once, before the first byte of a response leaves, with what is about to be sent. When `seen` returns
 * true the response was answered in its place, and the app's call is dropped. Works on this response object alone.
 */
export function watchResponse(response: HttpResponse, seen: (head: ResponseHead) => boolean): void {
  const target = response as unknown as Methods
  const original: Methods = {
    writeHead: target.writeHead,
    write: target.write,
    end: target.end,
    flushHeaders: target.flushHeaders,
  }
  let done = false

  function answered(status: number, given: unknown): boolean {
    if (done) return false
    done = true
    return seen({ status, headers: allHeaders(response, given) })
  }

  target.writeHead = function writeHead(...all) {
    if (!response.headersSent && answered(Number(all[0]), typeof all[1] === 'string' ? all[2] : (all[2] ?? all[1]))) {
      return response
    }
    return original.writeHead.apply(this, all)
  }
  target.write = function write(...all) {
    if (!response.headersSent && answered(response.statusCode, undefined)) return true
    return original.write.apply(this, all)
  }
  target.end = function end(...all) {
    if (!response.headersSent && answered(response.statusCode, undefined)) return response
    return original.end.apply(this, all)
  }
  target.flushHeaders = function flushHeaders(...all) {
    if (!response.headersSent && answered(response.statusCode, undefined)) return undefined
    return original.flushHeaders.apply(this, all)
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
