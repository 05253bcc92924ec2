import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { portcullis } from '../../../src/express.ts'
import type { Tracer } from '../../../src/index.ts'

const cookieParser = createRequire(import.meta.url)('cookie-parser') as () => RequestHandler

/** A service that calls every Datadog name. */
export async function openApp({ appsec }: Tracer): Promise<{ readonly url: string; close(): Promise<void> }> {
  const user = { id: 'u1', email: 'e@example.com' }
  const app = express()
  app.use(portcullis())
  app.use(cookieParser(), express.json())
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
