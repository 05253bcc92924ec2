import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet, type RequestOptions } from 'node:https'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { attackUntilSignal, attackerIp, victim } from '../support/attack.ts'
import {
  bin,
  startCollectorProcess,
  temporaryDirectory,
  token,
  type CollectorProcess,
} from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'

/** Runs on the build (dist/). */
const directory = temporaryDirectory()
afterAll(() => directory.remove())

test('SIGTERM answers who waits, finishes what is under way, and loses nothing that it acknowledged', async () => {
  const dir = join(directory.path, 'drain')
  const collector = await startCollectorProcess(dir)
  const events = await fetch(new URL('/api/events', collector.consoleUrl), {
    headers: { authorization: `Bearer ${token}` },
  })
  const ask = (version: number, wait: number): Promise<Response> =>
    fetch(new URL('/v0.7/config', collector.agentUrl), {
      method: 'POST',
      headers: { prefer: `wait=${wait}` },
      body: JSON.stringify(configRequest(version)),
    })
  const answer: any = await (await ask(0, 0)).json()
  const targets = JSON.parse(Buffer.from(answer.targets ?? 'e30=', 'base64').toString())
  const held = ask(targets.signed?.version ?? 0, 50)
  const batches = Array.from({ length: 20 }, (_, index) =>
    sendLogins(
      collector.agentUrl,
      Array.from({ length: 50 }, () => ({ login: `batch${index}`, ip: '198.51.100.1' })),
    ).catch(() => ({ status: 0, spanIds: [] })),
  )
  await Promise.race(batches)
  const ended = collector.stop()
  const sent = await Promise.all(batches)
  expect((await held).status).toBe(200)
  await events.text()
  // The command line ends with 1 when it takes longer than 10 seconds.
  expect(await ended).toBe(0)
  expect(existsSync(join(dir, 'lock'))).toBe(false)
  expect(existsSync(join(dir, 'control.json'))).toBe(false)

  const again = await startCollectorProcess(dir)
  const acknowledged = sent.filter(({ status }) => status === 200).flatMap(({ spanIds }) => spanIds)
  const { body } = await again.api('POST', '/api/spans/search', { query: 'service:shop', limit: 10_000 })
  const stored = new Set(body.spans.map(({ spanId }: { spanId: string }) => spanId))
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
  await again.stop()
}, 60_000)

/** Asks for something that takes far longer than a collector may take to end. */
async function askTooMuch(collector: CollectorProcess): Promise<{ readonly isRunning: () => boolean }> {
  const nowMs = Date.now()
  for (let batch = 0; batch < 10; batch++) {
    const attempts = Array.from({ length: 2_000 }, (_, index) => ({
      login: `user${index}@a-long-name-of-a-shop.example`,
      ip: '198.51.100.1',
      atMs: nowMs - 60_000 + batch,
    }))
    expect((await sendLogins(collector.agentUrl, attempts)).status).toBe(200)
  }
  let isRunning = true
  const query = Array.from({ length: 1_500 }, (_, index) => `*a*o*e*${index}z`).join(' OR ')
  collector
    .api('POST', '/api/spans/search', { query })
    .catch(() => undefined)
    .finally(() => (isRunning = false))
  // What was asked before has arrived when this is answered.
  await collector.api('GET', '/healthz')
  return { isRunning: () => isRunning }
}

test('SIGTERM during a query that takes too long ends it, and the process, in order', async () => {
  const collector = await startCollectorProcess(join(directory.path, 'long-query'))
  const { isRunning } = await askTooMuch(collector)
  expect(isRunning()).toBe(true)
  expect(await collector.stop()).toBe(0)
  expect(collector.said.join('\n')).not.toContain('"level":50')
}, 60_000)

test('a second signal during a query kills the process, and the next start has everything', async () => {
  const dir = join(directory.path, 'second-signal')
  const collector = await startCollectorProcess(dir)
  const { isRunning } = await askTooMuch(collector)
  expect(isRunning()).toBe(true)
  let code: number | null | undefined
  await eventually(
    () => {
      void collector.stop().then((ended) => (code = ended))
      return code !== undefined
    },
    { says: 'the end', everyMs: 100 },
  )
  expect(code).toBe(null)
  expect(collector.said.join('\n')).not.toContain('terminate called')

  const again = await startCollectorProcess(dir)
  const { body } = await again.api('POST', '/api/spans/top', { by: ['service'] })
  expect(body.rows).toEqual([{ group: { service: 'shop' }, values: [20_000] }])
  expect(await again.stop()).toBe(0)
}, 60_000)

test('the log at info holds nothing of users, attacks and refused requests included', async () => {
  const collector = await startCollectorProcess(join(directory.path, 'log'), {
    LOG_LEVEL: 'info',
    RESPONSE_AUTOMATION: 'on',
  })
  await attackUntilSignal(collector)
  await collector.api('POST', '/api/spans/search', { query: `@usr.login:${victim} AND (` })
  await collector.api('POST', '/api/denylist', { kind: 'ip', value: `not ${attackerIp}` })
  await collector.api('GET', `/api/entities/user/${victim}`)
  await fetch(new URL(`/v0.4/${victim}`, collector.agentUrl))
  await collector.stop()
  const log = collector.said.join('\n')
  for (const secret of [victim, attackerIp, 'user1@shop.example', token]) expect(log).not.toContain(secret)
}, 60_000)

