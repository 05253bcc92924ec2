import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SignalEvent } from '../../src/model/notification.ts'
import { sendLogins } from '../support/agent-payload.ts'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'
import { startHttpReceiver } from '../support/http-receiver.ts'

// The collector and the example are run as a user would, on the package's build: `npm run build` comes first.
const secret = 'whsec_for-the-end-to-end-tests'
let directory: ReturnType<typeof temporaryDirectory>
const closers: (() => unknown)[] = []
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  directory.remove()
})

async function startCollector(): Promise<CollectorProcess> {
  const collector = await startCollectorProcess(directory.path, { OUTBOUND_ALLOW: '127.0.0.0/8' })
  closers.push(() => collector.kill())
  return collector
}

async function stuff(collector: CollectorProcess, ip: string, compromised: readonly string[]): Promise<void> {
  const failures = Array.from({ length: 40 }, (_none, n) => ({ login: `${ip}-${n}`, ip }))
  await sendLogins(collector.agentUrl, [...failures, ...compromised.map((login) => ({ login, ip, success: true }))])
}

async function addWebhook(collector: CollectorProcess, url: string): Promise<string> {
  const body = { name: 'app', kind: 'webhook', url, secret, headers: { authorization: 'Bearer of-the-receiver' } }
  const { body: recipient } = await collector.api('POST', '/api/notifications/recipients', body)
  await collector.api('POST', '/api/notifications/rules', { name: 'all', recipients: [recipient.id] })
  return recipient.id as string
}

