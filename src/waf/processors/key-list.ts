import { readText, readValue } from '../javascript-value.ts'
import { lowerAscii } from '../lower-ascii.ts'
import { shortHash } from '../short-hash.ts'
import { keySequenceOf } from '../key-sequence.ts'

/** Keys of one map that count for a fingerprint. */
const maxKeys = 256
/** Characters of one key that count. */
const maxKeyLength = 4096

/** Top-level entries of a map in the order of fingerprints; empty when the value is not a map. */
export function sortedEntries(value: unknown): readonly (readonly [key: string, value: unknown])[] {
  if (value === undefined) return []
  const read = readValue(value, maxKeys)
  if (read.kind !== 'map') return []
  return read.entries
    .map(([key, below]) => [key.slice(0, maxKeyLength), below] as const)
    .sort(([a], [b]) => compareKeys(a, b))
}

/** Hash of the lower-cased keys in order, commas inside them escaped; "" without any key. */
export function hashKeys(entries: readonly (readonly [key: string, value: unknown])[]): string {
  return entries.length === 0 ? '' : shortHash(entries.map(([key]) => escapeCommas(lowerAscii(key))).join(','))
}

/** `hashKeys` of the top-level keys of a value, remembered for keys in the order in which they come. */
export function hashKeysOf(value: unknown): string {
  const sequence = keySequenceOf(value)
  if (sequence === undefined) return hashKeys(sortedEntries(value))
  return (sequence.hash ??= hashKeys(sortedEntries(value)))
}

/** Hash of the values in the order of their keys; what is no text counts as empty. */
export function hashValues(entries: readonly (readonly [key: string, value: unknown])[]): string {
  return entries.length === 0
    ? ''
    : shortHash(entries.map(([, value]) => escapeCommas(readText(value) ?? '')).join(','))
}

function escapeCommas(text: string): string {
  return text.includes(',') ? text.replaceAll(',', '\\,') : text
}

/**
 * Order by UTF-8 bytes, read as signed numbers and without regard to the case of ASCII letters: characters outside ASCII
 * come before all others.
 */
function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) {
      const difference = rank(a, index, left) - rank(b, index, right)
      if (difference !== 0) return difference
    }
  }
  return a.length - b.length
}

function rank(text: string, index: number, unit: number): number {
  if (unit >= 0x41 && unit <= 0x5a) return unit + 0x20
  return unit < 0x80 ? unit : (text.codePointAt(index) ?? unit) - 0x200000
}
