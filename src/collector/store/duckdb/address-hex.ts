import type { AttributeValue } from '../../../model/span-record.ts'
import { readIp } from '../../../net/ip.ts'

const words = new Uint32Array(4)

/** The address, or addresses joined by commas, as 32 hexadecimal digits each; null when there is none. */
export function addressHex(value: AttributeValue | undefined): string | null {
  if (value === undefined) return null
  if (typeof value === 'string') return readIp(value, words) ? hexOf(words) : null
  const found = typeof value === 'object' ? value.flatMap((text) => addressHex(text) ?? []) : []
  return found.length === 0 ? null : found.join(',')
}

/** Four 32-bit words as 32 hexadecimal digits. */
export function hexOf(address: ArrayLike<number>): string {
  let hex = ''
  for (let index = 0; index < address.length; index++) {
    hex += ((address[index] as number) >>> 0).toString(16).padStart(8, '0')
  }
  return hex
}
