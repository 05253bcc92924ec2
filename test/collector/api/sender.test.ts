import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccess, type Access } from '../../../src/collector/api/access.ts'
import { hashOf } from '../../../src/collector/api/secret.ts'
import { openEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { KeyRecord, State } from '../../../src/collector/state/state.ts'

/** Who may speak as a tracer, by address and key; over HTTP every test comes from this machine, so this asks the door itself. */
let dir = ''
let state: State
let access: Access

const key = (secret: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id: `id of ${secret}`,
  name: secret,
  role: 'ingest',
  secretSha256: hashOf(secret),
  services: null,
  envs: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  revokedAt: null,
  ...more,
})

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-sender-'))
  state = observe(await openEngine(join(dir, 'state.duckdb')))
  const keys = [
    key('old'),
    key('new'),
    key('shop only', { services: ['shop'], envs: ['prod'] }),
    key('revoked', { revokedAt: '2026-02-01T00:00:00.000Z' }),
    key('of the API', { role: 'admin' }),
  ]
  await state.commit({ documents: keys.map((put) => ({ kind: 'key', put })) })
  access = await createAccess({
    state,
    signIn: { session: () => undefined },
    allowFrom: ['198.51.100.0/24', '2001:db8::/32', 'nonsense'],
    directoryToken: 'token of the directory',
  })
})
afterAll(async () => {
  access.close()
  await state.close()
  await rm(dir, { recursive: true, force: true })
})

const all = { services: null, envs: null }
const trusted = { trusted: true, ...all }
const untrusted = { trusted: false, ...all }
const cases: readonly {
  readonly says: string
  readonly ip: string | undefined
  readonly key?: string
  readonly is: object | 'refused'
}[] = [
  { says: 'a tracer on this machine needs no key', ip: '127.0.0.1', is: trusted },
  { says: 'nor over IPv6', ip: '::1', is: trusted },
  { says: 'nor over IPv4 inside of it', ip: '::ffff:127.0.0.1', is: trusted },
  { says: 'nor through the unix socket', ip: undefined, is: trusted },
  { says: 'what it sends as a key is its own business', ip: '127.0.0.1', key: 'a key of Datadog', is: trusted },
  { says: 'a tracer elsewhere needs one', ip: '203.0.113.9', is: 'refused' },
  { says: 'a neighbour in the private network, too', ip: '10.0.0.9', is: 'refused' },
  { says: 'any key will not do', ip: '203.0.113.9', key: 'guess', is: 'refused' },
  { says: 'with its key it is trusted', ip: '203.0.113.9', key: 'old', is: trusted },
  { says: 'with the next one, too, while keys rotate', ip: '203.0.113.9', key: 'new', is: trusted },
  {
    says: 'a key for some services is for these',
    ip: '203.0.113.9',
    key: 'shop only',
    is: { trusted: true, services: ['shop'], envs: ['prod'] },
  },
  { says: 'a revoked key opens nothing', ip: '203.0.113.9', key: 'revoked', is: 'refused' },
  { says: 'nor does a token of the API', ip: '203.0.113.9', key: 'of the API', is: 'refused' },
  { says: 'nor that of the data directory', ip: '203.0.113.9', key: 'token of the directory', is: 'refused' },
  {
    says: 'a network that is let in needs no key, and nothing is blocked for what it says',
    ip: '198.51.100.7',
    is: untrusted,
  },
  { says: 'the same for IPv6', ip: '2001:db8::7', is: untrusted },
  { says: 'the same for IPv4 inside of it', ip: '::ffff:198.51.100.7', is: untrusted },
  { says: 'a key makes it trusted', ip: '198.51.100.7', key: 'old', is: trusted },
]
test.each(cases)('$says', ({ ip, key: sent, is }) => {
  const ask = (): object => access.sender({ ip, key: sent })
  if (is === 'refused') expect(ask).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }))
  else expect(ask()).toEqual(is)
})
test('every case ran', () => expect(cases).toHaveLength(18))
