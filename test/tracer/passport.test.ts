import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { portcullis } from '../../src/express.ts'
import { trackLoginSuccess } from '../../src/index.ts'
import { wrapPassport, wrapStrategy, wrapVerify } from '../../src/passport.ts'
import {
  expectLoginFailure,
  expectLoginSuccess,
  expectNoLogin,
  startTestTracer,
  type TestTracer,
} from '../../src/testing.ts'
import { eventually } from '../support/eventually.ts'

// Passport, its strategies and express-session are CommonJS without types.
const require = createRequire(import.meta.url)
type Done = (error: unknown, user?: unknown) => void
interface Passport {
  use(...all: unknown[]): Passport
  authenticate(name: string, options?: object): express.RequestHandler
  session(): express.RequestHandler
  serializeUser(run: (user: { id: string }, done: Done) => void): void
  deserializeUser(run: (id: string, done: Done) => void): void
}
const session = require('express-session') as (options: object) => express.RequestHandler
const { Passport } = require('passport') as { Passport: new () => Passport }
const { Strategy: LocalStrategy } = require('passport-local') as { Strategy: new (...all: unknown[]) => object }
const { BasicStrategy } = require('passport-http') as { BasicStrategy: new (...all: unknown[]) => object }

const accounts = new Map([['alice', { id: 'u1', password: 'right' }]])

function verify(login: string, password: string, done: Done): void {
  const account = accounts.get(login)
  setImmediate(() => done(null, account?.password === password ? { id: account.id } : false))
}
const exists = (login: string): boolean => accounts.has(login)

let tracer: TestTracer
let cleanup: () => Promise<unknown>

beforeEach(() => {
  tracer = startTestTracer()
  cleanup = () => Promise.resolve()
})
afterEach(async () => {
  await cleanup()
  await tracer.stop()
})

async function serve(passport: Passport, strategy: string, after?: express.RequestHandler): Promise<string> {
  const app = express()
  app.use(portcullis())
  app.use(express.urlencoded())
  app.use(session({ secret: 's', resave: false, saveUninitialized: false }))
  app.use(passport.session())
  app.post(
    '/login',
    passport.authenticate(strategy),
    ...(after ? [after] : []),
    (_request, response) => void response.send('in'),
  )
  app.get('/me', (request, response) => void response.json((request as { user?: unknown }).user ?? null))
  const server = app.listen(0, '127.0.0.1')
  cleanup = () => new Promise((resolve) => server.close(resolve))
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function login(url: string, name: string, password: string): Promise<Response> {
  const before = tracer.spans.length
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: name, password }),
    headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`, connection: 'close' },
  })
  await response.text()
  await eventually(() => tracer.spans.length > before, { says: 'the span' })
  return response
}

function sessions(passport: Passport): Passport {
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, { id }))
  return passport
}

const ways: { readonly says: string; readonly strategy: string; readonly make: () => Passport }[] = [
  {
    says: 'a Passport instance, wrapped before it has strategies',
    strategy: 'local',
    make: () => wrapPassport(new Passport(), { exists }).use(new LocalStrategy(verify)),
  },
  {
    says: 'a Passport instance, wrapped afterwards',
    strategy: 'local',
    make: () => wrapPassport(new Passport().use(new LocalStrategy(verify)), { exists }),
  },
  {
    says: 'a Passport instance, wrapped twice',
    strategy: 'basic',
    make: () => wrapPassport(wrapPassport(new Passport().use(new BasicStrategy(verify)), { exists }), { exists }),
  },
  {
    says: 'one strategy under a name of its own',
    strategy: 'customers',
    make: () => new Passport().use('customers', wrapStrategy(new LocalStrategy(verify), { exists })),
  },
  {
    says: 'one strategy that passes the request',
    strategy: 'local',
    make: () =>
      new Passport().use(
        wrapStrategy(
          new LocalStrategy(
            { passReqToCallback: true },
            (_request: unknown, name: string, password: string, done: Done) => verify(name, password, done),
          ),
          { exists },
        ),
      ),
  },
  {
    says: 'one verify callback',
    strategy: 'basic',
    make: () => new Passport().use(new BasicStrategy(wrapVerify(verify, { strategy: 'basic', exists }))),
  },
]

test.each(ways)('$says tells of logins', async ({ strategy, make }) => {
  const url = await serve(sessions(make()), strategy)
  expect((await login(url, 'alice', 'right')).status).toBe(200)
  const span = expectLoginSuccess(tracer.spans, { login: 'alice', userId: 'u1' })
  expect(span.meta).toMatchObject({
    '_dd.appsec.events.users.login.success.auto.mode': 'identification',
    '_dd.appsec.usr.login': 'alice',
    '_dd.appsec.usr.id': 'u1',
    'usr.id': 'u1',
  })
  expect(span.metrics['_sampling_priority_v1']).toBe(2)
  expect((await login(url, 'alice', 'wrong')).status).toBe(401)
  expectLoginFailure(tracer.spans, { login: 'alice', exists: true })
  await login(url, 'nobody', 'x')
  expectLoginFailure(tracer.spans, { login: 'nobody', exists: false })
  expect(tracer.spans).toHaveLength(3)
})

test('every way ran', () => expect(ways).toHaveLength(6))

test('the user of a session is told on later requests, and is no login', async () => {
  const url = await serve(sessions(wrapPassport(new Passport()).use(new LocalStrategy(verify))), 'local')
  const response = await login(url, 'alice', 'right')
  tracer.clear()
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  const me = await fetch(`${url}/me`, { headers: { cookie, connection: 'close' } })
  expect(await me.json()).toEqual({ id: 'u1' })
  const span = await eventually(() => tracer.spans[0], { says: 'the span' })
  expect(span.meta).toMatchObject({
    'usr.id': 'u1',
    '_dd.appsec.usr.id': 'u1',
    '_dd.appsec.user.collection_mode': 'identification',
  })
  expectNoLogin(tracer.spans)
})

test('what the service says itself stands', async () => {
  const passport = sessions(wrapPassport(new Passport()).use(new LocalStrategy(verify)))
  const url = await serve(passport, 'local', (_request, _response, next) => {
    trackLoginSuccess('told', 'told-id')
    next()
  })
  await login(url, 'alice', 'right')
  const span = expectLoginSuccess(tracer.spans, { login: 'told', userId: 'told-id' })
  expect(span.meta).toMatchObject({ 'usr.id': 'told-id', '_dd.appsec.usr.id': 'u1', '_dd.appsec.usr.login': 'alice' })
})

test('names are hashed, or nothing is told, as the setting says', async () => {
  await tracer.stop()
  tracer = startTestTracer({ autoUserMode: 'anonymization' })
  const url = await serve(sessions(wrapPassport(new Passport()).use(new LocalStrategy(verify))), 'local')
  await login(url, 'test', 'x')
  expectLoginFailure(tracer.spans, { login: 'anon_9f86d081884c7d659a2feaa0c55ad015' })
  await cleanup()
  await tracer.stop()
  tracer = startTestTracer({ autoUserMode: 'disabled' })
  const silent = await serve(sessions(wrapPassport(new Passport()).use(new LocalStrategy(verify))), 'local')
  await login(silent, 'test', 'x')
  expectNoLogin(tracer.spans)
})
