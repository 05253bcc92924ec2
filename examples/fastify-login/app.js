// A login on Fastify, protected by Portcullis. Run it with: node app.js
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import fastify from 'fastify'
import { start, stop, trackLoginFailure, trackLoginSuccess } from 'portcullis'
import { portcullis } from 'portcullis/fastify'

start({ service: 'fastify-login' })

const hash = promisify(scrypt)
const users = new Map()
for (const [login, password] of [
  ['ada@example.com', 'correct horse'],
  ['bob@example.com', 'battery staple'],
]) {
  const salt = randomBytes(16)
  users.set(login, { id: `user-${users.size + 1}`, salt, key: await hash(password, salt, 32) })
}

const app = fastify()
app.register(portcullis) // first, so that it reaches every route

const body = {
  type: 'object',
  required: ['login', 'password'],
  properties: { login: { type: 'string', minLength: 1 }, password: { type: 'string' } },
}

app.post('/login', { schema: { body } }, async (request, reply) => {
  const { login, password } = request.body
  const user = users.get(login)
  // An unknown login costs as much time as a known one.
  const key = await hash(password, user?.salt ?? 'no such user', 32)
  const right = user !== undefined && timingSafeEqual(key, user.key)
  const decision = right ? trackLoginSuccess(login, { id: user.id }) : trackLoginFailure(login, user !== undefined)
  if (decision.blocked) return decision.respond()
  return right ? { welcome: login } : reply.code(401).send({ error: 'wrong login or password' })
})

app.get('/', async () => 'POST /login with {"login", "password"}')

await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' })
console.log(`listening on port ${app.server.address().port}`)

process.once('SIGTERM', () => {
  void app.close().then(stop)
})
