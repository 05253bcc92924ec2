import { fail } from '../../../model/error.ts'

/** Says where a value stands in a payload, as `traces[0][3].meta`: only a message needs it, and most payloads need none. */
export type Path = () => string

export function arrayOf(value: unknown, path: Path): readonly unknown[] {
  if (!Array.isArray(value)) throw fail('PAYLOAD_INVALID', 'not an array', path())
  return value
}

export function mapOf(value: unknown, path: Path): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw fail('PAYLOAD_INVALID', 'not a map', path())
  }
  return value as Record<string, unknown>
}

/** A text, or the standard when there is none. */
export function textOf(value: unknown, path: Path, standard = ''): string {
  if (value === undefined || value === null) return standard
  if (typeof value !== 'string') throw fail('PAYLOAD_INVALID', 'not a text', path())
  return value
}

export function numberOf(value: unknown, path: Path, standard?: number): number {
  if ((value === undefined || value === null) && standard !== undefined) return standard
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'number') throw fail('PAYLOAD_INVALID', 'not a number', path())
  return value
}

/** An id of 64 bits as 16 hexadecimal digits. JSON gives ids above 2^53 as texts, since its numbers cannot hold them. */
export function idOf(value: unknown, path: Path): string {
  const id = typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : value
  if (typeof id === 'bigint')
    return (id >= 0n && id < 2n ** 64n ? id : BigInt.asUintN(64, id)).toString(16).padStart(16, '0')
  if (typeof id !== 'number') throw fail('PAYLOAD_INVALID', 'not an id', path())
  if (!Number.isSafeInteger(id)) {
    throw fail('PAYLOAD_INVALID', 'the id lost its last digits; send ids above 2^53 as texts', path())
  }
  return BigInt.asUintN(64, BigInt(id)).toString(16).padStart(16, '0')
}

const earliestMs = Date.UTC(2000, 0)
const latestMs = Date.UTC(2200, 0)

/** A time in nanoseconds since 1970 as milliseconds. What no clock shows is refused. */
export function timeOf(value: unknown, path: Path): number {
  const ms = numberOf(value, path) / 1e6
  if (!(ms >= earliestMs && ms < latestMs))
    throw fail('PAYLOAD_INVALID', 'not a time in nanoseconds since 1970', path())
  return ms
}
