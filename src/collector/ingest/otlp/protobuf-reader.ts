import { fail } from '../../../model/error.ts'
import type { PortcullisError } from '../../../model/error.ts'

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/**
 * Reads the fields of a protobuf message as views into the body; lengths are checked against what is left.
 * Every error is PAYLOAD_INVALID with the byte at which it was found. Source: protobuf.dev/programming-guides/encoding.
 */
export class ProtobufReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  #wire = 0

  constructor(body: Uint8Array) {
    this.#bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    this.#at = 0
    this.#end = this.#bytes.length
  }

  /** The number of the next field; undefined at the end of the message. Its value has to be read or skipped. */
  field(): number | undefined {
    if (this.#at >= this.#end) return undefined
    const [high, tag] = this.#varint()
    const number = tag >>> 3
    if (high !== 0 || number === 0) throw this.error('a field without a number')
    this.#wire = tag & 7
    return number
  }

  bytes(): Uint8Array {
    this.#expect(wire.bytes)
    const [high, length] = this.#varint()
    if (high !== 0 || length > this.#end - this.#at) throw this.error('a field is longer than the body')
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  text(maxBytes: number): string {
    const bytes = this.bytes()
    if (bytes.length > maxBytes) throw this.error(`a text of ${bytes.length} bytes is too long`)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  }

  /** A nested message. */
  message(): ProtobufReader {
    return new ProtobufReader(this.bytes())
  }

  /** A varint as a signed 64-bit integer; beyond 2⁵³ it is rounded. */
  integer(): number {
    this.#expect(wire.varint)
    const [high, low] = this.#varint()
    return (high | 0) * 4_294_967_296 + low
  }

  /** A 64-bit unsigned integer of fixed length; beyond 2⁵³ it is rounded. */
  fixed64(): number {
    this.#expect(wire.fixed64)
    const from = this.#advance(8)
    return this.#bytes.readUInt32LE(from + 4) * 4_294_967_296 + this.#bytes.readUInt32LE(from)
  }

  double(): number {
    this.#expect(wire.fixed64)
    return this.#bytes.readDoubleLE(this.#advance(8))
  }

  skip(): void {
    if (this.#wire === wire.varint) this.#varint()
    else if (this.#wire === wire.fixed64) this.#advance(8)
    else if (this.#wire === wire.fixed32) this.#advance(4)
    else this.bytes()
  }

  error(what: string): PortcullisError {
    return fail('PAYLOAD_INVALID', what, `byte ${this.#bytes.byteOffset + this.#at}`)
  }

  #varint(): readonly [high: number, low: number] {
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#advance(1)] as number
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index === 4) {
        low |= bits << 28
        high |= bits >>> 4
      } else high |= bits << (7 * index - 32)
      if ((byte & 0x80) === 0) return [high >>> 0, low >>> 0]
    }
    throw this.error('a number that does not end')
  }

  #expect(type: number): void {
    if (this.#wire !== type) throw this.error(`a field of wire type ${this.#wire} instead of ${type}`)
  }

  #advance(length: number): number {
    const from = this.#at
    if (from + length > this.#end) throw this.error('the body ends too early')
    this.#at = from + length
    return from
  }
}
