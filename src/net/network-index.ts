import { type NetworkRun, PREFIX_MASK } from './network-run.ts'

/** Finds the networks of a run that cover an address. */
export interface NetworkIndex {
  /** Above a prefix length its `prefixes` hold the position of the nearest enclosing network plus one, or 0. */
  readonly run: NetworkRun
  /** Networks whose first word w has `(w - first) >>> shift` = b stand at `starts[b]` to `starts[b + 1] - 1`. */
  readonly starts: Uint32Array
  readonly first: number
  readonly shift: number
}

/** As many buckets as a /16 index of the whole IPv4 range has; a short run gets fewer. */
const MAX_BUCKETS = 65_536
/** Networks looked at between two pauses. */
const SLICE = 16_384
/** A prefix length needs 8 bits; the other 24 name the enclosing network. */
const PARENT_SHIFT = 8
/** Most networks of one family. */
const MAX_NETWORKS = 2 ** (32 - PARENT_SHIFT) - 2

/** Builds the index in slices. Throws RangeError for more than 16,777,214 networks. */
export function* indexRun(run: NetworkRun): Generator<void, NetworkIndex> {
  const { stride, count, words } = run
  if (count > MAX_NETWORKS) throw new RangeError(`a table holds at most ${MAX_NETWORKS} networks of a family`)
  const first = count === 0 ? 0 : words[0]!
  const span = count === 0 ? 0 : words[(count - 1) * stride]! - first
  const wanted = Math.min(MAX_BUCKETS, Math.max(1, count))
  let shift = 0
  while (shift < 31 && span / 2 ** shift >= wanted) shift++
  const index: NetworkIndex = { run, starts: new Uint32Array((span >>> shift) + 2).fill(count), first, shift }
  const enclosing: number[] = []
  for (let from = 0; from < count; from += SLICE) {
    indexSlice(index, from, Math.min(count, from + SLICE), enclosing)
    yield
  }
  return index
}

/** Networks nest or are apart, they never cross; so those that enclose the one looked at are a stack. */
function indexSlice(index: NetworkIndex, from: number, to: number, enclosing: number[]) {
  const { run, starts, first, shift } = index
  const { stride, words, prefixes } = run
  for (let at = from; at < to; at++) {
    while (enclosing.length > 0 && !covers(run, enclosing.at(-1)!, words, at * stride)) enclosing.pop()
    prefixes[at] = (prefixes[at]! & PREFIX_MASK) | (((enclosing.at(-1) ?? -1) + 1) << PARENT_SHIFT)
    enclosing.push(at)
    const bucket = (words[at * stride]! - first) >>> shift
    const previous = at === 0 ? -1 : (words[(at - 1) * stride]! - first) >>> shift
    if (bucket !== previous) starts.fill(at, previous + 1, bucket + 1)
  }
}

/**
 * Position of the narrowest live network that covers the address at `ip[offset]`, or -1. Every network that covers an
 * address is the last one that begins at or before it, or encloses that one.
 */
export function searchIndex(index: NetworkIndex, ip: Uint32Array, offset: number, nowSeconds: number): number {
  const { run, starts, first, shift } = index
  const { stride, words, prefixes, ends } = run
  const word = ip[offset]!
  if (run.count === 0 || word < first) return -1
  const bucket = Math.min((word - first) >>> shift, starts.length - 2)
  let low = starts[bucket]!
  let high = starts[bucket + 1]!
  while (low < high) {
    const middle = (low + high) >>> 1
    const begin = words[middle * stride]!
    if (begin < word || (begin === word && restBeginsBefore(words, middle * stride, stride, ip, offset)))
      low = middle + 1
    else high = middle
  }
  for (let at = low - 1; at >= 0; at = (prefixes[at]! >>> PARENT_SHIFT) - 1) {
    if (covers(run, at, ip, offset)) {
      const end = ends[at]!
      if (end === 0 || end >= nowSeconds) return at
    }
  }
  return -1
}

/** Whether the words at `position` are not above those at `ip[offset]`, the first words being equal. */
function restBeginsBefore(
  words: Uint32Array,
  position: number,
  stride: number,
  ip: Uint32Array,
  offset: number,
): boolean {
  for (let word = 1; word < stride; word++) {
    const difference = words[position + word]! - ip[offset + word]!
    if (difference !== 0) return difference < 0
  }
  return true
}

function covers({ stride, words, prefixes }: NetworkRun, at: number, ip: Uint32Array, offset: number): boolean {
  const prefix = prefixes[at]! & PREFIX_MASK
  for (let word = 0; word < stride && word * 32 < prefix; word++) {
    const different = words[at * stride + word]! ^ ip[offset + word]!
    const covered = prefix - word * 32
    if (covered >= 32 ? different !== 0 : different >>> (32 - covered) !== 0) return false
  }
  return true
}
