import { afterEach, expect, test } from 'vitest'
import { verifyWebhook } from '../../../src/webhooks.ts'
import { eventually } from '../../support/eventually.ts'
import { startHttpReceiver } from '../../support/http-receiver.ts'
import { attacker, secret, startNotifyBench, stuffing, success, webhook, type NotifyBench } from './notify-bench.ts'

let bench: NotifyBench
afterEach(async () => {
  await bench.close()
})

const types = (): readonly string[] => bench.events().map(({ type }) => type)
const arrived = (count: number): Promise<unknown> =>
  eventually(() => bench.events().length >= count, { says: `${count} notifications arrive` })
const settled = (): Promise<unknown> =>
  eventually(async () => (await bench.deliveries()).every(({ state }) => state !== 'waiting'), { says: 'all settled' })

test('a signal is told when it opens, becomes critical with its first compromise, and closes', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await arrived(1)
  await bench.happen([success(40, attacker, 'victim')])
  await bench.later(5)
  await arrived(2)
  await bench.later(4_000)
  await arrived(3)
  await settled()
  expect(types()).toEqual(['signal.opened', 'signal.compromised', 'signal.closed'])

  const [opened, compromised] = bench.events()
  expect(opened).toMatchObject({ signal: { severity: 'low', targetedUsers: 35 }, compromisedUsers: [] })
  expect(opened?.targetedUsers).toHaveLength(35)
  expect(compromised).toMatchObject({
    signal: { severity: 'critical', case: 'Account compromised' },
    compromisedUsers: [{ usrLogin: 'victim', usrId: 'id-victim', ip: attacker }],
    link: `https://console.example/signals/${opened?.signal.id}`,
  })
  for (const { body, headers } of bench.receiver.accepted) {
    const header = headers['x-portcullis-signature'] as string
    const t = Number(/t=(\d+)/.exec(header)?.[1])
    const event = verifyWebhook({ body, header, secrets: [secret], now: new Date(t * 1000) })
    expect(headers['idempotency-key']).toBe(event.id)
  }
  const log = await bench.deliveries()
  expect(log.map(({ state, event }) => [state, event])).toEqual(log.map(() => ['delivered', null]))
  expect(bench.notifyErrors).toEqual([])
})

test('a rule for critical signals says nothing of a lesser one, and says once that it became critical', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url), { severities: ['critical'] })
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await eventually(async () => (await bench.state.documents('notified')).length === 1, { says: 'it was looked at' })
  await bench.happen([success(40, attacker, 'victim')])
  await eventually(() => types().includes('signal.compromised'), { says: 'the compromise is told' })
  await settled()
  expect(types()).toEqual(['signal.escalated', 'signal.compromised'])
})

test('a person tells those whose rules are for a signal, or whom he names, beside what is told by itself', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await arrived(1)
  const [signal] = await bench.signals()
  const id = signal?.id ?? ''
  expect(await bench.notifier.notify(id, [], 'ann')).toMatchObject([{ kind: 'notify', value: 'security', by: 'ann' }])
  await bench.notifier.notify(id, ['security', 'hook'], 'ann')
  await arrived(3)
  await settled()
  expect(types()).toEqual(['signal.opened', 'signal.shared', 'signal.shared'])
  expect(bench.events()[1]).toMatchObject({ signal: { id }, link: `https://console.example/signals/${id}` })
  await expect(bench.notifier.notify(id, ['nobody'], 'ann')).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  await expect(bench.notifier.notify('none', [], 'ann')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a case that responds with a notification tells its recipient, and the signal says so', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url), { enabled: false })
  await bench.respondOf('credential-stuffing', 'Account compromised', [{ notify: 'security' }])
  await bench.startNotifier()
  await bench.happen([...stuffing(0), success(36, attacker, 'victim')])
  await arrived(1)
  await settled()
  const [signal] = await bench.signals()
  const [told] = signal?.responses ?? []
  expect(told).toMatchObject({ kind: 'notify', value: 'security', by: 'automation', undoneAt: null })
})

const notFor = [
  { says: 'of another service', rule: { services: ['other'] } },
  { says: 'without the tag', rule: { tags: ['category:fraud'] } },
  { says: 'that is switched off', rule: { enabled: false } },
  { says: 'of another severity', rule: { severities: ['critical', 'high'] as const } },
]
test.each(notFor)('a rule $says tells nothing', async ({ rule }) => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url), rule)
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await eventually(async () => (await bench.state.documents('notified')).length === 1, { says: 'it was looked at' })
  expect(await bench.deliveries()).toEqual([])
})

test('a rule of the service and the tag tells', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url), { services: ['shop'], tags: ['category:account_takeover'] })
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await arrived(1)
})

test('through errors, resets and refusals it arrives once, always under the same key', async () => {
  bench = await startNotifyBench()
  bench.receiver.answer(500, 'reset', 429, 200)
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  const delivered = await eventually(
    async () => {
      await bench.later(30)
      return (await bench.deliveries()).find(({ state }) => state === 'delivered')
    },
    { says: 'it is delivered', withinMs: 25_000 },
  )
  expect(delivered.attempts).toBe(4)
  const keys = bench.receiver.received.map(({ headers }) => headers['idempotency-key'])
  expect(keys).toEqual(Array(4).fill(delivered.id))
  expect(new Set(bench.receiver.received.map(({ body }) => body)).size).toBe(1)
  expect(bench.receiver.accepted).toHaveLength(1)
})

