// A login on Express, protected by Portcullis. Run it with: node app.js
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import express from 'express'
import { start, stop, trackLoginFailure, trackLoginSuccess, trackUserSignup } from 'portcullis'
import { portcullis } from 'portcullis/express'

start({ service: 'express-login' })

const hash = (password, salt) => promisify(scrypt)(password, salt, 32, { N: Number(process.env.SCRYPT_COST ?? 16_384) })
const users = new Map()
async function addUser(login, password) {
  const salt = randomBytes(16)
  const key = await hash(password, salt)
  users.set(login, { id: `user-${users.size + 1}`, salt, key })
}
await addUser('ada@example.com', 'correct horse')

const app = express()
app.use(portcullis()) // first, so that nothing runs before it
app.use(express.json())

app.post('/login', async (request, response) => {
  const { login, password } = request.body ?? {}
  if (typeof login !== 'string' || typeof password !== 'string' || login === '') {
    return response.status(400).json({ error: 'login and password are required' })
  }
  const user = users.get(login)
  // An unknown login costs as much time as a known one.
  const key = await hash(password, user?.salt ?? 'no such user')
  if (user === undefined || !timingSafeEqual(key, user.key)) {
    const decision = trackLoginFailure(login, user !== undefined)
    if (decision.blocked) return decision.respond()
    return response.status(401).json({ error: 'wrong login or password' })
  }
  const decision = trackLoginSuccess(login, { id: user.id })
  if (decision.blocked) return decision.respond()
  return response.json({ welcome: login })
})

app.post('/signup', async (request, response) => {
  const { login, password } = request.body ?? {}
  if (!login || !password || users.has(login)) return response.status(400).json({ error: 'choose another login' })
  await addUser(String(login), String(password))
  trackUserSignup(login, { id: users.get(login).id })
  return response.status(201).json({ welcome: login })
})

app.get('/', (_request, response) => response.send('POST /login with {"login", "password"}'))

const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST, () => {
  console.log(`listening on port ${server.address().port}`)
})

process.once('SIGTERM', () => {
  server.close(() => void stop())
  server.closeIdleConnections()
})
