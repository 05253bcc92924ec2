import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { healthy, startFakeAgent, type Answer, type FakeAgent } from '../support/fake-agent.ts'

/** The build: a child process cannot load TypeScript. */
const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

let agent: FakeAgent
afterEach(() => agent.close())

/** A service that starts, answers one request with a failed login, closes its server, and has nothing else to do. */
const service = `
import { createServer } from 'node:http'
import { start, stop, trackLoginFailure } from '${dist}index.js'
import { portcullis } from '${dist}express.js'
start({ appsecEnabled: true, exitTimeoutMs: 2000 })
const mount = portcullis()
const server = createServer((request, response) => mount(request, response, () => {
  trackLoginFailure('alice', true)
  response.end('done')
}))
server.listen(0, '127.0.0.1', async () => {
  await (await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } })).text()
  server.close(async () => {
    if (process.argv.includes('stop')) { await stop(); console.log('stopped') }
  })
})
`

/** Runs the service; resolves with what it printed once it has exited by itself. */
function run(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', service, '--', ...args], {
    env: { ...process.env, DD_TRACE_AGENT_URL: agent.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(printed) : reject(new Error(`exit code ${code}`))))
  })
}

const agents: { readonly says: string; readonly answer: Answer }[] = [
  {
    says: 'is healthy and holds the configuration request',
    answer: (request, ...rest) => (request.path === '/v0.7/config' ? undefined : healthy(request, ...rest)),
  },
  { says: 'hangs on everything', answer: () => {} },
  { says: 'is full', answer: (_request, response) => response.writeHead(503).end() },
  { says: 'hangs up', answer: (_request, _response, socket) => socket.destroy() },
]

test.each(agents)('the process ends by itself while the agent $says', async ({ answer }) => {
  agent = await startFakeAgent()
  agent.answer = answer
  expect(await run()).toBe('')
})

test.each(agents)('stop() comes back while the agent $says', async ({ answer }) => {
  agent = await startFakeAgent()
  agent.answer = answer
  await run('stop')
})

test('every agent ran', async () => {
  agent = await startFakeAgent()
  expect(agents).toHaveLength(4)
})

test('the last login is not lost: it is sent when the process ends by itself, and when stop() is awaited', async () => {
  for (const args of [[], ['stop']]) {
    agent = await startFakeAgent()
    agent.answer = (request, ...rest) => (request.path === '/v0.7/config' ? undefined : healthy(request, ...rest))
    const printed = await run(...args)
    const span = await eventually(() => agent.spans[0], { says: 'the span' })
    expect(span.meta['appsec.events.users.login.failure.usr.login']).toBe('alice')
    expect(printed).toBe(args.length === 0 ? '' : 'stopped\n')
    if (args.length === 0) await agent.close()
  }
})
