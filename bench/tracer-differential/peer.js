import { fork } from 'node:child_process'
import { Agent, createServer, request as sendRequest } from 'node:http'
import { unpack, Unpackr } from 'msgpackr'

const SERVICE = new URL('service.cjs', import.meta.url)
const ANSWER_TIMEOUT_MS = 10_000
const SPANS_TIMEOUT_MS = 15_000

const traces = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' })
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))

/** The service on one of the tracers in a process of its own, and the agent it ships to. */
export async function startPeer(tracer, environment) {
  const spans = []
  let arrived = () => {}
  const agent = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      response.setHeader('content-type', 'application/json')
      if (request.url.endsWith('/v0.4/traces')) {
        // The service-entry span of each trace.
        spans.push(
          ...traces
            .unpack(body)
            .flat()
            .filter(({ type }) => type === 'web'),
        )
        arrived()
      }
      return response.end('{"rate_by_service":{}}')
    })
  })
  const agentPort = await listen(agent)
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:DD|OTEL)_/.test(name))
  const child = fork(SERVICE, [tracer], {
    env: { ...Object.fromEntries(inherited), ...environment, DD_TRACE_AGENT_URL: `http://127.0.0.1:${agentPort}` },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaints = ''
  child.stderr.on('data', (text) => (complaints = (complaints + text).slice(-4_000)))
  const port = await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message.port))
    child.once('exit', (code) => reject(new Error(`${tracer} ended with ${code} before it listened: ${complaints}`)))
  })
  let ended
  child.once('exit', (code, signal) => {
    ended = new Error(`${tracer} ended with ${code ?? signal}: ${complaints}`)
    arrived()
  })
  const connections = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    send: (request) => send(request, { port, agent: connections }),
    /** The spans of the next `count` requests by the value of their header `x-case`. */
    async take(count) {
      const deadline = AbortSignal.timeout(SPANS_TIMEOUT_MS)
      while (spans.length < count && !deadline.aborted && ended === undefined) {
        await new Promise((resolve) => {
          arrived = resolve
          deadline.onabort = resolve
        })
      }
      if (ended !== undefined) throw ended
      return new Map(spans.splice(0).map((span) => [span.meta.case, readSpan(span)]))
    },
    async stop() {
      connections.destroy()
      if (ended === undefined) {
        const gone = new Promise((resolve) => child.once('exit', resolve))
        child.disconnect()
        await gone
      }
      agent.closeAllConnections()
      await new Promise((resolve) => agent.close(resolve))
    },
  }
}

function send({ method, target, headers, body }, to) {
  return new Promise((resolve) => {
    const options = { ...to, host: '127.0.0.1', method, path: target, headers: headers.flat(), setHost: false }
    const sent = sendRequest(options, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('close', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode, headers: response.headers, body: text, whole: response.complete })
      })
    })
    sent.setTimeout(ANSWER_TIMEOUT_MS, () => sent.destroy(new Error('no answer')))
    sent.on('error', (error) => resolve({ status: 0, headers: {}, body: error.message, whole: false }))
    sent.end(body)
  })
}

function readSpan({ meta, metrics, meta_struct: structs = {}, ...span }) {
  const read = Object.entries(structs).map(([name, bytes]) => [name, unpack(bytes)])
  return { ...span, meta, metrics, structs: Object.fromEntries(read) }
}
