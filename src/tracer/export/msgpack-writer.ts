/** Values are written side by side into slabs: an allocation, or a copy, of its own for each costs more than writing it. */
const SLAB_BYTES = 131_072
/** Slabs kept for what is written next: 2 MB, what a batch or two take. */
const MAX_FREE_SLABS = 16
/** Longest text that is copied unit by unit, which costs less than a call into the platform up to here. */
const MAX_COPIED = 28
/** Longest text whose size in UTF-8 fits one byte whatever it holds. */
const MAX_SHORT = 85
/** Keys that are remembered; there are some dozens, beside those that the app makes up. */
const MAX_KEYS = 512
/** Longest text of an entry that is remembered: 256 kB with all keys. */
const MAX_REMEMBERED = 512

/** A key that is written in most spans. */
interface KnownKey {
  readonly bytes: Uint8Array
  /** The text that it had last. */
  last: string | undefined
  /** The text that it had twice in a row, and both as they are written. */
  text: string | undefined
  entry: Uint8Array
}

interface Slab {
  readonly buffer: Buffer
  /** How many values in it are taken and not given back. */
  taken: number
}

/**
 * Writes msgpack values one after the other.
 * Written here because identifiers and start times must be `uint 64` whatever their size, as the agent protocol has them.
 * Source: the msgpack specification (github.com/msgpack/msgpack).
 */
export class MsgpackWriter {
  #slab: Slab = { buffer: Buffer.alloc(0), taken: 0 }
  #buffer = this.#slab.buffer
  /** Where what is not taken yet begins. */
  #start = 0
  #length = 0
  readonly #keys = new Map<string, KnownKey>()
  readonly #slabs = new WeakMap<ArrayBufferLike, Slab>()
  readonly #free: Slab[] = []

  /** The bytes written since the last call. They are not written to again before they are given back. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(this.#start, this.#length)
    this.#start = this.#length
    this.#slab.taken += 1
    return taken
  }

  /**
   * Takes back bytes that nobody reads any more; each once. What is never given back is left to the collector of
   * garbage, which is busy with whole slabs: with a new one for every hundred spans it was a quarter of what a request cost.
   */
  giveBack(bytes: Uint8Array): void {
    const slab = this.#slabs.get(bytes.buffer)
    if (slab === undefined) return
    slab.taken -= 1
    if (slab !== this.#slab) this.#recycle(slab)
  }

  #recycle(slab: Slab): void {
    const isSpare = slab.taken === 0 && slab.buffer.length === SLAB_BYTES
    if (isSpare && this.#free.length < MAX_FREE_SLABS) this.#free.push(slab)
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
    const { length } = text
    // A UTF-16 unit takes at most three bytes in UTF-8.
    this.#reserve(5 + length * 3)
    if (length <= MAX_COPIED && this.#ascii(text)) return
    const buffer = this.#buffer
    const at = this.#length
    if (length <= MAX_SHORT) {
      const written = buffer.write(text, at + 2, 'utf8')
      buffer[at] = 0xd9
      buffer[at + 1] = written
      this.#length = at + 2 + written
      return
    }
    // The longest header, since the size is known only once it is written.
    const written = buffer.write(text, at + 5, 'utf8')
    this.#tag32(0xdb, written)
    this.#length += written
  }

  /** A text that is written in most spans: its bytes are remembered. */
  key(text: string): void {
    const known = this.#keys.get(text)
    if (known === undefined) this.#newKey(text)
    else this.raw(known.bytes)
  }

  /** A key and a text, which is mostly the one that this key had last: then both are remembered as bytes. */
  entry(key: string, text: string): void {
    const known = this.#keys.get(key)
    if (known === undefined) {
      this.#newKey(key)
      this.string(text)
    } else if (known.text === text) this.raw(known.entry)
    else {
      this.#reserve(known.bytes.length + 5 + text.length * 3)
      const start = this.#length
      this.raw(known.bytes)
      this.string(text)
      if (known.last === text) {
        known.text = text
        known.entry = Buffer.from(this.#buffer.subarray(start, this.#length))
      } else known.last = text.length > MAX_REMEMBERED ? undefined : text
    }
  }

  #newKey(text: string): void {
    this.#reserve(5 + text.length * 3)
    const start = this.#length
    this.string(text)
    const bytes = Buffer.from(this.#buffer.subarray(start, this.#length))
    if (this.#keys.size < MAX_KEYS) this.#keys.set(text, { bytes, last: undefined, text: undefined, entry: bytes })
  }

  #ascii(text: string): boolean {
    const { length } = text
    const buffer = this.#buffer
    const start = this.#length + 1
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return false
      buffer[start + index] = unit
    }
    buffer[this.#length] = 0xa0 | length
    this.#length = start + length
    return true
  }

  nil(): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = 0xc0
  }

  boolean(value: boolean): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value ? 0xc3 : 0xc2
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
    if (this.#length + bytes <= this.#buffer.length) return
    const before = this.#slab
    const written = this.#length - this.#start
    // What is larger than a slab grows by doubling, so that it is copied a few times only.
    const slab = this.#draw(written * 2 + bytes)
    before.buffer.copy(slab.buffer, 0, this.#start, this.#length)
    this.#slab = slab
    this.#buffer = slab.buffer
    this.#start = 0
    this.#length = written
    this.#recycle(before)
  }

  #draw(bytes: number): Slab {
    const spare = bytes <= SLAB_BYTES ? this.#free.pop() : undefined
    if (spare !== undefined) return spare
    const slab = { buffer: Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes)), taken: 0 }
    this.#slabs.set(slab.buffer.buffer, slab)
    return slab
  }
}