test('the example resets the passwords of compromised accounts and demands a second factor of targeted ones', async () => {
  const file = 'examples/webhook-receiver/app.js'
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(60)
  const child: ChildProcess = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', PORTCULLIS_WEBHOOK_SECRET: `${secret},whsec_another-one` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  closers.push(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  const app = `http://127.0.0.1:${/port (\d+)/.exec(line)?.[1]}`
  const forged = await fetch(`${app}/portcullis`, { method: 'POST', body: '{}' })
  expect([forged.status, await forged.json()]).toEqual([400, { code: 'WEBHOOK_INVALID' }])

  const collector = await startCollector()
  await addWebhook(collector, `${app}/portcullis`)
  await stuff(collector, '203.0.113.9', ['ada', 'bob'])
  const user = async (id: string): Promise<unknown> => (await fetch(`${app}/users/${id}`)).json()
  await eventually(async () => (await user('id-ada')) !== null && (await user('id-bob')) !== null, {
    says: 'both are reset',
    withinMs: 20_000,
  })
  expect(await user('id-ada')).toMatchObject({ passwordReset: true })
  expect(await user('203.0.113.9-1')).toMatchObject({ passwordReset: false, secondFactor: true })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test(
  'over a kill -9 and an outage of the receiver nothing is lost, and nothing shown twice',
  { timeout: 60_000 },
  async () => {
    let receiver = await startHttpReceiver()
    const { port } = receiver
    let collector = await startCollector()
    await addWebhook(collector, receiver.url)
    await receiver.close()
    await stuff(collector, '203.0.113.10', ['carol'])
    const waiting = async (): Promise<number> =>
      (await collector.api('GET', '/api/notifications/deliveries?state=waiting')).body.items.length as number
    await eventually(async () => (await waiting()) > 0, { says: 'a delivery waits', withinMs: 20_000 })
    await collector.kill()

    receiver = await startHttpReceiver(port)
    closers.push(() => receiver.close())
    collector = await startCollector()
    const events = (): readonly SignalEvent[] => receiver.accepted.map(({ body }) => JSON.parse(body) as SignalEvent)
    const names = (): readonly string[] =>
      events().flatMap(({ compromisedUsers }) => compromisedUsers.map(({ usrLogin }) => usrLogin))
    await eventually(async () => names().includes('carol') && (await waiting()) === 0, {
      says: 'all of it arrives',
      withinMs: 30_000,
    })
    const ofCampaign = events().filter(({ signal }) => signal.group['http.client_ip'] === '203.0.113.10')
    expect(ofCampaign.filter(({ type }) => type === 'signal.opened')).toHaveLength(1)
    expect(new Set(ofCampaign.map(({ id }) => id)).size).toBe(ofCampaign.length)
  },
)

test('the API takes recipients and rules, tests and changes them, and never gives a secret back', async () => {
  const receiver = await startHttpReceiver()
  closers.push(() => receiver.close())
  const collector = await startCollector()
  const answers: unknown[] = []
  const api = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> => {
    const answer = await collector.api(method, `/api/notifications/${path}`, body)
    answers.push(answer.body)
    return answer
  }
  const sendTo = `${receiver.url}/hook/path-secret-1`
  const headers = { 'x-token': 'header-secret-2' }
  const hook = { name: 'hook', kind: 'webhook', url: sendTo, headers, secret }
  const { id, secret: shown } = (await collector.api('POST', '/api/notifications/recipients', hook)).body
  expect(shown).toBe(secret)
  const pager = { name: 'pager', kind: 'pagerduty', routingKey: 'routing-secret-3' }
  expect((await api('POST', 'recipients', pager)).status).toBe(201)
  expect((await api('GET', 'recipients')).body.items.length).toBeGreaterThanOrEqual(2)

  const rule = (await api('POST', 'rules', { name: 'mine', recipients: [id], severities: ['critical'] })).body
  expect((await api('GET', `rules/${rule.id}`)).body).toEqual(rule)
  expect((await api('PUT', `rules/${rule.id}`, { name: 'ours', recipients: [id] })).body).toMatchObject({
    name: 'ours',
  })
  expect((await api('POST', `rules/${rule.id}/test`)).body.items).toMatchObject([{ state: 'delivered' }])

  await api('PUT', `recipients/${id}`, { name: 'renamed', kind: 'webhook', secret: 'whsec_its-successor-4' })
  receiver.answer(500)
  expect((await api('POST', `recipients/${id}/test`)).body).toMatchObject({
    state: 'failed',
    lastError: 'it answered 500',
  })
  const last = receiver.received.at(-1)
  expect(last?.headers).toMatchObject({ 'x-token': 'header-secret-2' })
  expect(last?.path).toBe('/hook/path-secret-1')
  expect(last?.headers['x-portcullis-signature']).toMatch(/^t=\d+,v1=\w{64},v1=\w{64}$/)

  const refusals = [
    ['recipients', { name: 'x', kind: 'slack', url: 'http://192.168.0.1/x' }, 'OUTBOUND_REFUSED'],
    ['recipients', { name: 'x', kind: 'slack' }, 'REQUEST_INVALID'],
    ['recipients', { name: 'x', kind: 'email', to: ['a@b.example\r\nBcc: c@d.example'] }, 'REQUEST_INVALID'],
    ['recipients', { ...hook, headers: { 'x-portcullis-signature': 'x' } }, 'REQUEST_INVALID'],
    ['recipients', { ...hook, headers: { 'x-a': 'a\r\nx-b: b' } }, 'REQUEST_INVALID'],
    ['recipients', { ...hook, payload: '{' }, 'REQUEST_INVALID'],
    ['recipients', { ...hook, surprise: true }, 'REQUEST_INVALID'],
    ['rules', { name: 'x', recipients: ['nobody'] }, 'REQUEST_INVALID'],
  ] as const
  for (const [path, body, code] of refusals)
    expect((await api('POST', path, body)).body).toMatchObject({ status: 400, code })
  expect(refusals).toHaveLength(8)

  expect((await api('GET', 'deliveries?limit=1')).body).toMatchObject({
    items: [{ state: 'failed' }],
    next: expect.any(String),
  })
  answers.push((await collector.api('GET', '/api/audit')).body)
  const all = JSON.stringify(answers)
  expect(all).toContain('recipient.change')
  expect(all).not.toMatch(/path-secret-1|header-secret-2|routing-secret-3|successor-4|end-to-end-tests/)
  expect((await api('DELETE', `rules/${rule.id}`)).status).toBe(204)
  expect((await api('DELETE', `recipients/${id}`)).status).toBe(204)
  expect((await api('GET', `recipients/${id}`)).status).toBe(404)
})
