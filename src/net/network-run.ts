import { type IpNetwork, isMapped } from './ip.ts'

/** The families are kept apart, so that an IPv4 network costs one word and not four. */
export type Family = 'v4' | 'v6'

/**
 * Networks of one family, sorted by first address and then widest first, each once, as columns (which may be longer
 * than `count`). Three and not one, so that the column that is searched stays small in the cache.
 */
export interface NetworkRun {
  /** Words of a first address: one for v4. */
  readonly stride: 1 | 4
  readonly count: number
  readonly words: Uint32Array
  /** The prefix length within the family in the low 8 bits; above them is room for `indexRun`. */
  readonly prefixes: Uint32Array
  /** Ends in unix seconds, 0 for never. */
  readonly ends: Uint32Array
}

/** Networks looked at between two pauses of a generator of this file: about half a millisecond. */
const SLICE = 8192
/** Networks copied between two pauses. */
const COPY_SLICE = 65_536
/** Columns may be this much longer than what they hold, rather than be copied once more. */
const KEPT_SHARE = 15 / 16

export const emptyRun = (family: Family): NetworkRun => allocateRun(family === 'v4' ? 1 : 4, 0)

/** The bits of an item of `prefixes` that hold the prefix length. */
export const PREFIX_MASK = 0xff

function allocateRun(stride: 1 | 4, count: number): NetworkRun {
  const words = new Uint32Array(count * stride)
  return { stride, count, words, prefixes: new Uint32Array(count), ends: new Uint32Array(count) }
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
  return (a.prefixes[i]! & PREFIX_MASK) - (b.prefixes[j]! & PREFIX_MASK)
}

function copy(from: NetworkRun, i: number, to: NetworkRun, n: number): void {
  const { stride } = from
  for (let word = 0; word < stride; word++) to.words[n * stride + word] = from.words[i * stride + word]!
  to.prefixes[n] = from.prefixes[i]!
  to.ends[n] = from.ends[i]!
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
      gathered.prefixes[count] = stride === 1 ? bits - 96 : bits
      gathered.ends[count++] = expiration
    },
    take() {
      const order = Uint32Array.from({ length: count }, (_, at) => at)
      order.sort((i, j) => compare(gathered, i, gathered, j))
      const sorted = allocateRun(stride, count)
      let n = 0
      for (const at of order) {
        if (n > 0 && compare(gathered, at, sorted, n - 1) === 0) {
          sorted.ends[n - 1] = laterEnd(sorted.ends[n - 1]!, gathered.ends[at]!)
        } else copy(gathered, at, sorted, n++)
      }
      count = 0
      return { ...sorted, count: n }
    },
  }
}

/** The family of a network as `readNetwork` gives it. A v6 block wider than the v4-mapped range is v6. */
export function familyOf(words: Uint32Array): Family {
  return isMapped(words) ? 'v4' : 'v6'
}

/** The network at a position, and its end. */
export function readRun({ stride, words, prefixes, ends }: NetworkRun, at: number) {
  const prefix = prefixes[at]! & PREFIX_MASK
  const network: IpNetwork =
    stride === 1
      ? { words: Uint32Array.of(0, 0, 0xffff, words[at]!), bits: prefix + 96 }
      : { words: words.slice(at * 4, at * 4 + 4), bits: prefix }
  return { network, expiration: ends[at]! }
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
  return yield* trimmed(out, cursor.n)
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
  return yield* trimmed(out, cursor.n)
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
      out.ends[n++] = laterEnd(a.ends[i++]!, b.ends[j++]!)
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

/** The first `count` networks of a run, in slices; where little would be saved, with the columns as they are. */
function* trimmed(run: NetworkRun, count: number): Generator<void, NetworkRun> {
  if (count > run.count * KEPT_SHARE) return { ...run, count }
  const { stride } = run
  const out = allocateRun(stride, count)
  for (let from = 0; from < count; from += COPY_SLICE) {
    const to = Math.min(count, from + COPY_SLICE)
    out.words.set(run.words.subarray(from * stride, to * stride), from * stride)
    out.prefixes.set(run.prefixes.subarray(from, to), from)
    out.ends.set(run.ends.subarray(from, to), from)
    yield
  }
  return out
}
