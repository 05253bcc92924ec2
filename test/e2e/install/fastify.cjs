const fastify = require('fastify')
const { start, stop, trackLoginFailure } = require('portcullis')
const { portcullis } = require('portcullis/fastify')

start({ service: 'installed' })
const app = fastify()
void app.register(portcullis)
app.post('/login', (request, reply) => {
  const decision = trackLoginFailure(request.body.login, true)
  if (decision.blocked) {
    decision.respond()
    return reply
  }
  return reply.code(401).send()
})
app.get('/', () => 'home')
void app.listen({ port: 0, host: '127.0.0.1' }).then(() => console.log(`listening ${app.server.address().port}`))
process.once('SIGTERM', () => void app.close().then(stop))
