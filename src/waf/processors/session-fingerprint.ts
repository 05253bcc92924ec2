import { readText, readValue } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'
import { shortHashOfLower } from '../short-hash.ts'
import { hashKeys, hashValues, sortedEntries } from './key-list.ts'

/**
 * `session_fingerprint`: `ssn-<user>-<cookie names>-<cookie values>-<session>`, each hashed, empty where there is
 * nothing. Source: spec/waf-rules.md 2.8.
 */
export const sessionFingerprint: Processor<'session_fingerprint'> = {
  name: 'session_fingerprint',
  inputs: [
    { name: 'cookies', required: false },
    { name: 'session_id', required: false },
    { name: 'user_id', required: false },
  ],
  regenerates: true,
  generate({ cookies, session_id, user_id }) {
    if (readText(user_id) === undefined && readText(session_id) === undefined && readValue(cookies, 0).kind !== 'map')
      return undefined
    const entries = sortedEntries(cookies)
    return `ssn-${hashText(user_id)}-${hashKeys(entries)}-${hashValues(entries)}-${hashText(session_id)}`
  },
}

function hashText(value: unknown): string {
  const text = readText(value) ?? ''
  return text === '' ? '' : shortHashOfLower(text)
}
