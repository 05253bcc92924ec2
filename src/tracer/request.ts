import { eventName, eventPrefix, tag, type IpSource } from '../model/tags.ts'
import { clientIp } from '../net/client-ip.ts'
import { headerOrderFingerprint } from '../waf/header-order.ts'
import type { Addresses } from '../waf/waf.ts'
import { carry, carryOn, type Records } from './carrier.ts'
import { blockReply, fromParameters, writeReply, type Reply } from './block.ts'
import type { DenylistHit } from './denylist/denylist.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import { Inspection } from './inspection.ts'
import type { BlockAction, LoginTarget } from './login/login-target.ts'
import { conclude, KEPT_BY_SECURITY } from './request-end.ts'
import { stageAddress, type Framework, type FrameworkEnd, type RequestScope, type Stage } from './request-scope.ts'
import { captureBody, CapturedBody } from './response-capture.ts'
import { watchResponse, type ResponseHead, type ResponseObserver, type ResponseWatch } from './response-watch.ts'
import { LiveSpan } from './span/live-span.ts'
import { activeOtelSpan, findOtelSpan, tagOtelSpan, type OtelSpan } from './span/otel.ts'
import { extractParent } from './span/trace-context.ts'
import { recordedUrl } from './span/url.ts'
import { MAX_BODY_BYTES } from './stealth.ts'
import { isEmpty, sameEntries, withoutHeader } from './stage-values.ts'

/** The tag by which a login call says that a login failed. */
const LOGIN_FAILED = `${eventPrefix}${eventName.loginFailure}.track`
type Offered = Record<Stage, unknown>
/** Written out for each: a copy by spreading costs more. */
const offeredNothing = (): Offered => ({
  query: undefined,
  cookies: undefined,
  body: undefined,
  files: undefined,
  params: undefined,
  session: undefined,
})
const FAILED_LOGIN = `${eventPrefix}${eventName.loginFailure}.${tag.usrLogin}`

/**
 * One inbound request from its first line to its last byte: its span, the checks on it, and its block. Nothing here
 * throws into the app, and nothing is held once the response is over.
 */
export class InboundRequest implements LoginTarget, ResponseObserver {
  readonly span: LiveSpan
  readonly scope: RequestScope
  readonly framework: Framework
  readonly clientIp: string | undefined
  readonly ipSource: IpSource
  /** Undefined while AppSec is off. */
  readonly inspection: Inspection | undefined
  /** A block was written, or is about to be: nothing of the app may run any more. */
  stopped = false
  finished = false
  error: unknown = undefined
  head: ResponseHead | undefined = undefined
  /** Node's own objects, until the response is over. */
  request: HttpRequest | undefined
  response: HttpResponse | undefined
  watch: ResponseWatch | undefined = undefined
  /** What the framework's adapter keeps of the request; it knows the type. */
  attachment: unknown = undefined
  readonly #peer: string | undefined
  /** Read once: with Express each reading of a request costs up to a microsecond. */
  readonly #method: string
  #headers: HttpRequest['headers']
  #rawHeaders: readonly string[]
  readonly #otelSpan: OtelSpan | undefined
  /** Where the request is known under. */
  readonly #records: Records
  #hasEvent = false
  #failureBody: CapturedBody | undefined = undefined
  /** What each stage was fed with; only where there is an inspection. */
  #offered: Offered | undefined = undefined

