import { afterEach, expect, test } from 'vitest'
import { compromisedUsers } from '../../../src/collector/detect/compromised-users.ts'
import { shippedRules } from '../../../src/collector/detect/shipped-rules.ts'
import type { Campaign } from '../../../src/collector/campaign.ts'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

let bench: Bench
afterEach(() => bench.close())

const address = (index: number): string => `198.51.${100 + (index >> 8)}.${index & 255}`
const hour = 3_600
const tool = {
  'network.client.asn': '64500',
  'http.useragent': 'Phone/20',
  'appsec.fingerprint.header.order': 'ord-4-00000000',
}
const phone = { ...tool, 'appsec.fingerprint.header.order': 'ord-9-99999999' }
const by = (event: Event, attributes: Event['attributes'] & object): Event => ({ ...event, attributes })

/** Three hundred attempts from as many addresses, and five right ones among them. */
const attack = [
  ...times(300, 0, 1, (at, n) => by(failure(at, address(n), `stolen${n}`, n % 3 === 0), tool)),
  ...times(5, 30, 40, (at, n) => by(success(at, address(400 + n), `victim${n}`), tool)),
]

function campaignOf(ruleId: string, group: Readonly<Record<string, string>>, query?: string): Campaign {
  const rule = shippedRules().find(({ id }) => id === ruleId)
  if (rule === undefined) throw new Error(ruleId)
  const cluster = { origin: 'found', precision: 0.99, requests: 305, successes: 5, query }
  const signal = {
    group: { env: 'prod', service: 'shop', ...group },
    firstSeen: new Date(noonMs).toISOString(),
    lastSeen: new Date(noonMs + 300_000).toISOString(),
    ...(query === undefined ? {} : { clusters: [cluster] }),
  }
  return { rule, signal } as unknown as Campaign
}

const names = async (campaign: Campaign): Promise<readonly string[]> =>
  (await compromisedUsers(bench.store, campaign)).map(({ usrLogin }) => usrLogin)
const victims = ['victim0', 'victim1', 'victim2', 'victim3', 'victim4']
const clusterQuery = 'service:shop @appsec.fingerprint.header.order:ord-4-00000000'

test('one attempt an address: who got in is named by the cluster, or by network and user agent, and by nothing else', async () => {
  bench = await startBench()
  await bench.happen([
    ...attack,
    ...times(20, 5, 10, (at, n) => by(success(at, address(600 + n), `member${n}`), phone)),
  ])
  expect(await names(campaignOf('distributed-credential-stuffing', {}))).toEqual([])
  expect(await names(campaignOf('distributed-credential-stuffing', {}, clusterQuery))).toEqual(victims)
  const tools = { 'network.client.asn': '64500', 'http.useragent': 'Phone/20' }
  const found = await names(campaignOf('distributed-credential-stuffing-tool', tools))
  expect(found.filter((name) => name.startsWith('victim'))).toEqual(victims)
})

test('an account that came from there, or with that device, in the weeks before is known', async () => {
  bench = await startBench()
  await bench.happen([
    by(success(-200 * hour, address(400), 'victim0'), phone),
    by(success(-200 * hour, address(900), 'victim1'), tool),
    by(success(-200 * hour, address(900), 'victim2'), phone),
    by(success(-800 * hour, address(403), 'victim3'), tool),
  ])
  await bench.happen(attack)
  const found = await names(campaignOf('distributed-credential-stuffing', {}, clusterQuery))
  expect(found).toEqual(['victim2', 'victim3', 'victim4'])
})

test('a client that people use as well says nothing of who got in', async () => {
  bench = await startBench()
  await bench.happen([...attack, ...times(60, 5, 4, (at, n) => by(success(at, address(600 + n), `member${n}`), tool))])
  const tools = { 'network.client.asn': '64500', 'http.useragent': 'Phone/20' }
  expect(await names(campaignOf('distributed-credential-stuffing-tool', tools))).toEqual([])
})

test('two accounts to which a service gives one id are two', async () => {
  bench = await startBench()
  await bench.happen([
    ...times(40, 0, 1, (at, n) => failure(at, '203.0.113.9', `stolen${n}`)),
    { ...success(50, '203.0.113.9', 'one'), userId: 'same' },
    { ...success(60, '203.0.113.9', 'two'), userId: 'same' },
    { ...success(70, '203.0.113.9', 'two'), userId: 'same' },
  ])
  expect(await names(campaignOf('credential-stuffing', { 'http.client_ip': '203.0.113.9' }))).toEqual(['one', 'two'])
})
