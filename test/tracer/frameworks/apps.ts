import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import express5, { type RequestHandler } from 'express'
import fastify5, { type FastifyInstance } from 'fastify'
import fastify4 from 'fastify4'
import { portcullis } from '../../../src/express.ts'
import { portcullis as plugin } from '../../../src/fastify.ts'
import { setUser, trackLoginFailure, trackLoginSuccess, type LoginDecision } from '../../../src/index.ts'

const load = createRequire(import.meta.url)
const cookieParser = load('cookie-parser') as () => RequestHandler
/** Express 4, with the types of 5: the service uses what both have. */
const express4 = load('express4') as typeof express5

/** The same small service on one framework. `ran` gathers the names of the handlers that ran. */
export interface App {
  readonly url: string
  readonly ran: string[]
  close(): Promise<void>
}

/** What a login handler does after a decision: nothing more when it is blocked. */
function answered(decision: LoginDecision): boolean {
  if (decision.blocked) decision.respond()
  return decision.blocked
}

type Express = typeof express5

async function expressApp(express: Express): Promise<App> {
  const ran: string[] = []
  const app = express()
  app.use(portcullis())
  app.use(cookieParser())
  app.use((_request, _response, next) => {
    ran.push('middleware')
    next()
  })
  app.param('param', (_request, _response, next) => {
    ran.push('param')
    next()
  })
  app.get('/', (_request, response) => {
    ran.push('home')
    response.send('hello')
  })
  app.get('/users/:param', (request, response) => {
    ran.push('user')
    response.json({ id: request.params['param'] })
  })
  app.post('/login', express.json(), express.urlencoded({ extended: true }), (request, response) => {
    ran.push('login')
    const { login, password, known = true } = request.body as { login: string; password?: string; known?: boolean }
    const right = password === 'right'
    const decision = right ? trackLoginSuccess(login, { id: `id-of-${login}` }) : trackLoginFailure(login, known)
    if (answered(decision)) return
    response.status(right ? 200 : 401).json({ ok: right })
  })
  app.post('/text', express.text(), (_request, response) => {
    ran.push('text')
    response.send('ok')
  })
  app.get('/me', (_request, response) => {
    ran.push('me')
    if (!answered(setUser({ id: '7', session_id: 's1' }))) response.send('me')
  })
  app.get('/leak', (_request, response) => {
    ran.push('leak')
    response.setHeader('x-secret', 'stop-response')
    response.setHeader('access-control-allow-origin', 'https://app.example')
    response.send('secret')
  })
  app.get('/status/:code', (request, response) => {
    ran.push('status')
    response.status(Number(request.params['code'])).send('body')
  })
  app.get('/stream', (_request, response) => {
    ran.push('stream')
    response.write('one')
    response.write('two')
    response.end('three')
  })
  app.get('/endless', (_request, response) => {
    response.write('begin')
  })
  app.get('/held', () => {})
  app.get('/boom', () => {
    ran.push('boom')
    throw new Error('it broke')
  })
  const router = express.Router({ mergeParams: true })
  router.post('/items/:item', express.json(), (_request, response) => {
    ran.push('item')
    response.send('item')
  })
  app.use('/tenants/:tenant', router)
  const mounted = express()
  mounted.use(express.json())
  mounted.post('/echo', (_request, response) => {
    ran.push('mounted')
    response.send('echo')
  })
  app.use('/mounted', mounted)
  app.use(
    (
      _error: Error,
      _request: unknown,
      response: { status(code: number): { send(body: string): void } },
      _next: unknown,
    ) => {
      ran.push('error')
      response.status(500).send('sorry')
    },
  )
  const server = createServer(app)
  return served(server, ran)
}

async function served(server: Server, ran: string[]): Promise<App> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    ran,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function fastifyApp(create: () => FastifyInstance): Promise<App> {
  const ran: string[] = []
  const app = create()
  void app.register(plugin as never)
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
  app.decorateRequest('cookies', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const header = request.headers.cookie
    const cookies = header?.split('; ').map((pair) => pair.split('=') as [string, string])
    Object.assign(request, { cookies: cookies && Object.fromEntries(cookies) })
    done()
  })
  app.addHook('preHandler', (_request, _reply, done) => {
    ran.push('middleware')
    done()
  })
  app.get('/', (_request, reply) => {
    ran.push('home')
    return reply.send('hello')
  })
  app.get('/users/:param', (request, reply) => {
    ran.push('user')
    return reply.send({ id: (request.params as { param: string }).param })
  })
  app.post('/login', (request, reply) => {
    ran.push('login')
    const { login, password, known = true } = request.body as { login: string; password?: string; known?: boolean }
    const right = password === 'right'
    const decision = right ? trackLoginSuccess(login, { id: `id-of-${login}` }) : trackLoginFailure(login, known)
    if (answered(decision)) return reply
    return reply.code(right ? 200 : 401).send({ ok: right })
  })
  app.post('/text', (_request, reply) => {
    ran.push('text')
    return reply.send('ok')
  })
  app.get('/me', (_request, reply) => {
    ran.push('me')
    return answered(setUser({ id: '7', session_id: 's1' })) ? reply : reply.send('me')
  })
  app.get('/leak', (_request, reply) => {
    ran.push('leak')
    return reply
      .header('x-secret', 'stop-response')
      .header('access-control-allow-origin', 'https://app.example')
      .send('secret')
  })
  app.get('/status/:code', (request, reply) => {
    ran.push('status')
    return reply.code(Number((request.params as { code: string }).code)).send('body')
  })
  app.get('/stream', (_request, reply) => {
    ran.push('stream')
    reply.hijack()
    reply.raw.write('one')
    reply.raw.write('two')
    reply.raw.end('three')
  })
  app.get('/endless', (_request, reply) => {
    reply.hijack()
    reply.raw.write('begin')
  })
  app.get('/held', (_request, reply) => {
    reply.hijack()
  })
  app.get('/boom', () => {
    ran.push('boom')
    throw new Error('it broke')
  })
  void app.register(
    (child, _options, done) => {
      child.post('/items/:item', (_request, reply) => {
        ran.push('item')
        return reply.send('item')
      })
      done()
    },
    { prefix: '/tenants/:tenant' },
  )
  void app.register(
    (child, _options, done) => {
      child.post('/echo', (_request, reply) => {
        ran.push('mounted')
        return reply.send('echo')
      })
      done()
    },
    { prefix: '/mounted' },
  )
  app.setErrorHandler((_error, _request, reply) => {
    ran.push('error')
    return reply.code(500).send('sorry')
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, ran, close: () => app.close() }
}

/** The frameworks of the matrix, each on its majors. */
export const frameworks: Readonly<Record<string, { readonly component: string; readonly open: () => Promise<App> }>> = {
  'Express 4': { component: 'express', open: () => expressApp(express4) },
  'Express 5': { component: 'express', open: () => expressApp(express5) },
  'Fastify 4': { component: 'fastify', open: () => fastifyApp(fastify4 as unknown as () => FastifyInstance) },
  'Fastify 5': { component: 'fastify', open: () => fastifyApp(() => fastify5()) },
}
