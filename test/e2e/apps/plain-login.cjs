// A service that calls no SDK at all: with dd-trace, or with our tracer from the build, as TRACER says.
const name = process.env.APP_NAME ?? 'plain-shop'
let protect = (_req, _res, next) => next()
if (process.env.TRACER === 'dd-trace') {
  require('dd-trace').init({ service: name, env: 'prod', startupLogs: false })
} else {
  const { start } = require('../../../dist/index.js')
  start({ service: name, env: 'prod' })
  protect = require('../../../dist/express.js').portcullis()
}
const express = require('express')

const app = express()
app.use(protect)
app.use(express.json())
app.post('/login', (req, res) => {
  if (req.body.password !== 'right') return res.status(401).json({ error: 'wrong' })
  res.json({ ok: true })
})
app.get('/', (_req, res) => res.send('home'))
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`))
