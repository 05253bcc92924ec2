// A service under the tracer that knows what is still in memory of the requests it has answered.
// Arguments: framework (express | fastify), agent address. Needs --expose-gc and the build.
import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { requestOf } from '../../dist/tracer/active-request.js'
import { start, stop, trackLoginFailure, trackLoginSuccess } from '../../dist/index.js'

const [framework, agentUrl] = process.argv.slice(2)
const load = createRequire(import.meta.url)
const rulesFile = fileURLToPath(new URL('rules.json', import.meta.url))
const tracer = start({
  agentUrl,
  appsecEnabled: true,
  remoteConfigEnabled: false,
  rulesFile,
  traceRateLimit: 1_000_000,
  exitTimeoutMs: 60_000, // so that a busy machine, too, has sent every span before what is left is measured
})
const { portcullis } = await import(`../../dist/${framework}.js`)

/** Requests, responses and the tracer's records of them that were not collected yet, by what they are. */
const held = {}
const collected = new FinalizationRegistry((what) => {
  held[what] -= 1
  if (held[what] === 0) delete held[what]
})
function watch(what, object) {
  held[what] = (held[what] ?? 0) + 1
  collected.register(object, what)
}

function watchRequests(server) {
  server.prependListener('request', (request, response) => {
    watch('request', request)
    watch('response', response)
    response.once('close', () => watch('record', requestOf(response)))
  })
}

function login({ login, password }) {
  return password === 'right' ? trackLoginSuccess(login, { id: `id-${login}` }) : trackLoginFailure(login, true)
}

/** Begins to answer, and goes on until the client has gone. */
function drip(response) {
  response.writeHead(200)
  response.write('some')
}

async function openExpress() {
  const express = load('express')
  const app = express()
  app.set('env', 'test') // it writes errors to stderr otherwise
  app.use(portcullis())
  app.use(express.json())
  app.get('/users/:id', (request, response) => response.json({ id: request.params.id }))
  app.get('/secret', (_request, response) => response.set('x-secret', 'stop-response').send('secret'))
  app.get('/drip', (_request, response) => drip(response))
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.post('/login', (request, response) => {
    const decision = login(request.body)
    if (decision.blocked) return decision.respond()
    return response.status(request.body.password === 'right' ? 200 : 401).json({})
  })
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server))
  })
}

async function openFastify() {
  const app = load('fastify')()
  app.register(portcullis)
  app.get('/users/:id', async (request) => ({ id: request.params.id }))
  app.get('/secret', (_request, reply) => reply.header('x-secret', 'stop-response').send('secret'))
  app.get('/drip', (_request, reply) => {
    reply.hijack()
    drip(reply.raw)
  })
  app.get('/broken', async () => {
    throw new Error('broken')
  })
  app.post('/login', (request, reply) => {
    const decision = login(request.body)
    if (decision.blocked) {
      decision.respond()
      return reply
    }
    return reply.code(request.body.password === 'right' ? 200 : 401).send({})
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

/**
 * What is still held is looked for in so many collections and for so long. A timer keeps what it was set in the course
 * of, and Node's own of the `date` header lasts a second.
 */
const LEAST_COLLECTIONS = 5
const MOST_COLLECTIONS = 50
const LOOKED_FOR_MS = 3_000

/** What stays when every request is over, its spans are sent and its sockets closed. */
async function measure() {
  await tracer.flush()
  const deadline = performance.now() + LOOKED_FOR_MS
  for (let round = 0; round < MOST_COLLECTIONS || performance.now() < deadline; round++) {
    globalThis.gc()
    await turn()
    if (round >= LEAST_COLLECTIONS && Object.keys(held).length === 0) break
  }
  const handles = {}
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1
  return { held, handles, heapBytes: process.memoryUsage().heapUsed }
}

const server = await (framework === 'express' ? openExpress() : openFastify())
// On a busy machine any of these times passes between two requests of a connection, or within one.
server.keepAliveTimeout = 600_000
server.headersTimeout = 0
server.requestTimeout = 0
watchRequests(server)
process.on('message', async () => process.send(await measure()))
process.on('disconnect', async () => {
  await stop()
  process.exit()
})
process.send({ port: server.address().port })
