/**
 * Textual IP addresses and networks. Strict, as `inet_pton` reads them: no port, brackets, zone, spaces, leading zeros
 * in an octet, decimal or hexadecimal IPv4. An address is four 32-bit words, most significant first; IPv4 is held as its
 * v4-mapped IPv6 form, so that `10.0.0.1` equals `::ffff:10.0.0.1`.
 * Sources: RFC 4291 2.2 (text forms), RFC 5952 (the canonical form that is written).
 */

const DOT = 46
const COLON = 58
/** Third word of a v4-mapped address. */
const MAPPED = 0xffff
/** Prefix bits in front of the IPv4 part of a v4-mapped address. */
const MAPPED_BITS = 96

/** An address and the number of leading bits (0–128) that count; the other bits are zero. IPv4 /n has 96 + n bits. */
export interface IpNetwork {
  readonly words: Uint32Array
  readonly bits: number
}

/** Reads an address into `into` (four words) without allocating. False when it is not one; `into` is then undefined. */
export function readIp(text: string, into: Uint32Array, end: number = text.length): boolean {
  const v4 = readV4(text, 0, end)
  if (v4 < 0) return readV6(text, end, into)
  into[0] = 0
  into[1] = 0
  into[2] = MAPPED
  into[3] = v4
  return true
}

/** Reads an address or CIDR block into `into`, host bits cleared. Returns its bits (0–128), or -1 when it is not one. */
export function readNetwork(text: string, into: Uint32Array): number {
  const slash = text.indexOf('/')
  if (slash < 0) return readIp(text, into) ? 128 : -1
  if (!readIp(text, into, slash)) return -1
  const isV4 = text.indexOf(':') < 0
  const length = readPrefixLength(text, slash + 1, isV4 ? 32 : 128)
  if (length < 0) return -1
  const bits = isV4 ? MAPPED_BITS + length : length
  for (let word = 0; word < 4; word++) into[word] = into[word]! & wordMask(bits, word)
  return bits
}

/** The address, or undefined when `text` is not one. */
export function parseIp(text: string): Uint32Array | undefined {
  const words = new Uint32Array(4)
  return readIp(text, words) ? words : undefined
}

/** The address or CIDR block, or undefined when `text` is neither. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const words = new Uint32Array(4)
  const bits = readNetwork(text, words)
  return bits < 0 ? undefined : { words, bits }
}

/** Whether the address lies in the network. */
export function networkContains({ words, bits }: IpNetwork, ip: Uint32Array): boolean {
  for (let word = 0; word < 4 && word * 32 < bits; word++) {
    if (((words[word]! ^ ip[word]!) & wordMask(bits, word)) !== 0) return false
  }
  return true
}

/** Canonical text of an address: dotted for IPv4 and v4-mapped, else RFC 5952. */
export function formatIp(words: Uint32Array): string {
  if (isMapped(words)) return formatV4(words[3]!)
  const groups = Array.from({ length: 8 }, (_, at) => (words[at >> 1]! >>> (at % 2 === 0 ? 16 : 0)) & 0xffff)
  const { from, length } = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`
}

/** Canonical text of a network; of a single address without `/32` or `/128`. */
export function formatNetwork({ words, bits }: IpNetwork): string {
  if (bits === 128) return formatIp(words)
  return `${formatIp(words)}/${isMapped(words) ? bits - MAPPED_BITS : bits}`
}

/** Whether the words are an IPv4 address (in its v4-mapped form). */
export function isMapped(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === MAPPED
}

function readV4(text: string, start: number, end: number): number {
  if (end - start < 7 || end - start > 15) return -1
  let value = 0
  let octet = -1
  let dots = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) {
      if (octet === 0) return -1
      octet = octet < 0 ? code - 48 : octet * 10 + code - 48
      if (octet > 255) return -1
    } else if (code === DOT && octet >= 0 && dots < 3) {
      value = value * 256 + octet
      octet = -1
      dots++
    } else return -1
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1
}

const groups = new Uint16Array(8)

function readV6(text: string, end: number, into: Uint32Array): boolean {
  if (end < 2 || end > 45) return false
  let count = 0
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false
    gap = 0
    at = 2
  }
  while (at < end) {
    const start = at
    let value = 0
    let digit = 0
    while (at < end && (digit = hexDigit(text.charCodeAt(at))) >= 0) {
      value = value * 16 + digit
      if (++at - start > 4) return false
    }
    if (at < end && text.charCodeAt(at) === DOT) {
      const v4 = readV4(text, start, end)
      if (v4 < 0 || count > 6) return false
      groups[count++] = v4 >>> 16
      groups[count++] = v4 & 0xffff
      break
    }
    if (at === start || count === 8) return false
    groups[count++] = value
    if (at === end) break
    if (text.charCodeAt(at) !== COLON || ++at === end) return false
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return false
      gap = count
      at++
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false
  const shift = 8 - count
  for (let word = 0; word < 4; word++) {
    into[word] = spreadGroup(2 * word, gap, shift) * 0x10000 + spreadGroup(2 * word + 1, gap, shift)
  }
  return true
}

/** Group `at` of the full address, when `shift` zero groups stand at position `gap` of what was read. */
function spreadGroup(at: number, gap: number, shift: number): number {
  if (gap < 0 || at < gap) return groups[at]!
  return at < gap + shift ? 0 : groups[at - shift]!
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function readPrefixLength(text: string, start: number, max: number): number {
  const digits = text.length - start
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(start) === 48)) return -1
  let length = 0
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length <= max ? length : -1
}

/** The bits of word number `word` that a prefix of `bits` covers. */
function wordMask(bits: number, word: number): number {
  const covered = bits - word * 32
  if (covered >= 32) return -1
  return covered <= 0 ? 0 : -1 << (32 - covered)
}

function formatV4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function longestZeroRun(list: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 }
  for (let from = 0; from < list.length; from++) {
    let length = 0
    while (list[from + length] === 0) length++
    if (length > best.length) best = { from, length }
  }
  return best
}
