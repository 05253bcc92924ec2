import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PortcullisError, errors, fail } from '../../src/model/error.ts'

test('an error says what is wrong and what to do', () => {
  const error = fail('STORE_LOCKED', '/var/lib/portcullis', 4711)
  expect(error).toBeInstanceOf(PortcullisError)
  expect(error.code).toBe('STORE_LOCKED')
  expect(error.message).toBe(
    '/var/lib/portcullis is in use by process 4711; stop it, or start with another --data directory',
  )
})

test('docs/errors.md explains every code, and no other', () => {
  const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code)
  expect(documented.toSorted()).toEqual(Object.keys(errors).toSorted())
})
