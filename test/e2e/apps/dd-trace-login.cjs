// A service as someone has it today: Express with dd-trace, AppSec on, the login SDK. Nothing of ours inside.
const tracer = require('dd-trace').init({
  service: process.env.APP_NAME ?? 'legacy-shop',
  env: 'prod',
  startupLogs: false,
})
const express = require('express')

const app = express()
app.use(express.json())
app.post('/login', (req, res) => {
  const { username, password } = req.body
  if (password !== 'right') {
    tracer.appsec.eventTrackingV2.trackUserLoginFailure(username, username !== 'nobody', {})
    return res.status(401).json({ error: 'wrong' })
  }
  tracer.appsec.eventTrackingV2.trackUserLoginSuccess(username, `id-${username}`, {})
  res.json({ ok: true })
})
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`))