test('a misspelled setting is asked about at the start', async () => {
  const collector = await startCollectorProcess(join(directory.path, 'names'), { RETENTION_DAY: '7' })
  await collector.stop()
  expect(collector.said.join('\n')).toContain('did you mean \\"RETENTION_DAYS\\"?')
})

test('with a certificate the listeners speak TLS, and the socket of this machine does not', async () => {
  const dir = join(directory.path, 'tls')
  const socketPath = join(directory.path, 'agent.sock')
  const collector = await startCollectorProcess(dir, {
    AGENT_SOCKET: socketPath,
    TLS_CERTIFICATE: certificate,
    TLS_KEY: resolve('test/support/tls/key.pem'),
  })
  const ca = readFileSync(certificate)
  const info = (how: RequestOptions): Promise<number | undefined> =>
    new Promise((done, failed) => {
      const given = (reply: IncomingMessage): void => done(reply.resume().statusCode)
      const asked = 'socketPath' in how ? httpGet(how, given) : httpsGet(how, given)
      asked.once('error', failed)
    })
  for (const url of [collector.agentUrl, collector.consoleUrl]) {
    const { protocol, port } = new URL(url)
    expect(protocol).toBe('https:')
    const path = url === collector.agentUrl ? '/info' : '/healthz'
    expect(await info({ host: '127.0.0.1', servername: 'shop.example', port, path, ca })).toBe(200)
  }
  expect(await info({ socketPath, path: '/info' })).toBe(200)
  expect(await collector.stop()).toBe(0)
  expect(existsSync(socketPath)).toBe(false)
}, 60_000)

const certificate = resolve('test/support/tls/certificate.pem')
const refusedStarts = [
  {
    says: 'a file stands where the data go',
    env: { DATA_DIR: certificate },
    code: 'DATA_DIR_UNUSABLE',
    names: '--data',
  },
  {
    says: 'the data go where nothing can be made',
    env: { DATA_DIR: '/proc/portcullis/data' },
    code: 'DATA_DIR_UNUSABLE',
    names: '--data',
  },
  {
    says: 'a certificate has no key',
    env: { TLS_CERTIFICATE: certificate },
    code: 'TLS_UNREADABLE',
    names: 'TLS_KEY is not set',
  },
  {
    says: 'a key is not there',
    env: { TLS_CERTIFICATE: certificate, TLS_KEY: '/nowhere' },
    code: 'TLS_UNREADABLE',
    names: 'TLS_KEY=/nowhere',
  },
  {
    says: 'a certificate is none',
    env: { TLS_CERTIFICATE: resolve('package.json'), TLS_KEY: resolve('test/support/tls/key.pem') },
    code: 'TLS_UNREADABLE',
    names: 'TLS_CERTIFICATE=',
  },
  {
    says: 'a key is that of another certificate',
    env: {
      TLS_CERTIFICATE: resolve('test/support/tls/other-certificate.pem'),
      TLS_KEY: resolve('test/support/tls/key.pem'),
    },
    code: 'TLS_UNREADABLE',
    names: 'TLS_KEY=',
  },
  {
    says: 'a socket has no folder',
    env: { AGENT_SOCKET: '/nowhere/at/all' },
    code: 'LISTEN_FAILED',
    names: 'AGENT_SOCKET',
  },
  {
    says: 'the configuration file is not there',
    env: {},
    args: ['--config', '/nowhere'],
    code: 'CONFIG_INVALID',
    names: '--config=/nowhere',
  },
] as const
test.each(refusedStarts)('where $says, the start ends with what is wrong and what to do', (one) => {
  const { env, code, names } = one
  const listens = {
    AGENT_LISTEN: '127.0.0.1:0',
    CONSOLE_LISTEN: '127.0.0.1:0',
    DATA_DIR: join(directory.path, 'refused'),
  }
  const run = spawnSync(process.execPath, [bin, 'collector', ...('args' in one ? one.args : [])], {
    encoding: 'utf8',
    env: { ...process.env, ...listens, LOG_LEVEL: 'warn', ...env },
    timeout: 30_000,
  })
  expect(run.stderr).toMatch(new RegExp(`^portcullis collector: ${code}: .*${names}`))
  expect(run.stderr.trim().split('\n')).toHaveLength(1)
  expect(run.status).toBe(1)
})
test('every start that is refused was tried', () => expect(refusedStarts).toHaveLength(8))

function configRequest(version: number): object {
  return {
    client: {
      id: 'waiting',
      state: { root_version: 1, targets_version: version, config_states: [], has_error: false },
      products: ['ASM_DATA'],
      is_tracer: true,
      client_tracer: { runtime_id: 'r', language: 'node', tracer_version: '1', service: 's', env: '', tags: [] },
      capabilities: 'AA==',
    },
    cached_target_files: [],
  }
}