test('a receiver that redirects is given up, is not followed, and the log says why', async () => {
  bench = await startNotifyBench()
  bench.receiver.answer({ status: 307, headers: { location: `${bench.receiver.url}/elsewhere` } })
  await bench.add(webhook(`${bench.receiver.url}/hook?token=secret-of-the-path`))
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  const failed = await eventually(
    async () => {
      await bench.later(60)
      return (await bench.deliveries()).find(({ state }) => state === 'failed')
    },
    { says: 'it is given up', withinMs: 25_000 },
  )
  expect(failed).toMatchObject({ attempts: 5, lastError: 'it answered 307; redirects are not followed' })
  expect(bench.receiver.received.every(({ path }) => path.startsWith('/hook'))).toBe(true)
})

test('what happened while nobody notified is told at the next start, and only then', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier()
  await bench.notifier.stop()
  await bench.happen([...stuffing(0), success(36, attacker, 'victim')])
  await bench.later(5)
  expect(bench.receiver.received).toEqual([])
  await bench.startNotifier()
  await arrived(2)
  await settled()
  await bench.notifier.stop()
  await bench.startNotifier()
  await bench.happen([success(50, attacker, 'another')])
  await eventually(async () => (await bench.signals())[0]?.compromisedUsers === 2, { says: 'the second is counted' })
  await bench.notifier.stop()
  await bench.startNotifier()
  expect(types()).toEqual(['signal.opened', 'signal.compromised'])
})

test('killed while the receiver had not answered, it is sent again under the same key', async () => {
  bench = await startNotifyBench()
  bench.receiver.answer('hang', 200)
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await eventually(() => bench.receiver.received.length === 1, { says: 'it is sent' })
  await bench.kill()
  await bench.startNotifier()
  await arrived(1)
  const [first, second] = bench.receiver.received
  expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key'])
  expect(second?.body).toBe(first?.body)
  await settled()
  expect(await bench.deliveries()).toHaveLength(1)
})

test('each new @usr.id is told once, over restarts, and nothing else is', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url), { enabled: false })
  await bench.notifyOf('credential-stuffing', 'Account compromised', [{ recipient: 'security', forEachNew: '@usr.id' }])
  await bench.startNotifier()
  await bench.happen([...stuffing(0), success(36, attacker, 'a'), success(37, attacker, 'b')])
  const told = (): readonly string[] => bench.events().flatMap(({ newIds }) => newIds?.values ?? [])
  await eventually(() => told().length === 2, { says: 'two are told' })
  await bench.happen([success(45, attacker, 'a'), success(46, attacker, 'c')])
  await bench.later(10)
  await eventually(() => told().length === 3, { says: 'the third is told' })
  await bench.kill()
  await bench.startNotifier()
  await bench.happen([success(70, attacker, 'c'), success(71, attacker, 'd')])
  await bench.later(10)
  await eventually(() => told().includes('id-d'), { says: 'the fourth is told' })
  await bench.later(5_000)
  await settled()
  expect(told()).toEqual(['id-a', 'id-b', 'id-c', 'id-d'])
  expect(new Set(types())).toEqual(new Set(['signal.new_ids']))
})

test('a case tells whom it names when the signal gets into it', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url), { enabled: false })
  await bench.notifyOf('credential-stuffing', 'Account compromised', [{ recipient: 'hook' }])
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await eventually(async () => (await bench.state.documents('notified')).length === 1, { says: 'it was looked at' })
  await bench.happen([success(40, attacker, 'victim')])
  await eventually(() => types().includes('signal.compromised'), { says: 'the compromise is told' })
  expect(types()).toEqual(['signal.escalated', 'signal.compromised'])
})

test('a slow receiver does not hold up another one', async () => {
  bench = await startNotifyBench()
  bench.receiver.answer('hang')
  await bench.add(webhook(`${bench.receiver.url}/slow`))
  const quick = await startHttpReceiver()
  await bench.add(webhook(quick.url, { id: 'quick', name: 'quick' }))
  await bench.startNotifier()
  await bench.happen(stuffing(0))
  await eventually(() => quick.accepted.length === 1, { says: 'the quick one has it' })
  await quick.close()
})

test('a private address is not called unless allowed', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier([])
  const outcome = await bench.notifier.test('hook')
  expect(outcome).toMatchObject({ state: 'failed', attempts: 1 })
  expect(outcome.lastError).toMatch(/is not a public address/)
  expect(bench.receiver.received).toEqual([])
})

test('the test button sends one event of nobody, now', async () => {
  bench = await startNotifyBench()
  await bench.add(webhook(bench.receiver.url))
  await bench.startNotifier()
  expect(await bench.notifier.test('hook')).toMatchObject({ state: 'delivered', type: 'test', attempts: 1 })
  expect(bench.events()).toMatchObject([{ type: 'test', targetedUsers: [], compromisedUsers: [] }])
  await expect(bench.notifier.test('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
