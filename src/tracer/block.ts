import type { ActionParameters } from '../model/waf-event.ts'
import { isSafeLocation } from '../waf/safe-location.ts'
import { preferredPage } from './accept.ts'
import { contentTypes, withId, type BlockPages } from './block-page.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { BlockAction } from './login/login-target.ts'

const REDIRECT_DEFAULT = 303
const BLOCK_DEFAULT = 403

/** A reply ready to be written. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string
}

/**
 * Reads the blocking action of a WAF result: a redirect outranks a block, and `login_failure` (as a type of action, or
 * as the `type` of a block) is the stealth reply. Undefined when nothing blocks.
 */
export function blockingAction(actions: Readonly<Record<string, ActionParameters>>): BlockAction | undefined {
  const { redirect_request: redirect, login_failure: stealth, block_request: block } = actions
  if (redirect !== undefined) return fromParameters('redirect_request', redirect)
  if (stealth !== undefined) return fromParameters('login_failure', stealth)
  return block === undefined ? undefined : fromParameters('block_request', block)
}

/** The action behind parameters as rules files write them. */
export function fromParameters(
  type: BlockAction['type'],
  { status_code: status, type: given, fallback_type: fallback, location, security_response_id: id }: ActionParameters,
): BlockAction {
  const isStealth = given === 'login_failure'
  // Where a failed login cannot be imitated, the fallback says which page is shown.
  const content = isStealth ? (fallback ?? 'auto') : given
  const securityResponseId = typeof id === 'string' ? id : ''
  if (type === 'redirect_request' && typeof location === 'string' && isSafeLocation(location)) {
    const statusCode = inRange(Number(status), 300, 399) ? Number(status) : REDIRECT_DEFAULT
    return { type, statusCode, content: 'auto', location, securityResponseId }
  }
  // A redirect that leads nowhere blocks all the same: what the rule wanted stopped must not go through.
  const blocked = type === 'redirect_request' || !inRange(Number(status), 200, 599) ? BLOCK_DEFAULT : Number(status)
  return {
    type: isStealth ? 'login_failure' : type === 'redirect_request' ? 'block_request' : type,
    statusCode: blocked,
    content:
      content === 'auto' || content === undefined || type !== 'block_request'
        ? 'auto'
        : content === 'html'
          ? 'html'
          : 'json',
    securityResponseId,
  }
}

/** The reply of a block or a redirect to this client. */
export function blockReply(action: BlockAction, pages: BlockPages, accept: string | undefined): Reply {
  const { statusCode, location, securityResponseId, content } = action
  if (action.type === 'redirect_request' && location !== undefined) {
    return {
      status: statusCode,
      headers: { location: withId(location, securityResponseId), 'content-length': 0, 'cache-control': 'no-store' },
      body: '',
    }
  }
  const kind = content === 'auto' ? preferredPage(accept) : content
  const body = pages[kind](securityResponseId)
  return {
    status: statusCode,
    headers: {
      'content-type': contentTypes[kind],
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    },
    body,
  }
}

/** A request that is to be answered, with the headers that the app meant to answer with so far. */
interface Exchange {
  readonly request: HttpRequest
  readonly response: HttpResponse
  readonly headers: Readonly<Record<string, unknown>>
}

/**
 * Writes a reply in place of the app's, once: headers set so far are taken back except CORS ones (a browser would hide
 * the reply from the page without them), and everything the app does to the response afterwards is without effect.
 * The prototype's methods are called, since session and compression middleware replace the instance's.
 * Returns false, having done nothing, when the headers were sent before.
 */
export function writeReply(
  { request, response, headers: before }: Exchange,
  { status, headers, body }: Reply,
): boolean {
  if (response.headersSent || response.writableEnded) return false
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const kept = Object.entries(before).filter(([name]) => keptOnBlock(name))
  const { writeHead, end } = response.constructor.prototype as Record<
    'writeHead' | 'end',
    (...all: unknown[]) => unknown
  >
  writeHead.call(response, status, { ...Object.fromEntries(kept), ...headers })
  end.call(response, request.method === 'HEAD' ? undefined : body)
  mute(response)
  return true
}

function keptOnBlock(header: string): boolean {
  return header.startsWith('access-control-') || header === 'vary'
}

/** Methods that answer the response itself, for chains such as `res.writeHead().end()`. */
const chained = ['writeHead', 'end', 'setHeader', 'setHeaders', 'appendHeader']
const silent = ['removeHeader', 'flushHeaders', 'addTrailers', 'writeContinue', 'writeProcessing', 'writeEarlyHints']

/** Makes late writes of the app harmless: they would throw, and take the process down where nobody catches. */
function mute(response: HttpResponse): void {
  const target = response as unknown as Record<string, unknown>
  for (const name of chained) {
    target[name] = (...all: unknown[]): unknown => {
      callBack(all)
      return response
    }
  }
  for (const name of silent) target[name] = (...all: unknown[]): void => callBack(all)
  target['write'] = (...all: unknown[]): boolean => {
    callBack(all)
    return true
  }
}

function callBack(all: readonly unknown[]): void {
  const done = all.at(-1)
  if (typeof done === 'function') process.nextTick(done)
}

function inRange(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high
}
