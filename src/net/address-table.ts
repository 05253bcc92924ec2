import type { DataItem } from '../model/remote-config.ts'
import { formatNetwork, isMapped, readIp, readNetwork } from './ip.ts'
import { type NetworkIndex, indexRun, searchIndex } from './network-index.ts'
import {
  type Family,
  type NetworkRun,
  createChunk,
  difference,
  emptyRun,
  familyOf,
  readRun,
  union,
} from './network-run.ts'

/** A network that covers an address: its canonical text, and its end in unix seconds (0: never). */
export interface AddressEntry {
  readonly value: string
  readonly expiration: number
}

/**
 * Addresses and CIDR blocks with ends, millions of them, immutable. An entry is live while `expiration >= now`.
 * Of the live networks that cover an address the narrowest answers, so an ended narrow one does not hide a wide one.
 */
export interface AddressTable {
  /** Networks held, whether live or ended. */
  readonly size: number
  /** Memory of the columns and indexes. */
  readonly bytes: number
  /** The entry that covers the address, or undefined (also for text that is no address). */
  find(address: string, nowSeconds: number): AddressEntry | undefined
  has(address: string, nowSeconds: number): boolean
  /** The same for an address already parsed (four words). */
  hasIp(ip: Uint32Array, nowSeconds: number): boolean
}

/** What changes in a table: first `removed` is taken out by exact network, then `added` is put in. */
export interface AddressChanges {
  readonly removed?: Iterable<string>
  /** Of a network that is there twice the later end counts. Ends are unix seconds; absent or 0: never. */
  readonly added?: Iterable<DataItem>
  /** Told of an item that is no address or CIDR block, or whose end is no number; the item is left out. */
  readonly onBadItem?: (item: string) => void
}

/** Items parsed between two pauses. */
const PARSE_SLICE = 2048

type Runs = Readonly<Record<Family, NetworkRun>>

const runsOf = new WeakMap<AddressTable, Runs>()

/**
 * The table after the changes, in slices of about a millisecond: call `next()` until `done`, and let other work run
 * between. What is already sorted is merged, never parsed or sorted again; `base` stays usable meanwhile and afterwards.
 */
export function* updateAddressTable(
  base: AddressTable,
  { removed = [], added = [], onBadItem = () => {} }: AddressChanges,
): Generator<void, AddressTable> {
  const old = runsOf.get(base) ?? { v4: emptyRun('v4'), v6: emptyRun('v6') }
  const out = yield* sortItems(asItems(removed), () => {})
  const put = yield* sortItems(added, onBadItem)
  const v4 = yield* union(yield* difference(old.v4, out.v4), put.v4)
  const v6 = yield* union(yield* difference(old.v6, out.v6), put.v6)
  return openTable({ v4, v6 }, yield* indexRun(v4), yield* indexRun(v6))
}

/**
 * One table of all networks of these tables, in slices; one that is in several lasts as long as the longest.
 * The smallest two are merged first, so that each network is moved log(tables) times.
 */
export function* mergeAddressTables(tables: readonly AddressTable[]): Generator<void, AddressTable> {
  const full = tables.filter(({ size }) => size > 0)
  if (full.length <= 1) return full[0] ?? emptyAddressTable
  const all = full.map((table) => runsOf.get(table)!)
  const v4 = yield* mergeSmallestFirst(all.map((runs) => runs.v4))
  const v6 = yield* mergeSmallestFirst(all.map((runs) => runs.v6))
  return openTable({ v4, v6 }, yield* indexRun(v4), yield* indexRun(v6))
}

function* mergeSmallestFirst(runs: NetworkRun[]): Generator<void, NetworkRun> {
  runs.sort((a, b) => b.count - a.count)
  for (;;) {
    const smallest = runs.pop()!
    const next = runs.pop()
    if (next === undefined) return smallest
    const merged = yield* union(next, smallest)
    const at = runs.findLastIndex(({ count }) => count >= merged.count)
    runs.splice(at + 1, 0, merged)
  }
}

/** The table of these items, built at once: for lists of some thousands. */
export function addressTable(added: Iterable<DataItem>, onBadItem?: (item: string) => void): AddressTable {
  const build = updateAddressTable(emptyAddressTable, onBadItem ? { added, onBadItem } : { added })
  for (;;) {
    const step = build.next()
    if (step.done === true) return step.value
  }
}

