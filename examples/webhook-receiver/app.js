// Acts on Portcullis's webhooks: resets the passwords of compromised accounts, demands a second factor of targeted ones.
// Run it with: PORTCULLIS_WEBHOOK_SECRET=whsec_… node app.js, and add its address as a webhook recipient.
import express from 'express'
import { verifyWebhook } from 'portcullis/webhooks'

// Two secrets, separated by a comma, while one replaces the other.
const secrets = (process.env.PORTCULLIS_WEBHOOK_SECRET ?? '').split(',').filter(Boolean)

// In place of your user database. A reset also ends the account's sessions: the attacker has one.
const users = new Map()
const userOf = (id) => users.get(id) ?? users.set(id, { passwordReset: false, secondFactor: false }).get(id)
async function resetPassword(id) {
  userOf(id).passwordReset = true
}
async function demandSecondFactor(login) {
  userOf(login).secondFactor = true
}

const app = express()
const handled = new Set() // in your database, so that it outlives a restart

// The signature is over the body as it was sent: keep it raw.
app.post('/portcullis', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
  let event
  try {
    event = verifyWebhook({ body: request.body, header: request.get('x-portcullis-signature'), secrets })
  } catch (error) {
    return response.status(400).json({ code: error.code })
  }
  if (!handled.has(event.id)) {
    const { newIds, compromisedUsers, targetedUsers } = event
    const stolen = newIds?.attribute === '@usr.id' ? newIds.values : compromisedUsers.map(({ usrId }) => usrId)
    for (const id of stolen) if (id !== null) await resetPassword(id)
    for (const { usrLogin, exists } of targetedUsers) if (exists !== false) await demandSecondFactor(usrLogin)
    handled.add(event.id) // last: what failed half-way is delivered again
  }
  return response.status(204).end()
})

app.get('/users/:id', (request, response) => response.json(users.get(request.params.id) ?? null))

const server = app.listen(Number(process.env.PORT ?? 3_001), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`webhook receiver on port ${server.address().port}`)
})
process.once('SIGTERM', () => server.close())
