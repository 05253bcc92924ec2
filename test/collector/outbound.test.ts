import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createOutbound, type OutboundCall } from '../../src/collector/outbound.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

async function serve(listener: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

const post = (url: string, timeoutMs = 5_000): OutboundCall => ({
  url,
  method: 'POST',
  headers: {},
  body: '{}',
  timeoutMs,
  maxAnswerBytes: 10,
})

const refused: readonly (readonly [
  says: string,
  url: string,
  addresses: readonly string[],
  allow: readonly string[],
])[] = [
  ['a loopback address', 'https://127.0.0.1/x', [], []],
  ['a loopback address in IPv6', 'https://[::1]/x', [], []],
  ['a loopback address mapped into IPv6', 'https://[::ffff:127.0.0.1]/x', [], []],
  ['a loopback address as a number', 'https://2130706433/x', [], []],
  ['the metadata service', 'https://169.254.169.254/latest', [], []],
  ['this host', 'https://0.0.0.0/', [], []],
  ['a private address inside a translated one', 'https://[64:ff9b::a00:1]/', [], []],
  ['a 6to4 address', 'https://[2002:7f00:1::]/', [], []],
  ['a name that leads to a private address', 'https://rebind.example/', ['10.0.0.1'], []],
  ['a name of which one address is private', 'https://rebind.example/', ['203.0.113.1', '10.0.0.1'], []],
  ['a name that leads nowhere', 'https://nowhere.example/', [], []],
  ['plain http', 'http://hooks.example/', ['203.0.113.1'], []],
  ['plain http to a name, when another is allowed', 'http://hooks.example/', ['203.0.113.1'], ['10.0.0.0/8']],
  ['plain http to an address', 'http://203.0.113.1/', [], []],
  ['another scheme', 'file:///etc/passwd', [], []],
  ['credentials in the address', 'https://name:password@hooks.example/', ['203.0.113.1'], []],
  ['what is no address', 'hooks.example', [], []],
  ['a private address other than the allowed one', 'https://10.1.0.1/', [], ['10.0.0.0/16']],
]
test.each(refused)('%s is refused', async (_says, url, addresses, allow) => {
  const outbound = createOutbound({ allow, resolve: async () => addresses })
  await expect(outbound.call(post(url))).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' })
})
test('every refusal was tried', () => expect(refused.length).toBeGreaterThanOrEqual(18))

test('an allowed network is called without TLS, and the name is resolved once', async () => {
  const port = await serve((request, response) => response.end(request.headers.host))
  const asked: string[] = []
  const outbound = createOutbound({
    allow: ['127.0.0.0/8'],
    resolve: async (host) => {
      asked.push(host)
      return ['127.0.0.1']
    },
  })
  const answer = await outbound.call({ ...post(`http://hooks.example:${port}/x`), maxAnswerBytes: 100 })
  expect(answer).toMatchObject({ status: 200, cut: false })
  expect(answer.body.toString()).toBe(`hooks.example:${port}`)
  expect(asked).toEqual(['hooks.example'])
})

test('an allowed name may lead to a private address, another name may not', async () => {
  const port = await serve((_request, response) => response.end())
  const outbound = createOutbound({ allow: ['hooks.internal'], resolve: async () => ['127.0.0.1'] })
  expect((await outbound.call(post(`http://hooks.internal:${port}/`))).status).toBe(200)
  await expect(outbound.call(post(`http://other.internal:${port}/`))).rejects.toMatchObject({
    code: 'OUTBOUND_REFUSED',
  })
})

test('a redirect is not followed', async () => {
  const port = await serve((_request, response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  )
  const outbound = createOutbound({ allow: ['127.0.0.1'] })
  expect(await outbound.call(post(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 302 })
})

test('an answer is cut at its bound, and a server that never answers is given up', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/long') response.end('x'.repeat(1_000_000))
  })
  const outbound = createOutbound({ allow: ['127.0.0.1'] })
  const answer = await outbound.call(post(`http://127.0.0.1:${port}/long`))
  expect([answer.body.length, answer.cut]).toEqual([10, true])
  await expect(outbound.call(post(`http://127.0.0.1:${port}/silent`, 50))).rejects.toThrow(/no answer within 50 ms/)
})

test('a refusal never holds the path', () => {
  const outbound = createOutbound({ allow: [] })
  expect(() => outbound.check('http://hooks.slack.com/services/T0/SECRET')).toThrow(
    /^http:\/\/hooks\.slack\.com is not/,
  )
})
