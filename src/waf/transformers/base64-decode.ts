import type { Transformer } from '../transformer.ts'

/**
 * `base64_decode`: decodes a text that is base64 and nothing else; any foreign character, or padding that cannot be,
 * leaves it as it is. Padding may be missing. The bytes are read as UTF-8, what is not UTF-8 becomes U+FFFD.
 */
export const base64Decode: Transformer<'base64_decode'> = {
  name: 'base64_decode',
  aliases: ['base64Decode'],
  apply: (value) => (/^[A-Za-z0-9+/]*={0,4}$/.test(value) ? decodeSextets(value) : undefined),
}

/** How much padding a text may carry, by the number of digits beyond its last whole group. */
const maxPadding = [4, 0, 2, 1] as const

/**
 * The bytes of digits in either base64 alphabet, as UTF-8; undefined when the padding does not fit them.
 * Bits left over at the end make a last byte of their own, filled up with zeros, so that a cut-off text still shows
 * what it began; zero bytes at the end of an incomplete group are dropped, its first byte never.
 */
export function decodeSextets(value: string): string | undefined {
  const padding = value.indexOf('=')
  const count = padding < 0 ? value.length : padding
  const beyond = count % 4
  if (value.length - count > (maxPadding[beyond] ?? 0)) return undefined
  if (beyond === 0) return Buffer.from(value.slice(0, count), 'base64').toString('utf8')
  const bytes = Buffer.from(value.slice(0, count) + 'A'.repeat(4 - beyond), 'base64')
  let end = bytes.length
  while (end > bytes.length - 2 && bytes[end - 1] === 0) end--
  return bytes.toString('utf8', 0, end)
}
