import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Severity } from '../../../src/model/detection-rule.ts'
import { failure, noonMs, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

/** One bench for all cases: each has a service of its own, and no rule looks beyond one service. */
let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  expect(bench.errors).toEqual([])
  await bench.close()
})

const attacker = '203.0.113.9'
/** Thirty logins of which about half exist, as in a list bought somewhere. */
const stolen = (index: number): string => `stolen${index}@example.com`
/** An address of its own for each number. */
const address = (index: number): string => `198.51.${100 + (index >> 8)}.${index & 255}`

interface Case {
  readonly says: string
  readonly events: readonly Event[]
  /** Signals afterwards: rule and severity, in the order of rule ids. */
  readonly signals: readonly (readonly [rule: string, severity: Severity])[]
}

const cases: readonly Case[] = [
  // Credential stuffing
  {
    says: '31 failures of one address on 31 accounts are credential stuffing',
    events: times(31, 0, 2, (at, n) => failure(at, attacker, stolen(n), n % 2 === 0)),
    signals: [['credential-stuffing', 'low']],
  },
  {
    says: '30 failures of one address are not',
    events: times(30, 0, 2, (at, n) => failure(at, attacker, stolen(n))),
    signals: [],
  },
  {
    says: '31 failures on four accounts are not',
    events: times(31, 0, 2, (at, n) => failure(at, attacker, stolen(n % 4))),
    signals: [],
  },
  {
    says: '31 failures within eleven minutes are not',
    events: times(31, 0, 22, (at, n) => failure(at, attacker, stolen(n))),
    signals: [],
  },
  {
    says: 'a stuffed password that is right makes it critical',
    events: [
      ...times(31, 0, 2, (at, n) => failure(at, attacker, stolen(n))),
      success(63, attacker, 'victim@example.com'),
    ],
    signals: [['credential-stuffing', 'critical']],
  },
  {
    says: 'an address that threat intelligence knows is one after 16 failures',
    events: times(16, 0, 2, (at, n) => ({
      ...failure(at, attacker, stolen(n)),
      attributes: { 'appsec.threat_intel': 'true' },
    })),
    signals: [['credential-stuffing', 'low']],
  },
  {
    says: 'an office has failures too, but more successes',
    events: [
      ...times(40, 0, 10, (at, n) => failure(at, attacker, `worker${n}`)),
      ...times(41, 1, 9, (at, n) => success(at, attacker, `worker${n}`)),
    ],
    signals: [],
  },
  {
    says: 'in staging it is less severe',
    events: times(31, 0, 2, (at, n) => ({ ...failure(at, attacker, stolen(n)), env: 'staging' })),
    signals: [['credential-stuffing', 'info']],
  },
  {
    says: 'ten failures without a login are an attempt on nobody knows whom',
    events: times(10, 0, 2, (at) => ({ at, event: 'users.login.failure', ip: attacker })),
    signals: [['credential-stuffing', 'low']],
  },
  // Brute force
  {
    says: '41 failures on one account are brute force',
    events: times(41, 0, 2, (at) => failure(at, attacker, 'victim')),
    signals: [['brute-force', 'low']],
  },
  { says: '40 are not', events: times(40, 0, 2, (at) => failure(at, attacker, 'victim')), signals: [] },
  {
    says: '21 failures on one account from six addresses are',
    events: times(21, 0, 2, (at, n) => failure(at, address(n % 6), 'victim')),
    signals: [['brute-force', 'low']],
  },
  {
    says: '21 failures on one account from five addresses are not',
    events: times(21, 0, 2, (at, n) => failure(at, address(n % 5), 'victim')),
    signals: [],
  },
  {
    says: 'an account that does not exist is worth a note',
    events: times(41, 0, 2, (at) => failure(at, attacker, 'nobody', false)),
    signals: [['brute-force', 'info']],
  },
  {
    says: 'of which the service does not say whether it exists counts as one that does',
    events: times(41, 0, 2, (at) => ({ at, event: 'users.login.failure', ip: attacker, login: 'somebody' })),
    signals: [['brute-force', 'low']],
  },
  {
    says: 'a guessed password makes it critical',
    events: [...times(45, 0, 2, (at) => failure(at, attacker, 'victim')), success(92, attacker, 'victim')],
    signals: [['brute-force', 'critical']],
  },
  {
    says: 'five right passwords among 45 wrong ones are a script of its owner, not a guess',
    events: [
      ...times(45, 0, 2, (at) => failure(at, attacker, 'victim')),
      ...times(5, 1, 16, (at) => success(at, attacker, 'victim')),
    ],
    signals: [['brute-force', 'low']],
  },
  {
    says: 'somebody who forgot a password, and then remembers',
    events: [...times(8, 0, 5, (at) => failure(at, attacker, 'me')), success(60, attacker, 'me')],
    signals: [],
  },
  // Distributed
  {
    says: 'two hundred attempts from two hundred addresses within a minute are a campaign, on the first day too',
    events: times(200, 0, 0.3, (at, n) => failure(at, address(n), stolen(n), n % 3 === 0)),
    signals: [
      ['distributed-credential-stuffing', 'low'],
      ['distributed-credential-stuffing-users', 'low'],
    ],
  },
  {
    says: 'a busy service with its ordinary failures is none',
    events: [
      ...times(140, 0, 0.4, (at, n) => failure(at, address(n), `user${n}`)),
      ...times(900, 0, 0.06, (at, n) => success(at, address(n % 250), `user${n}`)),
    ],
    signals: [],
  },
  {
    says: 'the same with far more traffic is none either',
    events: [
      ...times(300, 0, 0.2, (at, n) => failure(at, address(n % 250), `user${n}`)),
      ...times(2_000, 0, 0.03, (at, n) => success(at, address(n % 250), `user${n}`)),
    ],
    signals: [],
  },
  {
    says: 'a broken release: people fail again and again, where they always are',
    events: times(300, 0, 0.3, (at, n) => failure(at, address(n % 50), `user${n % 50}`)),
    signals: [],
  },
  {
    says: 'private addresses say that the proxy is not configured, not that there is a campaign',
    events: times(200, 0, 0.3, (at, n) => failure(at, `10.0.0.${n}`, stolen(n))),
    signals: [],
  },
  {
    says: 'a wide campaign of one attempt an account also stands out by its accounts, and its tool by network and agent',
    events: times(200, 0, 0.3, (at, n) => ({
      ...failure(at, address(n), stolen(n), n % 3 === 0),
      attributes: { 'network.client.asn': '64500', 'http.useragent': 'checker/1.0' },
    })),
    signals: [
      ['distributed-credential-stuffing', 'low'],
      ['distributed-credential-stuffing-tool', 'medium'],
      ['distributed-credential-stuffing-users', 'low'],
    ],
  },
  {
    says: 'the same tool with a right password among them is worse',
    events: [
      ...times(70, 0, 1, (at, n) => ({
        ...failure(at, address(n), stolen(n)),
        attributes: { 'network.client.asn': '64500', 'http.useragent': 'checker/1.0' },
      })),
      {
        ...success(71, address(71), 'victim'),
        attributes: { 'network.client.asn': '64500', 'http.useragent': 'checker/1.0' },
      },
      {
        ...failure(72, address(72), stolen(72)),
        attributes: { 'network.client.asn': '64500', 'http.useragent': 'checker/1.0' },
      },
    ],
    signals: [['distributed-credential-stuffing-tool', 'critical']],
  },
  {
    says: 'a mobile carrier with the newest phone is many people',
    events: times(400, 0, 0.6, (at, n) => ({
      ...(n % 5 === 0 ? failure(at, address(n % 250), `user${n}`) : success(at, address(n % 250), `user${n}`)),
      attributes: { 'network.client.asn': '64501', 'http.useragent': 'Phone/20' },
    })),
    signals: [],
  },
  // Dictionary
  {
    says: 'an address that tries two logins of a list that two others tried is an attacker at once',
    events: [...listTries(0, 0, 5), ...listTries(60, 1, 5), ...listTries(120, 2, 2)],
    signals: [['dictionary', 'low']],
  },
  {
    says: 'one login of a list may be a coincidence',
    events: [...listTries(0, 0, 5), ...listTries(60, 1, 5), ...listTries(120, 2, 1)],
    signals: [],
  },
  {
    says: 'logins that one other address tried are no list',
    events: [...listTries(0, 0, 5), ...listTries(60, 1, 5)],
    signals: [],
  },
  {
    says: 'logins that exist are no list',
    events: times(12, 0, 20, (at, n) => failure(at, address(n % 4), `member${n % 3}`)),
    signals: [],
  },
  {
    says: 'nor those of which the service does not say whether they exist',
    events: times(12, 0, 20, (at, n) => ({
      at,
      event: 'users.login.failure',
      ip: address(n % 4),
      login: `member${n % 3}`,
    })),
    signals: [],
  },
  {
    says: 'somebody mistypes twice, at home and on the way',
    events: [...listTries(0, 0, 2), ...listTries(60, 1, 2), success(80, address(1), 'me')],
    signals: [],
  },
  {
    says: 'a broken release sends the same missing login from everywhere',
    events: times(40, 0, 5, (at, n) => failure(at, address(n % 20), 'undefined', false)),
    signals: [],
  },
  {
    says: 'an office with two devices of people who left, and with colleagues who log in',
    events: [
      ...listTries(0, 0, 2),
      ...listTries(60, 1, 2),
      ...times(5, 100, 10, (at, n) => success(at, address(2), `colleague${n}`)),
      ...listTries(200, 2, 2),
    ],
    signals: [],
  },
  {
    says: 'a login from an address that works through a list is a compromise',
    events: [
      ...listTries(0, 0, 12),
      ...listTries(60, 1, 12),
      ...listTries(120, 2, 12),
      success(160, address(2), 'victim'),
    ],
    signals: [['dictionary', 'critical']],
  },
  // Password resets
  {
    says: 'resets of six users from one address',
    events: times(6, 0, 10, (at, n) => reset(at, `user${n}`)),
    signals: [['password-reset-by-ip', 'medium']],
  },
  { says: 'resets of five users', events: times(5, 0, 10, (at, n) => reset(at, `user${n}`)), signals: [] },
  { says: 'six resets of one user', events: times(6, 0, 10, (at) => reset(at, 'me')), signals: [] },
  {
    says: 'resets of six users that do not exist',
    events: times(6, 0, 10, (at, n) => ({ ...reset(at, `user${n}`), exists: false })),
    signals: [['password-reset-by-ip', 'low']],
  },
  {
    says: 'eleven tries of one reset',
    events: times(11, 0, 10, (at, n) => ({ ...reset(at, 'me'), userId: 'id-me', ip: address(n) })),
    signals: [['password-reset-of-user', 'medium']],
  },
  {
    says: 'ten tries of one reset',
    events: times(10, 0, 10, (at, n) => ({ ...reset(at, 'me'), userId: 'id-me', ip: address(n) })),
    signals: [],
  },
  // Business logic
  ...business('users.signup', 'signups-by-ip', 10),
  ...business('users.delete', 'account-deletions-by-ip', 5),
  ...business('payment.failure', 'payment-failures-by-ip', 3),
  ...business('activity.sensitive', 'sensitive-activity-by-ip', 100, { 'appsec.events_data.name': 'export' }),
  ...business('activity.sensitive', 'sensitive-activity-unnamed-by-ip', 100),
  {
    says: '101 sensitive activities of two kinds are not much of either',
    events: times(101, 0, 1, (at, n) => ({
      at,
      event: 'activity.sensitive',
      ip: attacker,
      attributes: { 'appsec.events_data.name': n % 2 === 0 ? 'export' : 'share' },
    })),
    signals: [],
  },
  // Threat intelligence
  {
    says: 'a login from an address of ill repute is worth a look',
    events: [{ ...success(0, attacker, 'me'), attributes: { 'appsec.threat_intel': 'true' } }],
    signals: [['login-from-threat-intel', 'low']],
  },
  { says: 'a login from anywhere else is not', events: [success(0, attacker, 'me')], signals: [] },
  // Disposable e-mail addresses
  {
    says: 'an account with an address to be thrown away is worth a note',
    events: [{ ...success(0, attacker, 'me'), attributes: { 'appsec.disposable_email': 'true' } }],
    signals: [['disposable-email', 'info']],
  },
  {
    says: 'a failed login with such an address is not',
    events: [{ ...failure(0, attacker, 'me'), attributes: { 'appsec.disposable_email': 'true' } }],
    signals: [],
  },
]

