import { afterEach, expect, test } from 'vitest'
import type { Severity } from '../../../src/model/detection-rule.ts'
import { failure, startBench, success, times } from './campaign-bench.ts'
import type { Bench, Event } from './campaign-bench.ts'

let bench: Bench | undefined
afterEach(async () => {
  expect(bench?.errors ?? []).toEqual([])
  await bench?.close()
  bench = undefined
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
    signals: [['distributed-credential-stuffing', 'low']],
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
]

test.each(cases)('$says', async ({ events, signals }) => {
  bench = await startBench()
  await bench.happen([...events].sort((a, b) => a.at - b.at))
  const found = (await bench.signals()).map(({ rule, severity }) => [rule.id, severity])
  expect(found.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual(signals)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(23))
