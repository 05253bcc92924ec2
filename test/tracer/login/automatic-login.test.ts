import { expect, test } from 'vitest'
import {
  trackAutomaticLogin,
  trackAutomaticUser,
  type ObservedLogin,
} from '../../../src/tracer/login/automatic-login.ts'
import { anonymized, collectionMode, type CollectionMode } from '../../../src/tracer/login/collection-mode.ts'
import { recordingTarget, type Checked } from './recording-target.ts'

const success = 'appsec.events.users.login.success'
const failure = 'appsec.events.users.login.failure'

test('modes are read as Datadog tracers read them, anything else disables', () => {
  const read = [
    'identification',
    'ident',
    'extended',
    'anonymization',
    'anon',
    'safe',
    'disabled',
    'anonymous',
    '',
    'toString',
  ]
  expect(read.map(collectionMode)).toEqual([
    ...Array<string>(3).fill('identification'),
    ...Array<string>(3).fill('anonymization'),
    ...Array<string>(4).fill('disabled'),
  ])
})

test('anonymised text is the first 16 bytes of its SHA-256', () => {
  expect(anonymized('test')).toBe('anon_9f86d081884c7d659a2feaa0c55ad015')
})

const cases: {
  readonly says: string
  readonly mode: CollectionMode
  readonly before?: Record<string, string>
  readonly login: ObservedLogin
  readonly tags: Record<string, string>
  readonly checked?: Checked
}[] = [
  {
    says: 'a success is told with its user',
    mode: 'identification',
    login: { login: 'alice', user: { email: 'a@x', id: 7 }, success: true },
    tags: {
      [`${success}.track`]: 'true',
      [`_dd.${success}.auto.mode`]: 'identification',
      '_dd.appsec.usr.login': 'alice',
      [`${success}.usr.login`]: 'alice',
      '_dd.appsec.usr.id': '7',
      'usr.id': '7',
    },
    checked: {
      addresses: { 'usr.login': 'alice', 'usr.id': '7', 'server.business_logic.users.login.success': null },
      subject: { login: 'alice', userId: '7' },
    },
  },
  {
    says: 'names are hashed in anonymization',
    mode: 'anonymization',
    login: { login: 'test', user: { id: 'test' }, success: true },
    tags: {
      [`${success}.track`]: 'true',
      [`_dd.${success}.auto.mode`]: 'anonymization',
      '_dd.appsec.usr.login': 'anon_9f86d081884c7d659a2feaa0c55ad015',
      [`${success}.usr.login`]: 'anon_9f86d081884c7d659a2feaa0c55ad015',
      '_dd.appsec.usr.id': 'anon_9f86d081884c7d659a2feaa0c55ad015',
      'usr.id': 'anon_9f86d081884c7d659a2feaa0c55ad015',
    },
  },
  {
    says: 'a failure has the id under the event only, and exists where it is known',
    mode: 'identification',
    login: { login: 'alice', user: { _id: 'm1' }, success: false, exists: true },
    tags: {
      [`${failure}.track`]: 'true',
      [`_dd.${failure}.auto.mode`]: 'identification',
      '_dd.appsec.usr.login': 'alice',
      [`${failure}.usr.login`]: 'alice',
      '_dd.appsec.usr.id': 'm1',
      [`${failure}.usr.id`]: 'm1',
      [`${failure}.usr.exists`]: 'true',
    },
    checked: {
      addresses: { 'usr.login': 'alice', 'server.business_logic.users.login.failure': null },
      subject: { login: 'alice' },
    },
  },
  {
    says: 'what the SDK said stands, what it did not say is added',
    mode: 'identification',
    before: { [`_dd.${success}.sdk`]: 'true', [`${success}.usr.login`]: 'sdk-login', 'usr.id': 'sdk-id' },
    login: { login: 'alice', user: { id: 'auto-id' }, success: true },
    tags: {
      [`_dd.${success}.sdk`]: 'true',
      [`${success}.usr.login`]: 'sdk-login',
      'usr.id': 'sdk-id',
      [`${success}.track`]: 'true',
      [`_dd.${success}.auto.mode`]: 'identification',
      '_dd.appsec.usr.login': 'alice',
      '_dd.appsec.usr.id': 'auto-id',
    },
    checked: {
      addresses: { 'usr.login': 'alice', 'server.business_logic.users.login.success': null },
      subject: { login: 'alice' },
    },
  },
  {
    says: 'an object without a usable id has none',
    mode: 'identification',
    login: { login: 'alice', user: { id: {}, name: 'x' }, success: false },
    tags: {
      [`${failure}.track`]: 'true',
      [`_dd.${failure}.auto.mode`]: 'identification',
      '_dd.appsec.usr.login': 'alice',
      [`${failure}.usr.login`]: 'alice',
    },
  },
  {
    says: 'disabled tells nothing',
    mode: 'disabled',
    login: { login: 'alice', user: { id: 1 }, success: true },
    tags: {},
  },
]

test.each(cases)('$says', ({ mode, before, login, tags, checked }) => {
  const target = recordingTarget()
  Object.assign(target.tags, before)
  trackAutomaticLogin(target, login, mode)
  expect(target.tags).toEqual(tags)
  if (checked) expect(target.checked).toEqual([checked])
  expect(target.kept).toBe(mode === 'disabled' ? 0 : 1)
})

test('every case ran', () => expect(cases).toHaveLength(6))

test('the user of a session is told unless the SDK told it, and may be blocked', () => {
  const target = recordingTarget({ blockedUsers: ['u1'] })
  expect(trackAutomaticUser(target, { username: 'u1' }, 'identification')).toMatchObject({ type: 'block_request' })
  expect(target.tags).toEqual({
    '_dd.appsec.usr.id': 'u1',
    'usr.id': 'u1',
    '_dd.appsec.user.collection_mode': 'identification',
  })
  const told = recordingTarget({ blockedUsers: ['u1'] })
  told.setTag('_dd.appsec.user.collection_mode', 'sdk')
  expect(trackAutomaticUser(told, { id: 'u1' }, 'identification')).toBeUndefined()
  expect(told.tags).toEqual({ '_dd.appsec.user.collection_mode': 'sdk', '_dd.appsec.usr.id': 'u1' })
  expect(trackAutomaticUser(target, {}, 'identification')).toBeUndefined()
})
