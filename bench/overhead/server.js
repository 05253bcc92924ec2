// One variant of one framework: answers requests, and tells its CPU time when asked.
// Arguments: framework (express | fastify), variant (bare | portcullis | portcullis-no-waf | dd-trace | dd-trace-appsec), agent address.
import { createRequire } from 'node:module'

const [framework, variant, agentUrl] = process.argv.slice(2)
const load = createRequire(import.meta.url)
const appsec = variant === 'dd-trace-appsec'

if (variant.startsWith('dd-trace')) {
  process.env.DD_TRACE_AGENT_URL = agentUrl
  process.env.DD_INSTRUMENTATION_TELEMETRY_ENABLED = 'false'
  process.env.DD_REMOTE_CONFIGURATION_ENABLED = 'false'
  process.env.DD_APPSEC_ENABLED = String(appsec)
  load('dd-trace').init({ startupLogs: false })
}

let portcullis
if (variant.startsWith('portcullis')) {
  const { start } = await import('../../dist/index.js')
  const appsecEnabled = variant !== 'portcullis-no-waf'
  start({ agentUrl, appsecEnabled, remoteConfigEnabled: false, rulesFile: process.env.BENCH_RULES ?? '' })
  portcullis = (await import(`../../dist/${framework}.js`)).portcullis
}

const login = ({ login, password }) => ({ ok: password === `right-${login}` })

async function open() {
  if (framework === 'express') {
    const express = load('express')
    const app = express()
    if (portcullis) app.use(portcullis())
    app.get('/users/:id', (request, response) => response.json({ id: request.params.id, name: 'Ada' }))
    app.post('/login', express.json(), (request, response) => response.json(login(request.body)))
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port))
    })
  }
  const app = load('fastify')()
  if (portcullis) app.register(portcullis)
  app.get('/users/:id', async (request) => ({ id: request.params.id, name: 'Ada' }))
  app.post('/login', async (request) => login(request.body))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server.address().port
}

const port = await open()
process.on('message', () => process.send({ cpu: process.cpuUsage() }))
process.on('disconnect', () => process.exit())
process.send({ port })
