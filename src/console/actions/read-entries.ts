import type { DenylistKind } from '../../model/denylist-entry.ts'
import type { WantedEntry } from './lists.ts'

/** What each kind of entry is called, one and several. */
export const kindWords: Readonly<Record<DenylistKind, readonly [string, string]>> = {
  ip: ['address', 'addresses'],
  cidr: ['network', 'networks'],
  user: ['user id', 'user ids'],
  login: ['login', 'logins'],
  user_agent: ['user agent', 'user agents'],
  fingerprint: ['fingerprint', 'fingerprints'],
}

const v4 = /^(\d{1,3}\.){3}\d{1,3}$/
const v6 = /^(?=.*:.*:)[0-9a-f:.]+$/i

/**
 * Reads pasted lines or the first column of a CSV; empty lines and the heading are left out. `guess`: each is an
 * address or a network. Lines that are neither are refused, with their number from 1.
 */
export function readEntries(
  text: string,
  kind: DenylistKind | 'guess',
): {
  readonly entries: readonly WantedEntry[]
  readonly refused: readonly { readonly line: number; readonly text: string }[]
} {
  const entries = new Map<string, WantedEntry>()
  const refused: { line: number; text: string }[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const value = kind === 'guess' ? firstCell(line) : line.trim()
    if (value === '' || (index === 0 && /^(ip|ip_address|value|address|cidr)$/i.test(value))) continue
    const found = kind === 'guess' ? kindOf(value) : kind
    if (found === undefined) refused.push({ line: index + 1, text: value })
    else entries.set(value, { kind: found, value })
  }
  return { entries: [...entries.values()], refused }
}

function firstCell(line: string): string {
  return (
    /^\s*(?:"([^"]*)"|([^,;\t]*))/
      .exec(line)
      ?.slice(1)
      .find((part) => part !== undefined) ?? ''
  ).trim()
}

function kindOf(value: string): DenylistKind | undefined {
  const [address = '', bits] = value.split('/')
  const isV4 = v4.test(address) && address.split('.').every((part) => Number(part) <= 255)
  if (!isV4 && !v6.test(address)) return undefined
  if (bits === undefined) return 'ip'
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (isV4 ? 32 : 128) ? 'cidr' : undefined
}
