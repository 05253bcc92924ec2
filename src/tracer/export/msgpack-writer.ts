/** Bytes a writer starts with; most spans fit. */
const INITIAL_BYTES = 16_384
/** Spans are copied out side by side into slabs: an allocation of its own for each costs more than writing it. */
const SLAB_BYTES = 131_072
/** Longest text that is copied unit by unit; its size fits one byte. */
const MAX_COPIED = 96

/**
 * Writes msgpack values one after the other into a buffer that grows and is used again.
 * Written here because identifiers and start times must be `uint 64` whatever their size, as the agent protocol has them.
 * Source: the msgpack specification (github.com/msgpack/msgpack).
 */
export class MsgpackWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #length = 0
  #slab = Buffer.alloc(0)
  #slabUsed = 0

  /** The bytes written since the last call, as a copy; the writer starts anew. */
  take(): Uint8Array {
    const size = this.#length
    this.#length = 0
    if (size > SLAB_BYTES / 8) return Uint8Array.prototype.slice.call(this.#buffer, 0, size)
    if (this.#slabUsed + size > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#slabUsed = 0
    }
    const start = this.#slabUsed
    this.#slabUsed += size
    this.#buffer.copy(this.#slab, start, 0, size)
    return this.#slab.subarray(start, this.#slabUsed)
  }

  mapHeader(size: number): void {
    this.#reserve(5)
    if (size < 16) this.#buffer[this.#length++] = 0x80 | size
    else if (size < 0x1_0000) this.#tag16(0xde, size)
    else this.#tag32(0xdf, size)
  }

  arrayHeader(size: number): void {
    this.#reserve(5)
    if (size < 16) this.#buffer[this.#length++] = 0x90 | size
    else if (size < 0x1_0000) this.#tag16(0xdc, size)
    else this.#tag32(0xdd, size)
  }

  string(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8.
    this.#reserve(5 + text.length * 3)
    if (text.length <= MAX_COPIED && this.#ascii(text)) return
    // The longest short header, since the size is known only once it is written.
    const written = this.#buffer.write(text, this.#length + 5, 'utf8')
    this.#tag32(0xdb, written)
    this.#length += written
  }

  /** Copies a short text unit by unit, which costs less than a call into the platform. False when it is not ASCII. */
  #ascii(text: string): boolean {
    const { length } = text
    const buffer = this.#buffer
    const start = this.#length + (length < 32 ? 1 : 2)
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return false
      buffer[start + index] = unit
    }
    if (length < 32) buffer[this.#length] = 0xa0 | length
    else {
      buffer[this.#length] = 0xd9
      buffer[this.#length + 1] = length
    }
    this.#length = start + length
    return true
  }

  binary(bytes: Uint8Array): void {
    this.#reserve(5 + bytes.length)
    this.#tag32(0xc6, bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Copies what was encoded before. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Two 32-bit words as `uint 64`. */
  words(high: number, low: number): void {
    this.#reserve(9)
    this.#buffer[this.#length] = 0xcf
    this.#word(this.#length + 1, high)
    this.#word(this.#length + 5, low)
    this.#length += 9
  }

  /** Milliseconds since 1970, with fractions, as whole nanoseconds in `uint 64`: neither fits a double. */
  nanoseconds(milliseconds: number): void {
    const whole = Math.floor(milliseconds)
    // In two parts of the whole milliseconds, so that every product is exact.
    const upper = Math.floor(whole / 0x1_0000) * 1e6
    const lower = (whole % 0x1_0000) * 1e6 + Math.round((milliseconds - whole) * 1e6)
    const sum = (upper % 0x1_0000) * 0x1_0000 + lower
    this.words(Math.floor(upper / 0x1_0000) + Math.floor(sum / 0x1_0000_0000), sum % 0x1_0000_0000)
  }

  /** The shortest form of a number: an integer where it is one, else a double. */
  number(value: number): void {
    this.#reserve(9)
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#buffer[this.#length++] = 0xcb
      this.#length = this.#buffer.writeDoubleBE(value, this.#length)
    } else if (value >= 0) this.#positive(value)
    else this.#negative(value)
  }

  #positive(value: number): void {
    if (value < 0x80) this.#buffer[this.#length++] = value
    else if (value < 0x100) {
      this.#buffer[this.#length++] = 0xcc
      this.#buffer[this.#length++] = value
    } else if (value < 0x1_0000) this.#tag16(0xcd, value)
    else if (value < 0x1_0000_0000) this.#tag32(0xce, value)
    else this.words(Math.floor(value / 0x1_0000_0000), value % 0x1_0000_0000)
  }

  #negative(value: number): void {
    if (value >= -0x20) this.#buffer[this.#length++] = value & 0xff
    else if (value >= -0x8000_0000) {
      this.#buffer[this.#length++] = 0xd2
      this.#length = this.#buffer.writeInt32BE(value, this.#length)
    } else {
      this.#buffer[this.#length++] = 0xd3
      this.#length = this.#buffer.writeBigInt64BE(BigInt(value), this.#length)
    }
  }

  #tag16(type: number, value: number): void {
    const buffer = this.#buffer
    const at = this.#length
    buffer[at] = type
    buffer[at + 1] = value >>> 8
    buffer[at + 2] = value
    this.#length = at + 3
  }

  #tag32(type: number, value: number): void {
    this.#buffer[this.#length] = type
    this.#word(this.#length + 1, value)
    this.#length += 5
  }

  #word(at: number, value: number): void {
    const buffer = this.#buffer
    buffer[at] = value >>> 24
    buffer[at + 1] = value >>> 16
    buffer[at + 2] = value >>> 8
    buffer[at + 3] = value
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}
