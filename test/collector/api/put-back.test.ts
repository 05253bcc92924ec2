import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../../support/collector-process.ts'
import { startHttpReceiver, type HttpReceiver } from '../../support/http-receiver.ts'

/** Runs on the build (dist/): what a person removes can be put back for a while, whole. */
const directory = temporaryDirectory()
let collector: CollectorProcess
let receiver: HttpReceiver

beforeAll(async () => {
  receiver = await startHttpReceiver()
  collector = await startCollectorProcess(directory.path, { OUTBOUND_ALLOW: '127.0.0.0/8' })
})
afterAll(async () => {
  await collector.stop()
  await receiver.close()
  directory.remove()
})

const api: CollectorProcess['api'] = (method, path, body) => collector.api(method, path, body)
const lastActions = async (count: number): Promise<readonly string[]> =>
  (await api('GET', `/api/audit?limit=${count}`)).body.items.map(({ action }: { action: string }) => action)

test('a revoked key is let in again, and refused before', async () => {
  const { body: key } = await api('POST', '/api/keys', { name: 'script', role: 'viewer' })
  const asKey = async (): Promise<number> =>
    (await fetch(new URL('/api/signals', collector.consoleUrl), { headers: { authorization: `Bearer ${key.secret}` } }))
      .status
  await api('DELETE', `/api/keys/${key.id}`)
  expect(await asKey()).toBe(401)
  expect((await api('POST', `/api/keys/${key.id}/undo`)).body).toMatchObject({ id: key.id, revokedAt: null })
  expect(await asKey()).toBe(200)
  expect((await api('POST', `/api/keys/${key.id}/undo`)).status).toBe(409)
  expect((await api('POST', '/api/keys/no-such/undo')).status).toBe(404)
  expect(await lastActions(2)).toEqual(['key.undo', 'key.revoke'])
})

test('a removed recipient comes back with its secrets, once', async () => {
  const wanted = { name: 'on call', kind: 'webhook', url: `${receiver.url}/hook`, headers: { 'x-team': 'a' } }
  const root = '/api/notifications/recipients'
  const { body: added } = await api('POST', root, wanted)
  expect((await api('POST', `${root}/${added.id}/undo`)).status).toBe(404)
  await api('DELETE', `${root}/${added.id}`)
  expect((await api('GET', `${root}/${added.id}`)).status).toBe(404)
  const { status, body: back } = await api('POST', `${root}/${added.id}/undo`)
  const { secret: _once, ...shown } = added
  expect([status, back]).toEqual([200, shown])
  expect((await api('POST', `${root}/${added.id}/test`)).body).toMatchObject({ state: 'delivered' })
  expect(receiver.accepted).toMatchObject([{ path: '/hook', headers: { 'x-team': 'a' } }])
  expect((await api('POST', `${root}/${added.id}/undo`)).status).toBe(404)
})

test('a removed list comes back with its rows, unless there is another of its name', async () => {
  const csv = 'ip_address,additional_data,category,intention,source\n192.0.2.0/24,,proxy,suspicious,test'
  const list = '/api/threat-intel/proxies'
  expect((await api('POST', `${list}/undo`)).status).toBe(404)
  await api('POST', '/api/threat-intel', { name: 'proxies', csv })
  await api('DELETE', list)
  await api('POST', '/api/threat-intel', { name: 'proxies', csv })
  expect((await api('POST', `${list}/undo`)).status).toBe(409)
  await api('DELETE', list)
  expect((await api('POST', `${list}/undo`)).body).toMatchObject({ name: 'proxies', size: 1, enabled: true })
  expect((await api('GET', list)).body).toMatchObject({ size: 1 })
})

test('a change of the settings is told to whoever listens', async () => {
  const stopped = new AbortController()
  const reply = await fetch(new URL('/api/events', collector.consoleUrl), {
    headers: { authorization: `Bearer ${(await api('POST', '/api/keys', { name: 'x', role: 'viewer' })).body.secret}` },
    signal: stopped.signal,
  })
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader()
  let heard = (await reader.read()).value ?? ''
  await api('PATCH', '/api/settings', { blocking: false })
  while (!heard.includes('settings.changed')) heard += (await reader.read()).value ?? ''
  stopped.abort()
  expect(heard).toContain('event: settings.changed\ndata: {"id":"settings"')
})
