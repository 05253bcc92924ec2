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

  constructor(body: Uint8Array) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  }

  invalid(what: string): PortcullisError {
    return fail('PAYLOAD_INVALID', what, `byte ${this.offset}`)
  }

  value(depth: number): unknown {
    const byte = this.#view.getUint8(this.#take(1))
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

  /** Names of tags come thousands of times: what was read before is found again by its bytes instead of being made again. */
  #text(length: number): string {
    const start = this.#take(length)
    if (length > maxKnownLength) return this.#body.toString('utf8', start, start + length)
    const view = this.#view
    const end = start + length
    let hash = length
    let bits = 0
    let at = start
    for (; at + 4 <= end; at += 4) {
      const word = view.getUint32(at)
      bits |= word
      hash = (Math.imul(hash ^ word, 0x9e3779b1) + (hash >>> 15)) | 0
    }
    for (; at < end; at++) {
      const byte = view.getUint8(at)
      bits |= byte
      hash = (Math.imul(hash ^ byte, 0x9e3779b1) + (hash >>> 15)) | 0
    }
    if ((bits & 0x80808080) !== 0) return this.#body.toString('utf8', start, end)
    const slot = (hash ^ (hash >>> 16)) & (knownTexts.length - 1)
    const known = knownTexts[slot]
    if (known !== undefined && this.#isAt(start, length, known)) return known
    const text = this.#body.toString('latin1', start, end)
    knownTexts[slot] = text
    return text
  }

  #isAt(start: number, length: number, text: string): boolean {
    if (text.length !== length) return false
    const view = this.#view
    for (let index = 0; index < length; index++) {
      if (text.charCodeAt(index) !== view.getUint8(start + index)) return false
    }
    return true
  }
}

/** Longer texts hardly come twice. */
const maxKnownLength = 256
/** Texts that were read last, in slots by their bytes: at most 2 MB, shared by all payloads, since those are small. */
const knownTexts: (string | undefined)[] = Array.from({ length: 8_192 })