  constructor(scope: RequestScope, framework: Framework, request: HttpRequest, response: HttpResponse) {
    this.scope = scope
    this.framework = framework
    this.request = request
    this.response = response
    this.#records = carry(request, this)
    const peer = request.socket?.remoteAddress
    this.#peer = peer
    this.#otelSpan = scope.tagsOtelSpan ? findOtelSpan() : undefined
    const { headers, rawHeaders, method = 'GET' } = request
    this.#method = method
    this.#headers = headers
    this.#rawHeaders = rawHeaders
    const span = new LiveSpan(
      scope.spanDefaults,
      framework.spanName,
      scope.clock.nowMs(),
      activeOtelSpan() ?? extractParent(headers),
    )
    this.span = span
    const { ip, source } = clientIp({ headers, socket: peer }, scope.clientIpOptions)
    this.clientIp = ip
    this.ipSource = source
    const protection = scope.protection()
    if (protection === undefined) this.inspection = undefined
    else {
      this.inspection = new Inspection(protection)
      this.#offered = offeredNothing()
      span.numbers.add(tag.appsecEnabled, 1)
    }
    const { tags } = span
    tags.add(tag.component, framework.name)
    tags.add(tag.httpMethod, method)
    span.setTag(tag.httpUrl, recordedUrl(request, headers, scope.obfuscateQuery))
    const userAgent = headers['user-agent']
    if (userAgent !== undefined) span.setTag(tag.httpUseragent, String(userAgent))
    if (ip !== undefined) tags.add(tag.httpClientIp, ip)
    if (peer !== undefined) tags.add(tag.networkClientIp, peer)
    tags.add(tag.ipSource, source)
  }

  /** Reads a text tag of the span. */
  tag(name: string): string | undefined {
    return this.span.tag(name)
  }

  setTag(name: string, value: string): void {
    if (this.finished) return
    if (name.startsWith(eventPrefix)) this.#hasEvent = true
    if (name === LOGIN_FAILED && this.inspection !== undefined && this.response !== undefined) {
      this.#failureBody ??= captureBody(this.response, MAX_BODY_BYTES)
    }
    this.span.setTag(name, value)
  }

  setMetric(name: string, value: number): void {
    if (!this.finished) this.span.setMetric(name, value)
  }

  keep(): void {
    this.span.keep()
    if (this.scope.standalone !== undefined) this.span.setTag(tag.traceSource, KEPT_BY_SECURITY)
  }

  /**
   * Looks at the line, the headers, the address and, where the framework has them, the query and the path parameters.
   * Returns true when it blocked.
   */
  start(query: unknown, params: unknown): boolean {
    const { inspection, request, response, clientIp: ip } = this
    const offered = this.#offered
    if (inspection === undefined || request === undefined || response === undefined || offered === undefined) {
      return false
    }
    const subject = ip === undefined ? {} : { ip, claimed: this.ipSource === 'claimed' }
    const hit = inspection.lookUp(subject, this.span.startMs / 1_000)
    const addresses = this.#startAddresses(inspection, request, offered, { query, params })
    this.watch = watchResponse(response, this)
    return this.#inspect(inspection, addresses, hit)
  }

