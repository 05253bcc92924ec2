import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { portcullis } from '../../../src/express.ts'
import type { Tracer } from '../../../src/index.ts'
import { addPassportRoutes } from './passport-routes.ts'

const load = createRequire(import.meta.url)
const cookieParser = load('cookie-parser') as () => RequestHandler
const session = load('express-session') as (options: object) => RequestHandler
const multer = load('multer') as () => { any(): RequestHandler }

/** A service that calls every Datadog name. */
export async function openApp(tracer: Tracer): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { appsec } = tracer
  const user = { id: 'u1', email: 'e@example.com' }
  const app = express()
  app.use(portcullis())
  app.use(cookieParser(), express.json(), express.urlencoded({ extended: true }), express.text())
  app.all('/ok', (_request, response) => void response.json({ ok: true }))
  app.get('/users/:id', (_request, response) => void response.send('user'))
  app.get('/leak', (_request, response) => void response.set('x-secret', 'stop-response').send('secret'))
  app.get('/teapot', (_request, response) => void response.status(418).send('tea'))
  app.get('/set-user', (_request, response) => {
    appsec.setUser({ ...user, nothing: undefined, session_id: 's9' })
    response.send('set')
  })
  app.get('/is-blocked', (request, response) => {
    response.send(String(appsec.isUserBlocked({ id: request.query['id'] as string })))
  })
  app.get('/block', () => void appsec.blockRequest())
  app.get('/late', (request, response) => {
    response.write('x')
    appsec.blockRequest(request, response)
    response.end('y')
  })
  app.get('/v1-success', (_request, response) => {
    appsec.trackUserLoginSuccessEvent(user, { a: { b: [1, null, undefined] } })
    response.send('done')
  })
  app.get('/v1-failure', (_request, response) => {
    appsec.trackUserLoginFailureEvent('u1', true, { k: 1 })
    response.send('done')
  })
  app.get('/v2-success', (_request, response) => {
    appsec.eventTrackingV2.trackUserLoginSuccess('log', { id: 'u1', n: { o: 1 } }, { k: 'v' })
    response.send('done')
  })
  app.get('/v2-failure', (_request, response) => {
    appsec.eventTrackingV2.trackUserLoginFailure('log', false, { k: 'v' })
    response.send('done')
  })
  app.get('/v2-mallory', (_request, response) => {
    appsec.eventTrackingV2.trackUserLoginSuccess('mallory')
    response.send('logged in')
  })
  app.get('/custom', (_request, response) => {
    appsec.trackCustomEvent('my.event', { k: 'v' })
    response.send('done')
  })
  app.post('/call', (request, response) => {
    const returned = (request.body as unknown[][]).map(([name, ...all]) => callByName(appsec, String(name), all))
    if (!response.headersSent) response.json(returned)
  })
  app.get('/block-given', (request, response) => void appsec.blockRequest(request, response))
  app.get('/goes-on', (request, response) => {
    appsec.blockRequest(request, response)
    response.setHeader('x-late', 'v')
    response.status(200).json({ late: true })
  })
  app.get('/leak-across', (_request, response) => {
    response.set({ 'access-control-allow-origin': 'https://app.example', vary: 'Origin', 'x-secret': 'stop-response' })
    response.send('secret')
  })
  app.get('/languages', (_request, response) => {
    response.set({ 'content-language': 'de', 'content-encoding': 'identity', 'x-other': '1', 'set-cookie': 'a=b' })
    response.send('hallo')
  })
  app.post('/upload', multer().any(), (_request, response) => void response.send('up'))
  app.post('/parses-itself', (request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => {
      request.body = JSON.parse(text)
      response.send('parsed')
    })
  })
  const genid = (request: IncomingMessage): unknown => request.headers['x-session']
  const options = { secret: 's', resave: false, saveUninitialized: true, genid }
  app.get('/sessions/me', session(options), (_request, response) => void response.send('me'))
  const mounted = express.Router({ mergeParams: true })
  mounted.get('/b/:b', (_request, response) => void response.send('mounted'))
  app.use('/mount/:m', mounted)
  addPassportRoutes(app, tracer)
  // Nothing outside can see a router that is called in a closure.
  const inner = express.Router()
  inner.get('/inner/:id', (_request, response) => void response.send('inner'))
  app.use((request, response, next) => void inner(request, response, next))
  app.use('/refused', () => {
    throw new RangeError('out of range')
  })
  app.use(((error, _request, response, next) => {
    if (error instanceof RangeError) response.status(400).send('refused')
    else next(error)
  }) satisfies ErrorRequestHandler)
  app.use('/throws', () => {
    throw new TypeError('broken')
  })
  app.get('/last', (_request, response) => void response.send('last'))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function callByName(appsec: Tracer['appsec'], name: string, all: readonly unknown[]): unknown {
  const [first = '', second] = name.split('.')
  const owner: unknown = second === undefined ? appsec : Reflect.get(appsec, first)
  const method: unknown = Reflect.get(owner as object, second ?? first)
  return (method as (...given: readonly unknown[]) => unknown)(...all)
}
