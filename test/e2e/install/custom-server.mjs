// A custom server as Next.js has them: Node's own, with one function that takes every request.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { start, stop, trackLoginFailure } from 'portcullis'
import { portcullis } from 'portcullis/express'

start({ service: 'installed' })
const guard = portcullis()

async function handle(request, response) {
  if (request.url !== '/login') return response.end('home')
  const { login } = await json(request)
  const decision = trackLoginFailure(login, true)
  if (decision.blocked) return decision.respond(response)
  return response.writeHead(401).end()
}

const server = createServer((request, response) => guard(request, response, () => void handle(request, response)))
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`))
process.once('SIGTERM', () => server.close(() => void stop()))
