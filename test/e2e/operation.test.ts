import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { attackUntilSignal, attackerIp, victim } from '../support/attack.ts'
import { startCollectorProcess, temporaryDirectory, token } from '../support/collector-process.ts'

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
