import { createRequire } from 'node:module'
import type { RequestHandler, Router } from 'express'
import type { Tracer } from '../../../src/index.ts'
import { wrapPassport } from '../../../src/passport.ts'

// Passport and its strategies are CommonJS without types.
const require = createRequire(import.meta.url)
type Done = (error: unknown, user?: unknown) => void
interface Passport {
  use(...all: unknown[]): Passport
  authenticate(name: string, options?: object): RequestHandler
  session(): RequestHandler
  deserializeUser(run: (name: string, done: Done) => void): void
}
const passportModule = require('passport') as { Passport: new () => Passport }
const { Strategy: Local } = require('passport-local') as { Strategy: new (...all: unknown[]) => object }
const { BasicStrategy: Basic } = require('passport-http') as { BasicStrategy: new (...all: unknown[]) => object }

const accounts = new Map<string, object>([
  ['alice', { id: 'u1' }],
  ['numbers', { _id: 42 }],
  ['listed', { id: 'blocked-user' }],
])

function verify(login: string, password: string, done: Done): void {
  if (login === 'broken') done(new Error('the database is away'))
  else done(null, password === 'right' && (accounts.get(login) ?? false))
}

/** Logins of every strategy; `told` are those whose verify callback calls the SDK itself. */
export function addPassportRoutes(app: Router, { appsec }: Tracer): void {
  const passport = wrapPassport(new passportModule.Passport())
  const passRequest = { passReqToCallback: true }
  passport.use(new Local(verify))
  passport.use(new Basic(verify))
  passport.use(
    'request',
    new Local(passRequest, (_request: unknown, login: string, password: string, done: Done) =>
      verify(login, password, done),
    ),
  )
  passport.use(
    'told',
    new Local(passRequest, (_request: unknown, login: string, password: string, done: Done) => {
      if (password === 'right') appsec.eventTrackingV2.trackUserLoginSuccess(`told-${login}`, { id: 'told-u1' })
      else appsec.eventTrackingV2.trackUserLoginFailure(`told-${login}`, true)
      verify(login, password, done)
    }),
  )
  passport.deserializeUser((name, done) => done(null, accounts.get(name) ?? false))
  const loggedIn: RequestHandler = (_request, response) => void response.send('in')
  for (const strategy of ['local', 'request', 'told']) {
    app.post(`/passport/${strategy}`, passport.authenticate(strategy, { session: false }), loggedIn)
  }
  app.get('/passport/basic', passport.authenticate('basic', { session: false }), loggedIn)
  app.get(
    '/passport/session/:name',
    (request, _response, next) => {
      Object.assign(request, { session: { passport: { user: request.params['name'] } } })
      next()
    },
    passport.session(),
    (request, response) => void response.send((request as { user?: { id: string } }).user?.id),
  )
}
