import { readText } from '../javascript-value.ts'
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
    { name: 'session_id', required: false, isText: true },
    { name: 'user_id', required: false, isText: true },
  ],
  regenerates: true,
  generate([cookies, sessionId, userId]) {
    if (cookies === undefined && readText(userId) === undefined && readText(sessionId) === undefined) return undefined
    const entries = sortedEntries(cookies)
    return `ssn-${hashText(userId)}-${hashKeys(entries)}-${hashValues(entries)}-${hashText(sessionId)}`
  },
}

function hashText(value: unknown): string {
  const text = readText(value) ?? ''
  return text === '' ? '' : shortHashOfLower(text)
}
