import type { NetworkRun } from './network-run.ts'

/** Finds the networks of a run that cover an address. */
export interface NetworkIndex {
  readonly run: NetworkRun
  /** The nearest network that encloses network i, or -1. Networks nest or are apart; they never cross. */
  readonly parents: Int32Array
  /** Networks whose first word w has `(w - first) >>> shift` = b stand at `starts[b]` to `starts[b + 1] - 1`. */
  readonly starts: Uint32Array
  readonly first: number
  readonly shift: number
}

/** As many buckets as a /16 index of the whole IPv4 range has; a short run gets fewer. */
const MAX_BUCKETS = 65_536
/** Networks looked at between two pauses. */
const SLICE = 16_384

/** Builds the index in slices. */
export function* indexRun(run: NetworkRun): Generator<void, NetworkIndex> {
  const { stride, count, words } = run
  const first = count === 0 ? 0 : words[0]!
  const span = count === 0 ? 0 : words[(count - 1) * stride]! - first
  const wanted = Math.min(MAX_BUCKETS, Math.max(1, count))
  let shift = 0
  while (shift < 31 && span / 2 ** shift >= wanted) shift++
  const index: NetworkIndex = {
    run,
    parents: new Int32Array(count),
    starts: new Uint32Array((span >>> shift) + 2).fill(count),
    first,
    shift,
  }
  const enclosing: number[] = []
  for (let from = 0; from < count; from += SLICE) {
    indexSlice(index, from, Math.min(count, from + SLICE), enclosing)
    yield
  }
  return index
}

function indexSlice(
  { run, parents, starts, first, shift }: NetworkIndex,
  from: number,
  to: number,
  enclosing: number[],
) {
  const { stride, words } = run
  for (let at = from; at < to; at++) {
    while (enclosing.length > 0 && !covers(run, enclosing.at(-1)!, words, at * stride)) enclosing.pop()
    parents[at] = enclosing.at(-1) ?? -1
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
  const { run, parents, starts, first, shift } = index
  const { stride, words, expirations } = run
  const word = ip[offset]!
  if (run.count === 0 || word < first) return -1
  const bucket = Math.min((word - first) >>> shift, starts.length - 2)
  let low = starts[bucket]!
  let high = starts[bucket + 1]!
  while (low < high) {
    const middle = (low + high) >>> 1
    const begin = words[middle * stride]!
    if (begin < word || (begin === word && beginsAtOrBefore(words, middle * stride, stride, ip, offset)))
      low = middle + 1
    else high = middle
  }
  for (let at = low - 1; at >= 0; at = parents[at]!) {
    if (covers(run, at, ip, offset)) {
      const expiration = expirations[at]!
      if (expiration === 0 || expiration >= nowSeconds) return at
    }
  }
  return -1
}

/** Whether the words at `position` are not above those at `ip[offset]`, the first words being equal. */
function beginsAtOrBefore(words: Uint32Array, position: number, stride: number, ip: Uint32Array, offset: number) {
  for (let word = 1; word < stride; word++) {
    const difference = words[position + word]! - ip[offset + word]!
    if (difference !== 0) return difference < 0
  }
  return true
}

function covers({ stride, words, bits }: NetworkRun, at: number, ip: Uint32Array, offset: number): boolean {
  const prefix = bits[at]!
  for (let word = 0; word < stride && word * 32 < prefix; word++) {
    const different = words[at * stride + word]! ^ ip[offset + word]!
    const covered = prefix - word * 32
    if (covered >= 32 ? different !== 0 : different >>> (32 - covered) !== 0) return false
  }
  return true
}