export const emptyAddressTable: AddressTable = {
  size: 0,
  bytes: 0,
  find: () => undefined,
  has: () => false,
  hasIp: () => false,
}

function* asItems(texts: Iterable<string>): Generator<DataItem> {
  for (const value of texts) yield { value }
}

/** Parses and sorts; equal-sized runs are merged as they arise, so that each item is moved log(n) times. */
function* sortItems(items: Iterable<DataItem>, onBadItem: (item: string) => void): Generator<void, Runs> {
  const words = new Uint32Array(4)
  const chunks = { v4: createChunk('v4'), v6: createChunk('v6') }
  const stacks: Record<Family, NetworkRun[]> = { v4: [], v6: [] }
  let parsed = 0
  for (const { value, expiration = 0 } of items) {
    const bits = readNetwork(value, words)
    if (bits < 0 || !Number.isFinite(expiration)) onBadItem(value)
    else {
      const family = familyOf(words)
      chunks[family].add({ words, bits }, storedEnd(expiration))
      if (chunks[family].full) yield* pushRun(stacks[family], chunks[family].take())
    }
    if (++parsed % PARSE_SLICE === 0) yield
  }
  return {
    v4: yield* mergeAll([...stacks.v4, chunks.v4.take()]),
    v6: yield* mergeAll([...stacks.v6, chunks.v6.take()]),
  }
}

/** Whole seconds in 32 bits. What ended before 1970 is kept as ended, what ends after 2106 as never ending. */
function storedEnd(expiration: number): number {
  if (expiration < 0) return 1
  return expiration > 0xffffffff ? 0 : Math.ceil(expiration)
}

function* pushRun(stack: NetworkRun[], run: NetworkRun): Generator<void, void> {
  let top = run
  for (let below = stack.at(-1); below !== undefined && below.count <= top.count * 2; below = stack.at(-1)) {
    stack.pop()
    top = yield* union(below, top)
  }
  stack.push(top)
}

function* mergeAll(runs: NetworkRun[]): Generator<void, NetworkRun> {
  let merged = runs.pop()!
  for (let next = runs.pop(); next !== undefined; next = runs.pop()) merged = yield* union(next, merged)
  return merged
}

function openTable(runs: Runs, v4: NetworkIndex, v6: NetworkIndex): AddressTable {
  const scratch = new Uint32Array(4)
  // Only v6 networks that begin with 64 zero bits can reach over the v4-mapped range.
  const v6MayCoverV4 = runs.v6.count > 0 && runs.v6.words[0] === 0 && runs.v6.words[1] === 0

  /** Calls `found` with the run and position of the network that answers. */
  function search<T>(ip: Uint32Array, nowSeconds: number, found: (run: NetworkRun, at: number) => T): T | undefined {
    const ipIsV4 = isMapped(ip)
    if (ipIsV4) {
      const at = searchIndex(v4, ip, 3, nowSeconds)
      if (at >= 0) return found(runs.v4, at)
      if (!v6MayCoverV4) return undefined
    }
    const at = searchIndex(v6, ip, 0, nowSeconds)
    return at < 0 ? undefined : found(runs.v6, at)
  }

  const table: AddressTable = {
    size: runs.v4.count + runs.v6.count,
    bytes: indexBytes(v4) + indexBytes(v6),
    find: (address, nowSeconds) => (readIp(address, scratch) ? search(scratch, nowSeconds, readEntry) : undefined),
    has: (address, nowSeconds) => readIp(address, scratch) && search(scratch, nowSeconds, yes) === true,
    hasIp: (ip, nowSeconds) => search(ip, nowSeconds, yes) === true,
  }
  runsOf.set(table, runs)
  return table
}

const yes = () => true

function indexBytes({ run, starts }: NetworkIndex): number {
  return run.words.byteLength + run.prefixes.byteLength + run.ends.byteLength + starts.byteLength
}

function readEntry(run: NetworkRun, at: number): AddressEntry {
  const { network, expiration } = readRun(run, at)
  return { value: formatNetwork(network), expiration }
}
