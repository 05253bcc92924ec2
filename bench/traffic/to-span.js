import { ServerResponse } from 'node:http'
import { datadogFormat } from '../../dist/tracer/export/datadog-format.js'
import { within } from '../../dist/tracer/active-request.js'
import { openRequest } from '../../dist/tracer/request.js'
import { runningTracer, start } from '../../dist/tracer/start.js'

const proxy = '10.0.0.7'
const path = '/api/login'
/** How long an app takes to answer a login, on average: a password hash is slow on purpose. */
const answerMs = 80
const framework = {
  name: 'express',
  spanName: 'express.request',
  headers: () => ({}),
  release: () => {},
  end: () => ({ route: path }),
}

/**
 * Turns events into the spans that our tracer ships for them: each event is a request that the built tracer handles, as
 * behind a load balancer, with the app calling the login SDK. So all tags are the tracer's own, fingerprints included.
 * One at a time in a process, since a process has one tracer. `toSpan` moves an event by `shiftMs`.
 * @param {{ service?: string, env?: string, reportsExists?: boolean }} options `reportsExists` false: an app that does not
 *   say whether an account exists
 */
export function createTracedService({ service = 'shop', env = 'prod', reportsExists = true } = {}) {
  let nowMs = 0
  let finished
  const exporter = {
    export: (span) => (finished = span),
    flush: async () => {},
    stop: async () => {},
    stats: { accepted: 0, sent: 0, queued: 0, dropped: { queue_full: 0, refused: 0, expired: 0 } },
  }
  const clock = { nowMs: () => nowMs, after: () => () => {} }
  start(
    {
      service,
      env,
      version: '4.2.0',
      appsecEnabled: true,
      remoteConfigEnabled: false,
      trustedProxies: [`${proxy}/32`],
    },
    { clock, exporter, environment: {} },
  )
  const { scope, login, stop } = runningTracer()
  const { encode, body, headers } = datadogFormat({ tracerVersion: '0.1.0', nodeVersion: process.version.slice(1) })

  function toSpan(event, shiftMs = 0) {
    nowMs = event.atMs + shiftMs
    const request = requestOf(event)
    const response = new ServerResponse(request)
    const record = openRequest(scope, framework, request, response)
    record.start(undefined)
    within(record, () => {
      record.offer('body', { email: event.login, password: 'hidden' })
      if (event.outcome === 'success') login.trackLoginSuccess(event.login, event.userId)
      else if (reportsExists) login.trackLoginFailure(event.login, event.exists)
      else login.appsec.trackCustomEvent('users.login.failure', { 'usr.login': event.login })
    })
    response.statusCode = event.outcome === 'success' ? 200 : 401
    response.setHeader('content-type', 'application/json; charset=utf-8')
    response.end(event.outcome === 'success' ? '{"ok":true}' : '{"error":"Wrong email or password"}')
    nowMs += answerMs
    record.finish()
    return finished
  }

  return {
    toSpan,
    /** A body of `PUT /v0.4/traces` with these spans, and its headers. */
    payload: (spans) => ({ body: body(spans.map(encode)), headers: headers(spans.length) }),
    stop,
  }
}

/** The request as it comes in behind a load balancer that adds what it knows in front. */
function requestOf({ ip, headers }) {
  const all = [
    ['x-forwarded-for', ip],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-port', '443'],
    ['host', 'shop.example'],
    ...headers,
  ]
  const table = {}
  for (const [name, value] of all) table[name.toLowerCase()] = value
  return {
    method: 'POST',
    url: path,
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: table,
    rawHeaders: all.flat(),
    socket: { remoteAddress: proxy },
  }
}
