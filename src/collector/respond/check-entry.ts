import type { DenylistKind } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import { formatIp, formatNetwork, parseIp, parseNetwork } from '../../net/ip.ts'
import type { ListName } from '../state/state.ts'
import type { NewEntry } from './respond.ts'

/** Longest value that is matched, in UTF-16 units; a longer one would only be shipped around. */
const maxValueLength = 512
const kinds: readonly DenylistKind[] = ['ip', 'cidr', 'user', 'login', 'user_agent', 'fingerprint']
/** A passlist is looked up before the denylist, by address and user only. */
const passlistKinds: readonly DenylistKind[] = ['ip', 'cidr', 'user']

/** The entry with its value in canonical form. Throws REQUEST_INVALID at `path`. */
export function checkEntry(list: ListName, entry: NewEntry, path: string, nowMs: number): NewEntry {
  const accepted = list === 'passlist' ? passlistKinds : kinds
  if (!accepted.includes(entry.kind)) {
    throw fail('REQUEST_INVALID', `${path}.kind`, `a ${list} takes ${accepted.join(', ')}`)
  }
  if (typeof entry.value !== 'string' || entry.value === '' || entry.value.length > maxValueLength) {
    throw fail('REQUEST_INVALID', `${path}.value`, `it is not a text of 1 to ${maxValueLength} characters`)
  }
  checkEnd(entry.expiresAt, `${path}.expiresAt`, nowMs)
  return { ...entry, value: canonicalValue(entry, `${path}.value`) }
}

/** Throws REQUEST_INVALID unless it is null or an ISO 8601 time in the future. */
export function checkEnd(expiresAt: string | null, path: string, nowMs: number): void {
  if (expiresAt === null) return
  const endMs = Date.parse(expiresAt)
  if (Number.isNaN(endMs)) throw fail('REQUEST_INVALID', path, 'it is not an ISO 8601 time')
  if (endMs <= nowMs) throw fail('REQUEST_INVALID', path, 'it lies in the past')
}

function canonicalValue({ kind, value }: NewEntry, path: string): string {
  if (kind === 'ip') {
    const ip = parseIp(value)
    if (ip === undefined) throw fail('REQUEST_INVALID', path, `"${value}" is not an address`)
    return formatIp(ip)
  }
  if (kind === 'cidr') {
    const network = value.includes('/') ? parseNetwork(value) : undefined
    if (network === undefined) throw fail('REQUEST_INVALID', path, `"${value}" is not a CIDR block`)
    return formatNetwork(network)
  }
  return value
}