  /** What the first stage is fed with; the engine passes over what no rule or processor looks at. */
  #startAddresses(
    inspection: Inspection,
    request: HttpRequest,
    offered: Offered,
    { query, params }: { readonly query: unknown; readonly params: unknown },
  ): Addresses {
    const addresses: Record<string, unknown> = {
      'server.request.uri.raw': request.url,
      'server.request.headers.no_cookies': withoutHeader(this.#headers, 'cookie'),
      'server.request.method': this.#method,
      'http.client_ip': this.clientIp,
    }
    if (inspection.knows(tag.headerOrder)) addresses[tag.headerOrder] = headerOrderFingerprint(this.#rawHeaders)
    if (!isEmpty(query)) addresses[stageAddress.query] = offered.query = query
    if (!isEmpty(params)) addresses[stageAddress.params] = offered.params = params
    return addresses
  }

  /**
   * Feeds a stage with what the framework has for it now. What was fed before, or is empty, or no rule looks at, costs
   * nothing. Returns true when the request is stopped, by this stage or before it.
   */
  offer(stage: Stage, value: unknown): boolean {
    const { inspection } = this
    const offered = this.#offered
    if (this.stopped || inspection === undefined || offered === undefined || value === undefined) return this.stopped
    if (offered[stage] === value) return false
    const address = stageAddress[stage]
    if (isEmpty(value) || !inspection.knows(address)) return false
    if (stage === 'params' && sameEntries(value, offered[stage])) return false
    offered[stage] = value
    return this.#inspect(inspection, { [address]: value })
  }

  /** Checks a user or a login that the app told of; the caller decides what becomes of the action. */
  check(addresses: Addresses, subject: { readonly userId?: string; readonly login?: string }): BlockAction | undefined {
    const { inspection } = this
    if (inspection === undefined || this.finished) return undefined
    const { userId } = subject
    const hit = userId === undefined ? undefined : inspection.lookUp({ userId }, this.scope.clock.nowMs() / 1_000)
    const known: Record<string, unknown> = {}
    let any = hit !== undefined
    for (const [address, value] of Object.entries(addresses)) {
      if (!inspection.knows(address)) continue
      known[address] = value
      any = true
    }
    return any ? inspection.run(known, hit) : undefined
  }

  /**
   * Answers the request as `action` says, in place of the app. Returns false, and says so on the span, when the app has
   * answered already. A stealth reply follows after its delay; the app is stopped at once.
   */
  block(action: BlockAction): boolean {
    const { request, response } = this
    if (request === undefined || response === undefined || this.finished || this.stopped) return this.stopped
    if (response.headersSent || response.writableEnded) return this.#couldNotBlock()
    this.stopped = true
    this.framework.release(this)
    this.span.setTag(tag.appsecBlocked, 'true')
    if (action.type !== 'login_failure') {
      this.#write({ request, response }, action)
      return true
    }
    const { reply, delayMs } = this.scope.stealth.replyFor(placeOf(request))
    const answer = (): void => {
      if (this.finished) return
      if (reply === undefined) this.#write({ request, response }, { ...action, type: 'block_request' })
      else this.#answer({ request, response }, reply)
    }
    if (delayMs === 0) answer()
    else this.scope.clock.after(delayMs, answer)
    return true
  }

  /** Blocks because the app asks for it: with the action `block`, whatever the local switch says of rules. */
  blockByHand(): boolean {
    const parameters = this.inspection?.protection.blockParameters ?? {}
    return this.block(
      fromParameters(parameters['location'] === undefined ? 'block_request' : 'redirect_request', parameters),
    )
  }

  /** Looks at the status and the headers of the response. Returns true when it was blocked. */
  headSeen(head: ResponseHead): boolean {
    this.head = head
    const { inspection } = this
    if (inspection === undefined || this.stopped || this.finished) return false
    const addresses: Record<string, unknown> = {}
    const readsStatus = inspection.knows('server.response.status')
    const readsHeaders = inspection.knows('server.response.headers.no_cookies')
    if (readsStatus) addresses['server.response.status'] = String(head.status)
    if (readsHeaders) addresses['server.response.headers.no_cookies'] = withoutHeader(head.headers, 'set-cookie')
    if ((readsStatus || readsHeaders) && this.#inspect(inspection, addresses)) return true
    // Compressed bytes cannot be repeated to another client.
    if (this.#failureBody === undefined && inspection.failedLogin !== undefined && !head.header('content-encoding')) {
      this.#failureBody = new CapturedBody(MAX_BODY_BYTES)
      if (this.watch !== undefined) this.watch.capture = this.#failureBody
    }
    return false
  }

  /** Closes the span and ships it: once, whichever of the response's ends comes first. */
  finish(): void {
    const { request, response, span, scope, inspection } = this
    if (this.finished || request === undefined || response === undefined) return
    try {
      const { route, leftovers } = this.framework.end(this)
      if (leftovers !== undefined) this.#lookBack(leftovers)
      if (this.#failureBody !== undefined && !this.stopped) this.#learnFailure(request, response, this.#failureBody)
      // Written out: a spread followed by more properties costs microseconds here.
      conclude({
        span,
        scope,
        method: this.#method,
        headers: this.#headers,
        rawHeaders: this.#rawHeaders,
        response,
        inspection,
        route,
        body: leftovers?.body,
        peer: this.#peer,
        hasEvent: this.#hasEvent,
        head: this.head,
        error: this.error,
      })
    } catch {
      span.setTag('_dd.portcullis.error', 'the request could not be reported in full')
    }
    this.finished = true
    this.#records.delete(request)
    // What is stopped stays so: what the app began before may go on long after the answer.
    if (this.stopped) carryOn(request, this)
    this.#headers = {}
    this.#rawHeaders = []
    // A connection that stays open holds on to the record, and by it to whatever the record has.
    this.request = this.response = this.error = this.attachment = this.#offered = undefined
    this.head = this.watch = this.#failureBody = undefined
    inspection?.dispose()
    const found = inspection !== undefined && (inspection.events.length > 0 || inspection.toldOfEvent)
    if (this.#otelSpan !== undefined) tagOtelSpan(this.#otelSpan, span)
    span.finish(scope.clock.nowMs())
    scope.exporter.export(span, { security: this.#hasEvent || this.stopped || found })
  }

  #inspect(inspection: Inspection, addresses: Addresses, hit?: DenylistHit): boolean {
    const action = inspection.run(addresses, hit)
    return action === undefined ? false : this.block(action)
  }

  #write(http: { request: HttpRequest; response: HttpResponse }, action: BlockAction): void {
    const accept = http.request.headers['accept']
    this.#answer(http, blockReply(action, this.scope.pages, Array.isArray(accept) ? accept.join(',') : accept))
  }

  #answer(http: { request: HttpRequest; response: HttpResponse }, reply: Reply): void {
    const headers = { ...this.framework.headers(this), ...this.head?.headers }
    // What the app was about to say was never sent, and is not to be reported.
    if (writeReply({ ...http, headers }, reply)) this.head = headOf(reply)
    else this.#couldNotBlock()
  }

  /** A login failed: how the app answered is what a stealth block will look like. */
  #learnFailure(request: HttpRequest, response: HttpResponse, body: CapturedBody): void {
    this.scope.stealth.learn({
      place: placeOf(request),
      login: this.tag(FAILED_LOGIN) ?? this.inspection?.failedLogin ?? '',
      status: response.statusCode,
      headers: { ...this.framework.headers(this), ...this.head?.headers },
      body: body.text,
      latencyMs: this.scope.clock.nowMs() - this.span.startMs,
    })
  }

  #couldNotBlock(): false {
    this.span.setMetric(tag.appsecBlockFailed, 1)
    this.span.tags.delete(tag.appsecBlocked)
    this.scope.blockFailed()
    return false
  }

  /** Runs what no stage saw, for the record: the answer is out, so nothing can be blocked any more. */
  #lookBack(leftovers: NonNullable<FrameworkEnd['leftovers']>): void {
    const { inspection } = this
    if (inspection === undefined || this.stopped) return
    const unseen: Record<string, unknown> = {}
    for (const stage of Object.keys(leftovers) as Stage[]) {
      const value = leftovers[stage]
      if (isEmpty(value) || this.#offered?.[stage] === value || !inspection.knows(stageAddress[stage])) continue
      unseen[stageAddress[stage]] = value
    }
    if (Object.keys(unseen).length > 0) inspection.run(unseen)
  }
}

/** The head of a reply of our own. */
function headOf({ status, headers }: Reply): ResponseHead {
  return { status, headers, header: (name) => headers[name] }
}

/** Method and path of a request, without its query. */
function placeOf(request: HttpRequest & { readonly originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? '/'
  const mark = url.indexOf('?')
  return `${request.method} ${mark < 0 ? url : url.slice(0, mark)}`
}

/** Opens the record of a request, and closes it when its response ends in whatever way. */
export function openRequest(
  scope: RequestScope,
  framework: Framework,
  request: HttpRequest,
  response: HttpResponse,
): InboundRequest {
  const record = new InboundRequest(scope, framework, request, response)
  // Follows `finish` where there is one, and comes alone when the client goes away.
  response.on('close', () => record.finish())
  return record
}
