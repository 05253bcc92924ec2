// One variant of one framework: answers requests, and tells its CPU time when asked.
// Arguments: framework (express | fastify), variant (bare | portcullis | portcullis-recommended | portcullis-no-waf |
// dd-trace | dd-trace-appsec | aikido), agent address.

// CommonJS, since Aikido's hooks need it on this Node.
const [framework, variant, agentUrl] = process.argv.slice(2)
const appsec = variant === 'dd-trace-appsec'

if (variant.startsWith('dd-trace')) {
  process.env.DD_TRACE_AGENT_URL = agentUrl
  process.env.DD_INSTRUMENTATION_TELEMETRY_ENABLED = 'false'
  process.env.DD_REMOTE_CONFIGURATION_ENABLED = 'false'
  process.env.DD_APPSEC_ENABLED = String(appsec)
  require('dd-trace').init({ startupLogs: false })
}

// Without a token it works offline: its docs, "Installation". It blocks as ours does.
if (variant === 'aikido') {
  process.env.AIKIDO_BLOCK = 'true'
  require('@aikidosec/firewall')
}

async function loadPortcullis() {
  if (!variant.startsWith('portcullis')) return undefined
  const { start } = await import('../../dist/index.js')
  const appsecEnabled = variant !== 'portcullis-no-waf'
  // The rules of the peer, so that both judge by the same; else our own.
  const rulesFile =
    variant === 'portcullis-recommended'
      ? require.resolve('dd-trace/packages/dd-trace/src/appsec/recommended.json')
      : ''
  start({ agentUrl, appsecEnabled, remoteConfigEnabled: false, rulesFile, logger: { warn() {} } })
  return (await import(`../../dist/${framework}.js`)).portcullis
}

// What an attacker reaches with `../`: the peer that judges where a file is opened has nothing to do elsewhere.
const { readFileSync } = require('node:fs')
const content = (name) => {
  try {
    return readFileSync(`/srv/portcullis-bench/${name}`, 'utf8').length
  } catch (error) {
    if (error.code === 'ENOENT') return -1
    throw error
  }
}

const login = ({ login, password }) => ({ ok: password === `right-${login}` })

async function open() {
  const portcullis = await loadPortcullis()
  if (framework === 'express') {
    const express = require('express')
    const app = express()
    if (portcullis) app.use(portcullis())
    app.get('/users/:id', (request, response) => response.json({ id: request.params.id, name: 'Ada' }))
    app.get('/files', (request, response) => response.json({ length: content(request.query.name) }))
    app.post('/login', express.json(), (request, response) => response.json(login(request.body)))
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port))
      // As Fastify has it: on a busy machine five seconds pass between two requests of a connection.
      server.keepAliveTimeout = 72_000
    })
  }
  const app = require('fastify')()
  if (portcullis) app.register(portcullis)
  app.get('/users/:id', async (request) => ({ id: request.params.id, name: 'Ada' }))
  app.get('/files', async (request) => ({ length: content(request.query.name) }))
  app.post('/login', async (request) => login(request.body))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server.address().port
}

process.on('message', () => process.send({ cpu: process.cpuUsage() }))
process.on('disconnect', () => process.exit())
open().then((port) => process.send({ port }))
