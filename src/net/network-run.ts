import { type IpNetwork, isMapped } from './ip.ts'

/** The families are kept apart, so that an IPv4 network costs one word and not four. */
export type Family = 'v4' | 'v6'

/**
 * Networks of one family, sorted by first address and then widest first, each once: columns of equal length.
 * `words` holds `stride` words a network (one for v4), `bits` the prefix length within the family,
 * `expirations` unix seconds, 0 for never.
 */
export interface NetworkRun {
  readonly stride: 1 | 4
  readonly count: number
  readonly words: Uint32Array
  readonly bits: Uint8Array
  readonly expirations: Uint32Array
}

/** Networks looked at between two pauses of a generator of this file: about half a millisecond. */
const SLICE = 8192

export const emptyRun = (family: Family): NetworkRun => allocateRun(family === 'v4' ? 1 : 4, 0)

function allocateRun(stride: 1 | 4, count: number): NetworkRun {
  return {
    stride,
    count,
    words: new Uint32Array(count * stride),
    bits: new Uint8Array(count),
    expirations: new Uint32Array(count),
  }
}

/** The later of two ends; 0 (never) is the latest. */
function laterEnd(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : Math.max(a, b)
}

/** Order of a run: first address, then the wider network first. */
function compare(a: NetworkRun, i: number, b: NetworkRun, j: number): number {
  const { stride } = a
  for (let word = 0; word < stride; word++) {
    const difference = a.words[i * stride + word]! - b.words[j * stride + word]!
    if (difference !== 0) return difference
  }
  return a.bits[i]! - b.bits[j]!
}

function copy(from: NetworkRun, i: number, to: NetworkRun, n: number): void {
  const { stride } = from
  for (let word = 0; word < stride; word++) to.words[n * stride + word] = from.words[i * stride + word]!
  to.bits[n] = from.bits[i]!
  to.expirations[n] = from.expirations[i]!
}

/** Gathers networks of one family, unsorted, until `full`. */
export interface Chunk {
  readonly full: boolean
  /** `words` and `bits` as `readNetwork` gives them (four words, 0–128). */
  add(network: IpNetwork, expiration: number): void
  /** What was gathered, as a run; the chunk is empty afterwards. */
  take(): NetworkRun
}

/** Small enough that sorting one takes about a millisecond. */
const CHUNK = 4096

export function createChunk(family: Family): Chunk {
  const stride = family === 'v4' ? 1 : 4
  const gathered = allocateRun(stride, CHUNK)
  let count = 0
  return {
    get full() {
      return count === CHUNK
    },
    add({ words, bits }, expiration) {
      if (stride === 1) gathered.words[count] = words[3]!
      else gathered.words.set(words, count * stride)
      gathered.bits[count] = stride === 1 ? bits - 96 : bits
      gathered.expirations[count] = expiration
      count++
    },
    take() {
      const order = Uint32Array.from({ length: count }, (_, at) => at)
      order.sort((i, j) => compare(gathered, i, gathered, j))
      const sorted = allocateRun(stride, count)
      let n = 0
      for (const at of order) {
        if (n > 0 && compare(gathered, at, sorted, n - 1) === 0) {
          sorted.expirations[n - 1] = laterEnd(sorted.expirations[n - 1]!, gathered.expirations[at]!)
        } else copy(gathered, at, sorted, n++)
      }
      count = 0
      return trimmed(sorted, n)
    },
  }
}

/** The family of a network as `readNetwork` gives it. A v6 block wider than the v4-mapped range is v6. */
export function familyOf(words: Uint32Array): Family {
  return isMapped(words) ? 'v4' : 'v6'
}

/** The network at a position. */
export function readRun({ stride, words, bits }: NetworkRun, at: number): IpNetwork {
  return stride === 1
    ? { words: Uint32Array.of(0, 0, 0xffff, words[at]!), bits: bits[at]! + 96 }
    : { words: words.slice(at * 4, at * 4 + 4), bits: bits[at]! }
}

/** The networks of both, in slices; one that is in both lasts as long as the longer. */
export function* union(a: NetworkRun, b: NetworkRun): Generator<void, NetworkRun> {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const out = allocateRun(a.stride, a.count + b.count)
  const cursor = { i: 0, j: 0, n: 0 }
  while (cursor.i < a.count || cursor.j < b.count) {
    unionSlice(a, b, out, cursor)
    yield
  }
  return trimmed(out, cursor.n)
}

/** The networks of `a` that are not in `b`, in slices. A network is taken out only by its own text, not by a wider one. */
export function* difference(a: NetworkRun, b: NetworkRun): Generator<void, NetworkRun> {
  if (b.count === 0) return a
  const out = allocateRun(a.stride, a.count)
  const cursor = { i: 0, j: 0, n: 0 }
  while (cursor.i < a.count) {
    differenceSlice(a, b, out, cursor)
    yield
  }
  return trimmed(out, cursor.n)
}

interface Cursor {
  i: number
  j: number
  n: number
}

function unionSlice(a: NetworkRun, b: NetworkRun, out: NetworkRun, cursor: Cursor): void {
  let { i, j, n } = cursor
  for (let steps = 0; steps < SLICE && (i < a.count || j < b.count); steps++) {
    const order = i === a.count ? 1 : j === b.count ? -1 : compare(a, i, b, j)
    if (order < 0) copy(a, i++, out, n++)
    else if (order > 0) copy(b, j++, out, n++)
    else {
      copy(a, i, out, n)
      out.expirations[n++] = laterEnd(a.expirations[i++]!, b.expirations[j++]!)
    }
  }
  Object.assign(cursor, { i, j, n })
}

function differenceSlice(a: NetworkRun, b: NetworkRun, out: NetworkRun, cursor: Cursor): void {
  let { i, j, n } = cursor
  for (let steps = 0; steps < SLICE && i < a.count; steps++) {
    const order = j === b.count ? -1 : compare(a, i, b, j)
    if (order < 0) copy(a, i++, out, n++)
    else if (order > 0) j++
    else i++
  }
  Object.assign(cursor, { i, j, n })
}

function trimmed(run: NetworkRun, count: number): NetworkRun {
  if (count === run.count) return run
  const { stride, words, bits, expirations } = run
  return {
    stride,
    count,
    words: words.slice(0, count * stride),
    bits: bits.slice(0, count),
    expirations: expirations.slice(0, count),
  }
}
