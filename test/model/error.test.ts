import { expect, test } from 'vitest'
import { PortcullisError, fail } from '../../src/model/error.ts'

test('an error says what is wrong and what to do', () => {
  const error = fail('STORE_LOCKED', '/var/lib/portcullis', 4711)
  expect(error).toBeInstanceOf(PortcullisError)
  expect(error.code).toBe('STORE_LOCKED')
  expect(error.message).toBe(
    '/var/lib/portcullis is in use by process 4711; stop it, or start with another --data directory',
  )
})
