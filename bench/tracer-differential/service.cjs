// The compared service: an Express app on one of the two tracers, which makes the calls that a request asks for.
// Arguments: tracer (portcullis | dd-trace). Settings come from `DD_*` variables alone, so both read the same.

// CommonJS, since the hooks of dd-trace need it on this Node.
const [tracerName] = process.argv.slice(2)

async function load() {
  if (tracerName === 'dd-trace') {
    const { appsec } = require('dd-trace').init({ startupLogs: false })
    return { appsec, use: (app) => app, wrapPassport: (passport) => passport }
  }
  const { start } = await import('../../dist/index.js')
  const { portcullis } = await import('../../dist/express.js')
  const { wrapPassport } = await import('../../dist/passport.js')
  const { appsec } = start({ logger: { warn() {} } })
  return { appsec, use: (app) => app.use(portcullis()), wrapPassport }
}

/** What JSON cannot say, by its name in a script. */
const odd = {
  $undefined: () => undefined,
  $nan: () => Number.NaN,
  $date: () => new Date(0),
  $map: () => new Map([['a', 1]]),
  $bigint: () => 12345678901234567890n,
  $function: () => function named() {},
  $inherits: () => Object.create({ id: 'inherited' }, { own: { value: 1, enumerable: true } }),
  $stringable: () => ({ toString: () => 'spoken' }),
  $hidden: () => Object.defineProperty({ shown: 1 }, 'id', { value: 'hidden' }),
  $buffer: () => Buffer.from('ab'),
  $boxed: () => new String('boxed'),
}
const read = (value) => {
  if (typeof value === 'string') return Object.hasOwn(odd, value) ? odd[value]() : value
  if (Array.isArray(value)) return value.map(read)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, read(one)]))
}

function scripted(appsec) {
  const calls = {
    setUser: (user) => appsec.setUser(user),
    isUserBlocked: (user) => appsec.isUserBlocked(user),
    blockRequest: () => appsec.blockRequest(),
    trackUserLoginSuccessEvent: (...all) => appsec.trackUserLoginSuccessEvent(...all),
    trackUserLoginFailureEvent: (...all) => appsec.trackUserLoginFailureEvent(...all),
    trackCustomEvent: (...all) => appsec.trackCustomEvent(...all),
    success: (...all) => appsec.eventTrackingV2.trackUserLoginSuccess(...all),
    failure: (...all) => appsec.eventTrackingV2.trackUserLoginFailure(...all),
  }
  const own = {
    blockGiven: (request, response) => appsec.blockRequest(request, response),
    header: (_request, response, name, value) => void response.setHeader(name, value),
    status: (_request, response, status) => void response.status(status),
    // After the end it would be an error that nobody catches.
    write: (_request, response, text) => void (response.writableEnded || response.write(text)),
    later: () => new Promise(setImmediate),
    ended: (_request, response) => new Promise((resolve) => response.end('ended', resolve)),
  }
  return async (request, response, next) => {
    const script = request.get('x-script')
    if (script === undefined) return next()
    const returned = []
    for (const [name, ...given] of JSON.parse(Buffer.from(script, 'base64url').toString())) {
      try {
        const all = given.map(read)
        returned.push(await (Object.hasOwn(own, name) ? own[name](request, response, ...all) : calls[name](...all)))
      } catch (error) {
        returned.push(`threw ${error.message}`)
      }
    }
    if (!response.headersSent) response.set('x-returned', JSON.stringify(returned))
    return response.writableEnded ? undefined : next()
  }
}

const accounts = {
  alice: { id: 'u1' },
  numbers: { _id: 42 },
  listed: { id: 'blocked-user' },
  mail: { email: 'm@example.com', name: 'm' },
  empty: {},
  text: 'just-text',
  objects: { id: {}, username: 'after-an-object' },
  null: { id: null, login: 'l' },
  zero: { id: 0, email: 'zero@example.com' },
  class: new (class Account {
    id = 'of-a-class'
  })(),
}
function verify(login, password, done) {
  if (login === 'broken') return done(new Error('the database is away'))
  if (login === 'later') return setImmediate(done, null, password === 'right' && { id: 'later-id' })
  return done(null, password === 'right' && (Object.hasOwn(accounts, login) ? accounts[login] : false))
}

function addPassport(app, { appsec, wrapPassport }) {
  const { Passport } = require('passport')
  const { Strategy: Local } = require('passport-local')
  const { BasicStrategy: Basic } = require('passport-http')
  const passport = wrapPassport(new Passport())
  passport.use(new Local(verify))
  passport.use(new Basic(verify))
  const passRequest = { passReqToCallback: true }
  passport.use('request', new Local(passRequest, (_request, ...all) => verify(...all)))
  passport.use(
    'told',
    new Local(passRequest, (_request, login, password, done) => {
      if (password === 'right') appsec.eventTrackingV2.trackUserLoginSuccess(`told-${login}`, { id: 'told-u1' })
      else appsec.eventTrackingV2.trackUserLoginFailure(`told-${login}`, true)
      verify(login, password, done)
    }),
  )
  passport.deserializeUser((name, done) => done(null, Object.hasOwn(accounts, name) ? accounts[name] : false))
  const loggedIn = (_request, response) => response.send('in')
  for (const strategy of ['local', 'request', 'told']) {
    app.post(`/passport/${strategy}`, passport.authenticate(strategy, { session: false }), loggedIn)
  }
  app.get('/passport/basic', passport.authenticate('basic', { session: false }), loggedIn)
  app.get(
    '/passport/session/:name',
    (request, _response, next) => {
      request.session = { passport: { user: request.params.name } }
      next()
    },
    passport.session(),
    (request, response) => response.send(typeof request.user),
  )
}

async function open() {
  const tracer = await load()
  const express = require('express')
  const app = express()
  tracer.use(app)
  app.use(require('cookie-parser')(), express.json(), express.urlencoded({ extended: true }), express.text())
  app.use(require('multer')().any())
  app.use(scripted(tracer.appsec))
  app.all('/ok', (_request, response) => response.json({ ok: true }))
  app.get('/users/:id', (_request, response) => response.send('user'))
  app.get('/leak', (_request, response) => response.set('x-secret', 'stop-response').send('secret'))
  app.get('/teapot', (_request, response) => response.status(418).send('tea'))
  app.get('/away', (_request, response) => response.redirect('/ok'))
  app.get('/languages', (_request, response) =>
    response
      .set({ 'content-language': 'de', 'content-encoding': 'identity', 'x-other': '1', 'set-cookie': ['a=b', 'c=d'] })
      .send('hallo'),
  )
  app.get('/pieces', (_request, response) => {
    response.write('one ')
    response.end('two')
  })
  app.post('/login', (request, response) => response.status(401).json({ fields: Object.keys(request.body ?? {}) }))
  const genid = (request) => request.headers['x-session'] ?? 'a-session'
  const session = require('express-session')({ secret: 's', resave: false, saveUninitialized: true, genid })
  app.get('/sessions/me', session, (_request, response) => response.send('me'))
  const mounted = express.Router({ mergeParams: true })
  mounted.get('/b/:b', (_request, response) => response.send('mounted'))
  app.use('/mount/:m', mounted)
  addPassport(app, tracer)
  app.get('/throws', () => {
    throw new TypeError('broken')
  })
  // Fewer words than the default handler, which names the place of the error.
  app.use((error, _request, response, _next) => response.status(error.status ?? 500).send(error.message))
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port))
    server.keepAliveTimeout = 72_000
  })
}

process.on('disconnect', () => process.exit())
open().then((port) => process.send({ port }))
