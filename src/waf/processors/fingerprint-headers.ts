import { fingerprintHeaders } from '../../model/header-fingerprint.ts'
import { lowerAscii } from '../lower-ascii.ts'

/** Headers that carry client addresses, in the order of the network fingerprint. */
export const ipHeaders: readonly string[] = [
  'x-forwarded-for',
  'x-real-ip',
  'true-client-ip',
  'x-client-ip',
  'x-forwarded',
  'forwarded-for',
  'x-cluster-client-ip',
  'fastly-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
]

/** What a header name means to the fingerprints; `bit` is its place. `name` is lower case with dashes. */
export type HeaderMeaning =
  | { readonly kind: 'known' | 'ip'; readonly bit: number }
  | { readonly kind: 'user-agent' | 'tracer' }
  | { readonly kind: 'unknown'; readonly name: string }

/** Distinct names remembered, far above what ordinary traffic has. */
const maxRemembered = 1024
const remembered = new Map<string, HeaderMeaning>()

/** The meaning of a header name in any case, with `_` for `-`. */
export function headerMeaning(given: string): HeaderMeaning {
  const found = remembered.get(given)
  if (found !== undefined) return found
  const meaning = classify(lowerAscii(given).replaceAll('_', '-'))
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(given, meaning)
  return meaning
}

function classify(name: string): HeaderMeaning {
  const knownBit = fingerprintHeaders.indexOf(name)
  if (knownBit >= 0) return { kind: 'known', bit: knownBit }
  const ipBit = ipHeaders.indexOf(name)
  if (ipBit >= 0) return { kind: 'ip', bit: ipBit }
  if (name === 'user-agent') return { kind: 'user-agent' }
  if (name.startsWith('x-datadog')) return { kind: 'tracer' }
  return { kind: 'unknown', name }
}
