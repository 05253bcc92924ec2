import express from 'express'
import { start, stop, trackLoginFailure } from 'portcullis'
import { portcullis } from 'portcullis/express'

start({ service: 'installed' })
const app = express()
app.use(portcullis())
app.post('/login', express.json(), (request, response) => {
  const decision = trackLoginFailure(request.body.login, true)
  if (decision.blocked) return decision.respond()
  return response.status(401).end()
})
app.get('/', (_request, response) => response.send('home'))
const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`))
process.once('SIGTERM', () => server.close(() => void stop()))
