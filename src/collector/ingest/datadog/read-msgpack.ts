import { fail, type PortcullisError } from '../../../model/error.ts'

/** Spans nest five deep; anything deeper is not one. */
const maxDepth = 32

/**
 * Decodes one msgpack value and nothing after it: maps as null-prototype objects, 64-bit integers as bigint, binary as
 * views of the body. Extensions are refused. Own code since every length is checked against the bytes that are left
 * before anything is reserved, which libraries leave to the caller. Throws PAYLOAD_INVALID with the byte offset.
 * Source: the msgpack specification.
 */
export function readMsgpack(body: Uint8Array): unknown {
  const reader = new Reader(body)
  const value = reader.value(0)
  if (reader.offset !== body.length) throw reader.invalid('bytes after the end of the value')
  return value
}

class Reader {
  offset = 0
  readonly #body: Buffer
  readonly #view: DataView
  readonly #texts: (string | undefined)[] = Array.from({ length: cacheSize })

  constructor(body: Uint8Array) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  }

  invalid(what: string): PortcullisError {
    return fail('PAYLOAD_INVALID', what, `byte ${this.offset}`)
  }

  value(depth: number): unknown {
    const byte = this.#body[this.#take(1)] ?? 0
    if (byte < 0x80) return byte
    if (byte < 0x90) return this.#map(byte & 0x0f, depth)
    if (byte < 0xa0) return this.#array(byte & 0x0f, depth)
    if (byte < 0xc0) return this.#text(byte & 0x1f)
    if (byte >= 0xe0) return byte - 0x100
    switch (byte) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#bytes(this.#view.getUint8(this.#take(1)))
      case 0xc5:
        return this.#bytes(this.#view.getUint16(this.#take(2)))
      case 0xc6:
        return this.#bytes(this.#view.getUint32(this.#take(4)))
      case 0xca:
        return this.#view.getFloat32(this.#take(4))
      case 0xcb:
        return this.#view.getFloat64(this.#take(8))
      case 0xcc:
        return this.#view.getUint8(this.#take(1))
      case 0xcd:
        return this.#view.getUint16(this.#take(2))
      case 0xce:
        return this.#view.getUint32(this.#take(4))
      case 0xcf:
        return this.#view.getBigUint64(this.#take(8))
      case 0xd0:
        return this.#view.getInt8(this.#take(1))
      case 0xd1:
        return this.#view.getInt16(this.#take(2))
      case 0xd2:
        return this.#view.getInt32(this.#take(4))
      case 0xd3:
        return this.#view.getBigInt64(this.#take(8))
      case 0xd9:
        return this.#text(this.#view.getUint8(this.#take(1)))
      case 0xda:
        return this.#text(this.#view.getUint16(this.#take(2)))
      case 0xdb:
        return this.#text(this.#view.getUint32(this.#take(4)))
      case 0xdc:
        return this.#array(this.#view.getUint16(this.#take(2)), depth)
      case 0xdd:
        return this.#array(this.#view.getUint32(this.#take(4)), depth)
      case 0xde:
        return this.#map(this.#view.getUint16(this.#take(2)), depth)
      case 0xdf:
        return this.#map(this.#view.getUint32(this.#take(4)), depth)
      default:
        throw this.invalid(`the type 0x${byte.toString(16)} is not part of a trace`)
    }
  }

  /** Moves past `count` bytes and returns where they begin. */
  #take(count: number): number {
    const start = this.offset
    if (count > this.#body.length - start) throw this.invalid('the body ends early')
    this.offset = start + count
    return start
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, 1, depth)
    const items: unknown[] = []
    for (let index = 0; index < length; index++) items.push(this.value(depth + 1))
    return items
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#enter(length, 2, depth)
    const map = Object.create(null) as Record<string, unknown>
    for (let index = 0; index < length; index++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string' && typeof key !== 'number') throw this.invalid('a key is neither text nor number')
      map[key] = this.value(depth + 1)
    }
    return map
  }

  /** Every item takes at least a byte, so a length beyond what is left is a lie. */
  #enter(length: number, bytesEach: number, depth: number): void {
    if (length * bytesEach > this.#body.length - this.offset) throw this.invalid('the body ends early')
    if (depth >= maxDepth) throw this.invalid(`nested deeper than ${maxDepth}`)
  }

  #bytes(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#body.subarray(start, start + length)
  }

  /** Names of tags come thousands of times: short texts are found again by their bytes instead of being made again. */
  #text(length: number): string {
    const start = this.#take(length)
    if (length > maxCachedLength) return this.#body.toString('utf8', start, start + length)
    let hash = length
    for (let index = start; index < start + length; index++) {
      const byte = this.#body[index] ?? 0
      if (byte > 0x7f) return this.#body.toString('utf8', start, start + length)
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const slot = hash & (cacheSize - 1)
    const known = this.#texts[slot]
    if (known !== undefined && this.#isAt(start, length, known)) return known
    const text = this.#body.toString('latin1', start, start + length)
    this.#texts[slot] = text
    return text
  }

  #isAt(start: number, length: number, text: string): boolean {
    if (text.length !== length) return false
    for (let index = 0; index < length; index++) {
      if (text.charCodeAt(index) !== this.#body[start + index]) return false
    }
    return true
  }
}

const maxCachedLength = 64
const cacheSize = 1_024
