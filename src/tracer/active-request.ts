import { carriedBy, carriedByRequest } from './carrier.ts'
import type { HttpResponse } from './http.ts'
import type { InboundRequest } from './request.ts'
import { currentRequest } from './span/current.ts'

const active = currentRequest<InboundRequest>()

/** The request being handled where the caller stands; undefined outside one, or after its response. */
export function activeRequest(): InboundRequest | undefined {
  const request = active.get()
  return request === undefined || request.finished ? undefined : request
}

/** The record of a framework's request or response object. */
export function requestOf(carrier: object): InboundRequest | undefined {
  return carriedBy(carrier) as InboundRequest | undefined
}

/** The record of one of Node's requests. Asked where its handlers run, which is mostly in its own course. */
export function recordBeside(request: object): InboundRequest | undefined {
  const current = active.get()
  if (current !== undefined && current.request === request) return current
  return carriedByRequest(request) as InboundRequest | undefined
}

/** Whether a request comes by that was looked at, and is over: a second tracer in its way must not begin anew. */
export function isOver(response: HttpResponse): boolean {
  return active.get()?.finished === true && response.writableEnded
}

/** Whether the caller stands in the course of the request already. */
export function isWithin(request: InboundRequest): boolean {
  return active.get() === request
}

/** Runs `next` so that what it does, now and later, belongs to the request. */
export function within<R>(request: InboundRequest, next: () => R): R {
  return isWithin(request) ? next() : active.run(request, next)
}
