import type { Transformer } from '../transformer.ts'
import { hexValue } from './hex-value.ts'

/** Marks a decoded byte above 0x7F until its neighbours are known; beyond every UTF-16 unit. */
const rawByte = 0x10000

/**
 * `url_decode_iis`: as `url_decode`, with `%uXXXX` for a code point, repeated until nothing is left to decode
 * (`%2541` is `A`). A surrogate written as `%uXXXX` becomes U+FFFD. Linear: instead of passing over the text again,
 * each decoded character is looked at together with the ones before it.
 */
export const urlDecodeIis: Transformer<'url_decode_iis'> = {
  name: 'url_decode_iis',
  aliases: ['urlDecodeUni'],
  triggers: '%+',
  apply(value) {
    if (!value.includes('%') && !value.includes('+')) return undefined
    const units: number[] = []
    for (let index = 0; index < value.length; index++) push(units, value.charCodeAt(index))
    return text(units)
  },
}

/** Appends a unit; while the end of the text reads as an escape, the escape gives way to what it stands for. */
function push(units: number[], unit: number): void {
  let next = unit === 0x2b ? 0x20 : unit
  for (;;) {
    units.push(next)
    const last = hexValue(next)
    if (last < 0) return
    const decoded = decodeByte(units, last) ?? decodeCodePoint(units)
    if (decoded === undefined) return
    next = decoded === 0x2b ? 0x20 : decoded
  }
}

function decodeByte(units: number[], low: number): number | undefined {
  const end = units.length
  if (end < 3 || units[end - 3] !== 0x25) return undefined
  const high = hexValue(units[end - 2] ?? -1)
  if (high < 0) return undefined
  units.length = end - 3
  const byte = high * 16 + low
  return byte < 0x80 ? byte : rawByte + byte
}

function decodeCodePoint(units: number[]): number | undefined {
  const start = units.length - 6
  if (start < 0 || units[start] !== 0x25 || ((units[start + 1] ?? 0) | 0x20) !== 0x75) return undefined
  let point = 0
  for (let index = start + 2; index < start + 6; index++) {
    const digit = hexValue(units[index] ?? -1)
    if (digit < 0) return undefined
    point = point * 16 + digit
  }
  units.length = start
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
}

function text(units: readonly number[]): string {
  let out = ''
  let index = 0
  while (index < units.length) {
    const raw: number[] = []
    while ((units[index] ?? 0) >= rawByte) raw.push((units[index++] ?? 0) - rawByte)
    if (raw.length > 0) out += Buffer.from(raw).toString('utf8')
    else out += String.fromCharCode(units[index++] ?? 0)
  }
  return out
}
