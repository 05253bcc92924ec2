import { afterEach, expect, test } from 'vitest'
import { watchSuspects, type SuspectWatch } from '../../src/collector/watch-suspects.ts'
import { aRecord } from '../conformance/store/fixtures.ts'
import { failure, startBench, success, times } from './detect/campaign-bench.ts'
import type { Bench } from './detect/campaign-bench.ts'

let bench: Bench
let watch: SuspectWatch
afterEach(async () => {
  await watch.stop()
  await bench.close()
})

const attacker = '203.0.113.9'

test('what addresses and users of an open signal do is wanted from then on, and no longer once it is closed', async () => {
  bench = await startBench()
  const clock = { nowMs: () => bench.clock.nowMs(), after: () => () => undefined }
  const errors: unknown[] = []
  watch = await watchSuspects({ ...bench, clock, onError: (error) => errors.push(error) })
  const from = (ip: string, userId?: string) =>
    aRecord({ attributes: { 'http.client_ip': ip, ...(userId === undefined ? {} : { 'usr.id': userId }) } })
  expect(watch.isWanted(from(attacker))).toBe(false)
  await bench.happen([
    ...times(35, 0, 1, (at, n) => failure(at, attacker, `stolen${n}`)),
    success(40, attacker, 'victim'),
    success(41, '198.51.100.7', 'someone'),
  ])
  await watch.look()
  expect(watch.isWanted(from(attacker))).toBe(true)
  const [signal] = await bench.signals()
  const userId = (
    await bench.store.search('@appsec.events_data.usr.login:victim', { fromMs: 0, toMs: 8e15 }, { limit: 1 })
  ).records[0]?.attributes['appsec.events_data.usr.id']
  expect(watch.isWanted(from('192.0.2.200', String(userId)))).toBe(true)
  expect(watch.isWanted(from('198.51.100.7', 'nobody'))).toBe(false)
  await bench.state.commit({ signals: [{ update: signal?.id ?? '', set: { closedAt: signal?.lastSeen ?? '' } }] })
  expect(watch.isWanted(from(attacker))).toBe(false)
  expect(errors).toEqual([])
})
