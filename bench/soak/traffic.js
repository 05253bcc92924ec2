import { once } from 'node:events'
import { Agent, request as send } from 'node:http'

/** Requests of every outcome, in turn. `expect` is the status; undefined where the client goes away. */
const kinds = [
  { name: 'ordinary', expect: 200, path: (n) => `/users/${n % 1_000}` },
  { name: 'failed login', expect: 401, path: () => '/login', body: (n) => ({ login: `user-${n}`, password: 'wrong' }) },
  { name: 'login', expect: 200, path: () => '/login', body: (n) => ({ login: `user-${n}`, password: 'right' }) },
  { name: 'blocked at its start', expect: 403, path: (n) => `/users/${n}?q=stop-query` },
  { name: 'blocked at its body', expect: 403, path: () => '/login', body: () => ({ login: 'stop-body' }) },
  { name: 'blocked at its response', expect: 403, path: () => '/secret' },
  { name: 'broken', expect: 500, path: () => '/broken' },
  { name: 'aborted while answered', abort: 'response', path: () => '/drip' },
  { name: 'aborted while sent', abort: 'request', path: () => '/login', body: (n) => ({ login: `user-${n}` }) },
]

/** Sends `count` requests, `CONCURRENCY` at a time; returns how many came out as they should, by kind. */
export async function drive(port, { from, count }) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  const outcomes = Object.fromEntries(kinds.map(({ name }) => [name, 0]))
  let next = from
  async function work() {
    while (next < from + count) {
      const n = next++
      const kind = kinds[n % kinds.length]
      const status = await ask(kind, { n, port, agent }).catch((error) => {
        throw new Error(`request ${n}, ${kind.name}: ${error.message}`, { cause: error })
      })
      if (status !== kind.expect) throw new Error(`${kind.name}: ${status} instead of ${kind.expect}`)
      outcomes[kind.name] += 1
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  agent.destroy()
  return outcomes
}

const CONCURRENCY = 32

async function ask({ path, body, abort }, { n, port, agent }) {
  const content = body === undefined ? undefined : JSON.stringify(body(n))
  const outgoing = send({
    host: '127.0.0.1',
    port,
    agent,
    path: path(n),
    method: content === undefined ? 'GET' : 'POST',
    headers: {
      'user-agent': `soak/${n % 5_000}`,
      'x-forwarded-for': `198.18.${(n >> 8) & 255}.${n & 255}`,
      ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
    },
  })
  if (abort === 'request') {
    // The last byte is never sent.
    outgoing.on('error', () => {})
    await new Promise((sent) => outgoing.write(content.slice(0, -1), sent))
    outgoing.destroy()
    return undefined
  }
  outgoing.end(content)
  const [response] = await once(outgoing, 'response')
  if (abort === 'response') {
    response.on('error', () => {})
    await once(response, 'data')
    outgoing.destroy()
    return undefined
  }
  response.resume()
  await once(response, 'end')
  return response.statusCode
}
