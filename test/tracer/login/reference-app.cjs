// Runs in a child process: dd-trace, the reference, tells of the calls it was sent, one case a request.
const tracer = require('dd-trace').init({ flushInterval: 50, startupLogs: false })
const express = require('express')

process.once('message', (cases) => {
  const app = express()
  app.get('/case/:n', (request, response) => {
    for (const [method, ...args] of cases[Number(request.params.n)]) {
      const path = method.split('.')
      const owner = path.length === 1 ? tracer.appsec : tracer.appsec[path[0]]
      owner[path.at(-1)](...args)
    }
    response.send('done')
  })
  const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port))
})