/** More than `limit` of an event raise the rule, `limit` do not, nor as many as half of it from each of two addresses. */
function business(
  event: string,
  rule: string,
  limit: number,
  attributes: Readonly<Record<string, string>> = {},
): readonly Case[] {
  const make = (at: number, ip = attacker): Event => ({ at, event, ip, attributes })
  return [
    {
      says: `${rule}: ${limit + 1} of one address`,
      events: times(limit + 1, 0, 2, (at) => make(at)),
      signals: [[rule, 'medium']],
    },
    { says: `${rule}: ${limit} of one address`, events: times(limit, 0, 2, (at) => make(at)), signals: [] },
    {
      says: `${rule}: ${limit + 1} of two addresses`,
      events: times(limit + 1, 0, 2, (at, n) => make(at, address(n % 2))),
      signals: [],
    },
  ]
}

/** The first `count` logins of a list, none of which exists, from one address. */
function listTries(from: number, who: number, count: number): readonly Event[] {
  return times(count, from, 3, (at, n) => failure(at, address(who), `list${n}`, false))
}

function reset(at: number, login: string): Event {
  return { at, event: 'users.password_reset', ip: attacker, login, exists: true }
}

const dayMs = 86_400_000

test.each(cases)('$says', async ({ says, events, signals }) => {
  // Each begins at a noon of its own: what is late by more than a quarter of an hour raises nothing.
  const days = Math.ceil((bench.clock.nowMs() - noonMs) / dayMs)
  const ordered = events.map((event) => ({ ...event, at: event.at + (days * dayMs) / 1_000, service: says }))
  await bench.happen(ordered.sort((a, b) => a.at - b.at))
  // Some rules are evaluated every five seconds.
  await bench.later(6)
  const found = (await bench.signals())
    .filter(({ group }) => group['service'] === says)
    .map(({ rule, severity }) => [rule.id, severity])
  expect(found.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual(signals)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(61))
