import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOAuthTokens } from '../../../src/collector/notify/channels/oauth-tokens.ts'
import { sendPost } from '../../../src/collector/notify/channels/send.ts'
import { sampleEvent } from '../../../src/collector/notify/sample-event.ts'
import { createOutbound } from '../../../src/collector/outbound.ts'
import type { Recipient, WebhookAuth } from '../../../src/collector/state/notification-records.ts'

const event = sampleEvent('e', '2026-03-10T12:00:00.000Z', (id) => `https://console.example/signals/${id}`)
const nowMs = Date.parse('2026-03-10T12:00:00Z')
const outbound = createOutbound({ allow: ['127.0.0.0/8'] })
let server: Server
let url: string
let requests: { path: string; headers: IncomingMessage['headers']; body: string }[]
let grants: number
let tokenStatus: number

beforeEach(async () => {
  requests = []
  grants = 0
  tokenStatus = 200
  server = createServer((request, response) => {
    const { url: path = '', headers } = request
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      requests.push({ path, headers, body })
      if (path === '/token') {
        grants++
        response.writeHead(tokenStatus).end(JSON.stringify({ access_token: `token-${grants}`, expires_in: 60 }))
        return
      }
      const isRevoked = headers.authorization === 'Bearer token-1' && path === '/revoked'
      response.writeHead(isRevoked ? 401 : 204).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => new Promise((done) => server.close(done)))

type Webhook = Extract<Recipient, { kind: 'webhook' }>
const hook = (more: Partial<Webhook>): Webhook => ({
  id: 'h',
  name: 'hook',
  kind: 'webhook',
  url: `${url}/hook`,
  headers: { 'x-team': 'payments' },
  payload: null,
  secrets: [{ value: 'whsec_of-the-tests', endsAt: null }],
  ...more,
})
const oauth = (): WebhookAuth => ({
  kind: 'oauth2',
  tokenUrl: `${url}/token`,
  clientId: 'us:er',
  clientSecret: 's ecret',
  scope: 'alerts',
})

test('a payload goes as a form, its variables filled in, signed as it is sent', async () => {
  const payload = '{"text": "$SECURITY_SIGNAL_TITLE & more", "tags": $SECURITY_RULE_GROUP_BY_FIELDS}'
  const sent = await sendPost(outbound, hook({ payload, encoding: 'form' }), event, {
    nowMs,
    tokens: createOAuthTokens(outbound),
  })
  expect(sent).toEqual({ arrived: true })
  const [request] = requests
  expect(request?.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', 'x-team': 'payments' })
  expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
    text: 'A test notification of Portcullis & more',
    tags: JSON.stringify(event.signal.group),
  })
  const v1 = createHmac('sha256', 'whsec_of-the-tests')
    .update(`${nowMs / 1000}.${request?.body}`)
    .digest('hex')
  expect(request?.headers['x-portcullis-signature']).toBe(`t=${nowMs / 1000},v1=${v1}`)
})

test('basic authentication is sent with every call', async () => {
  const auth = { kind: 'basic', username: 'ann', password: 'a:b' } as const
  await sendPost(outbound, hook({ auth }), event, { nowMs, tokens: createOAuthTokens(outbound) })
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:a:b').toString('base64')}`)
})

test('an OAuth 2 token is fetched once, renewed before it ends, and after a refusal', async () => {
  const tokens = createOAuthTokens(outbound)
  const send = (path: string, atMs: number): ReturnType<typeof sendPost> =>
    sendPost(outbound, hook({ url: url + path, auth: oauth() }), event, { nowMs: atMs, tokens })
  await send('/hook', nowMs)
  await send('/hook', nowMs + 10_000)
  expect(requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ['/token', `Basic ${Buffer.from('us%3Aer:s%20ecret').toString('base64')}`],
    ['/hook', 'Bearer token-1'],
    ['/hook', 'Bearer token-1'],
  ])
  expect(requests[0]?.body).toBe('grant_type=client_credentials&scope=alerts')
  expect(await send('/revoked', nowMs + 20_000)).toMatchObject({ arrived: false, why: 'it answered 401' })
  expect(await send('/revoked', nowMs + 21_000)).toEqual({ arrived: true })
  await send('/hook', nowMs + 60_000)
  expect(grants).toBe(3)
})

test('a token endpoint that refuses is an attempt that failed, and says nothing secret', async () => {
  tokenStatus = 500
  const sent = await sendPost(outbound, hook({ auth: oauth() }), event, { nowMs, tokens: createOAuthTokens(outbound) })
  expect(sent).toEqual({ arrived: false, why: 'the token endpoint answered 500', isRefusal: false })
})
