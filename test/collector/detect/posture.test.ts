import { afterAll, beforeAll, expect, test } from 'vitest'
import { readServices } from '../../../src/collector/service-view.ts'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench.close())

const address = (index: number): string => `198.51.${100 + (index >> 8)}.${index & 255}`
const browser = {
  'http.request.headers.accept-encoding': 'gzip, deflate, br',
  'http.useragent': 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
}
const hour = 3_600

/** A service as it should be: people log in from home, and mistype. */
function healthy(change: (event: Event, index: number) => Event): readonly Event[] {
  return times(300, -300, 1, (at, n) =>
    change(
      {
        ...(n % 5 < 2
          ? failure(at, address(n % 100), `user${n % 100}`, n % 25 > 0)
          : success(at, address(n % 100), `user${n % 100}`)),
        attributes: browser,
      },
      n,
    ),
  )
}

const withAttributes = (attributes: Event['attributes'] & object) => (event: Event) => ({
  ...event,
  attributes: { ...event.attributes, ...attributes },
})

const cases: readonly {
  readonly says: string
  readonly events: readonly Event[]
  readonly findings: readonly string[]
}[] = [
  { says: 'a service as it should be', events: healthy((event) => event), findings: [] },
  {
    says: 'headers that do not arrive',
    events: healthy((event) => ({ ...event, attributes: { 'http.useragent': browser['http.useragent'] } })),
    findings: ['accept-encoding-missing'],
  },
  {
    says: 'one login in four without headers is somebody else',
    events: healthy((event, n) => (n % 4 === 0 ? { ...event, attributes: {} } : event)),
    findings: [],
  },
  {
    says: 'a calling service',
    events: healthy(withAttributes({ 'http.useragent': 'axios/1.7.2' })),
    findings: ['http-library'],
  },
  {
    says: 'a success and a failure in one request',
    events: healthy((event, n) =>
      n % 20 === 0
        ? withAttributes({
            'appsec.events_data.usr.id': `id-${event.login}`,
            'appsec.security_activity': ['business_logic.users.login.failure', 'business_logic.users.login.success'],
          })(event)
        : event,
    ),
    findings: ['both-outcomes'],
  },
  {
    says: 'every account exists',
    events: healthy((event) => ({ ...event, exists: true })),
    findings: ['exists-constant'],
  },
  {
    says: 'a hundred accounts behind three addresses',
    events: healthy((event, n) => ({ ...event, ip: address(n % 3) })),
    findings: ['client-ip-few'],
  },
  {
    says: 'a forgotten credential',
    events: [
      ...healthy((event) => event),
      ...times(120, -22 * hour, 600, (at) => ({ ...failure(at, address(200), 'nightly-export'), attributes: browser })),
    ],
    findings: ['chronic-failure'],
  },
  {
    says: 'one that failed all day and then logged in',
    events: [
      ...healthy((event) => event),
      ...times(120, -22 * hour, 600, (at) => ({ ...failure(at, address(200), 'me'), attributes: browser })),
      { ...success(-60, address(200), 'me'), attributes: browser },
    ],
    findings: [],
  },
  {
    says: 'somebody who failed yesterday evening and this morning',
    events: [
      ...healthy((event) => event),
      ...times(20, -22 * hour, 30, (at) => ({ ...failure(at, address(200), 'me'), attributes: browser })),
      ...times(20, -2 * hour, 30, (at) => ({ ...failure(at, address(200), 'me'), attributes: browser })),
    ],
    findings: [],
  },
]

test.each(cases)('$says', async ({ says, events, findings }) => {
  await bench.happen(events.map((event) => ({ ...event, service: says })))
  const services = await readServices(bench.store, { fromMs: noonMs - 24 * hour * 1000, toMs: noonMs + 60_000 })
  const found = services.find(({ name }) => name === says)?.findings ?? []
  expect(found.map(({ code }) => code)).toEqual(findings)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(10))
