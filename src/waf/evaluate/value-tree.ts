import { types } from 'node:util'
import { hasPlainPrototype, unbox } from '../javascript-value.ts'
import { listKeys } from '../list-keys.ts'
import type { Scalar } from '../operator.ts'
import type { ScanResult } from '../prefilter/literal-scanner.ts'
import type { PathItem, PathNode } from './path-tree.ts'

/** Where a value stands below an address: the key within its parent. The root has no parent. */
export interface Place {
  readonly parent: Place | undefined
  readonly key: string | number
}

/** A map or a list. */
export interface Container extends Place {
  readonly raw: object
}

/** A scalar, or the key of a map's entry. A string longer than the limit makes two leaves, head and tail. */
export interface Leaf extends Place {
  readonly value: Scalar
  /** Of a key: how many leaves of the tree stand before it. */
  readonly leavesBefore: number | undefined
  /** Transformed texts by number of the transformer list. */
  texts: string[] | undefined
  /** What a scan of the text as given says; kept for the lenses that look at the same leaf. */
  scan: ScanResult | undefined
}

/** What a key path leads to: the place, and the leaves and keys below it as ranges of the tree's lists. */
export interface Target {
  readonly path: readonly PathItem[]
  readonly place: Place
  readonly raw: unknown
  readonly firstLeaf: number
  endLeaf: number
  readonly firstKey: number
  endKey: number
}

/** An address's value, walked once: its leaves in order, and what each key path of the plan leads to. */
export interface ValueTree {
  readonly address: string
  readonly leaves: Leaf[]
  readonly keys: Leaf[]
  readonly containers: Container[]
  /** Targets by number of the path. */
  readonly targets: Map<number, Target>
}

/** What a walk may cost, and what it left out; shared by the walks of a run. */
export interface WalkBudget {
  bytes: number
  readonly limits: WalkLimits
  /** Made when there is something to note (`omissionsOf`). */
  omissions: Omissions | undefined
}

export type WalkLimits = Readonly<Record<'maxStringBytes' | 'maxContainerSize' | 'maxDepth', number>>

/** What walks left out. */
export interface Omissions {
  /** Largest sizes met beyond a limit; 0: none. */
  longestString: number
  largestContainer: number
  deepest: number
  /** Whether the bytes ran out before the input did. */
  exhausted: boolean
  /** Getters and proxies that threw. */
  unreadable: number
}

/** Where a walk notes what it leaves out. */
export function omissionsOf(budget: WalkBudget): Omissions {
  return (budget.omissions ??= {
    longestString: 0,
    largestContainer: 0,
    deepest: 0,
    exhausted: false,
    unreadable: 0,
  })
}

/** A budget for values that have passed the gate, so that their size is known to be within bounds. */
export function unboundedWalk(limits: WalkLimits): WalkBudget {
  return { bytes: Infinity, limits, omissions: undefined }
}

/** What one entry costs beside its text, so that empty entries are bounded too. */
export const ENTRY_BYTES = 8

/**
 * Walks a value of any kind within the budget. Maps, sets, search parameters, boxed and binary values count as what they
 * hold; a getter or proxy that throws is passed over; a value inside itself is not entered again.
 */
export function walkValue(address: string, value: unknown, paths: PathNode, budget: WalkBudget): ValueTree {
  const tree: ValueTree = { address, leaves: [], keys: [], containers: [], targets: new Map() }
  visit(value, undefined, address, paths, tree, budget, 0)
  return tree
}

function visit(
  given: unknown,
  parent: Container | undefined,
  key: string | number,
  path: PathNode | undefined,
  tree: ValueTree,
  budget: WalkBudget,
  depth: number,
): void {
  budget.bytes -= ENTRY_BYTES
  const value = typeof given === 'object' && given !== null && !isPlain(given) ? unboxWithin(given, budget) : given
  const firstLeaf = tree.leaves.length
  const firstKey = tree.keys.length
  let place: Place
  if (typeof value === 'object' && value !== null) {
    const container: Container = { parent, key, raw: value }
    place = container
    tree.containers.push(container)
    if (depth >= budget.limits.maxDepth) noteDepth(budget, depth + 1)
    else if (!isInside(value, parent)) enter(container, path, tree, budget, depth)
  } else {
    place = addLeaf(value, parent, key, tree, budget)
  }
  if (path?.wanted === true) {
    const { length: endLeaf } = tree.leaves
    tree.targets.set(path.id, {
      path: path.path,
      place,
      raw: given,
      firstLeaf,
      endLeaf,
      firstKey,
      endKey: tree.keys.length,
    })
  }
}

function addLeaf(
  value: unknown,
  parent: Container | undefined,
  key: string | number,
  tree: ValueTree,
  budget: WalkBudget,
): Place {
  if (typeof value === 'string') {
    const { maxStringBytes } = budget.limits
    if (value.length <= maxStringBytes) return pushLeaf(value, parent, key, tree, budget)
    noteLength(budget, value.length)
    const half = maxStringBytes >> 1
    const head = pushLeaf(value.slice(0, half), parent, key, tree, budget)
    pushLeaf(value.slice(value.length - half), parent, key, tree, budget)
    return head
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return pushLeaf(value, parent, key, tree, budget)
  return { parent, key }
}

function pushLeaf(
  value: Scalar,
  parent: Container | undefined,
  key: string | number,
  tree: ValueTree,
  budget: WalkBudget,
): Leaf {
  if (typeof value === 'string') budget.bytes -= value.length
  const leaf: Leaf = { parent, key, value, leavesBefore: undefined, texts: undefined, scan: undefined }
  tree.leaves.push(leaf)
  return leaf
}

function enter(
  container: Container,
  path: PathNode | undefined,
  tree: ValueTree,
  budget: WalkBudget,
  depth: number,
): void {
  const raw = container.raw
  try {
    if (Array.isArray(raw)) return enterList(raw, container, path, tree, budget, depth)
    if (!isPlain(raw)) {
      if (types.isMap(raw))
        return enterEntries(Map.prototype.entries.call(raw), raw.size, container, path, tree, budget, depth)
      if (types.isSet(raw))
        return enterList([...firstOf(Set.prototype.values.call(raw), budget)], container, path, tree, budget, depth)
      if (raw instanceof URLSearchParams)
        return enterEntries(URLSearchParams.prototype.entries.call(raw), raw.size, container, path, tree, budget, depth)
    }
    enterObject(raw as Record<string, unknown>, container, path, tree, budget, depth)
  } catch {
    omissionsOf(budget).unreadable += 1
  }
}

function enterList(
  list: readonly unknown[],
  container: Container,
  path: PathNode | undefined,
  tree: ValueTree,
  budget: WalkBudget,
  depth: number,
): void {
  const size = list.length
  for (let index = 0; index < size; index += 1) {
    if (isFull(index, size, budget)) return
    const below = path?.indices === true ? (path.children.get(index) ?? path.children.get(index - size)) : undefined
    let item: unknown
    try {
      item = list[index]
    } catch {
      omissionsOf(budget).unreadable += 1
      continue
    }
    visit(item, container, index, below, tree, budget, depth + 1)
  }
}

function enterObject(
  object: Record<string, unknown>,
  container: Container,
  path: PathNode | undefined,
  tree: ValueTree,
  budget: WalkBudget,
  depth: number,
): void {
  const keys = listKeys(object)
  for (let index = 0; index < keys.length; index += 1) {
    if (isFull(index, keys.length, budget)) return
    const key = keys[index] ?? ''
    let item: unknown
    try {
      item = object[key]
    } catch {
      omissionsOf(budget).unreadable += 1
    }
    visitEntry(key, item, container, path, tree, budget, depth)
  }
}

function enterEntries(
  entries: Iterable<readonly [unknown, unknown]>,
  size: number,
  container: Container,
  path: PathNode | undefined,
  tree: ValueTree,
  budget: WalkBudget,
  depth: number,
): void {
  let index = 0
  for (const [key, item] of entries) {
    if (isFull(index, size, budget)) return
    index += 1
    if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean' || typeof key === 'bigint')
      visitEntry(String(key), item, container, path, tree, budget, depth)
  }
}

function visitEntry(
  key: string,
  item: unknown,
  container: Container,
  path: PathNode | undefined,
  tree: ValueTree,
  budget: WalkBudget,
  depth: number,
): void {
  let shown = key
  const { maxStringBytes } = budget.limits
  if (key.length > maxStringBytes) {
    noteLength(budget, key.length)
    const half = maxStringBytes >> 1
    shown = key.slice(0, half)
    pushKey(key.slice(key.length - half), container, shown, tree)
  }
  budget.bytes -= shown.length
  pushKey(shown, container, shown, tree)
  visit(item, container, shown, path?.children.get(key), tree, budget, depth + 1)
}

function pushKey(value: string, parent: Container, key: string, tree: ValueTree): void {
  tree.keys.push({ parent, key, value, leavesBefore: tree.leaves.length, texts: undefined, scan: undefined })
}

function isFull(index: number, size: number, budget: WalkBudget): boolean {
  if (index >= budget.limits.maxContainerSize) {
    const omissions = omissionsOf(budget)
    omissions.largestContainer = Math.max(omissions.largestContainer, size)
    return true
  }
  if (budget.bytes > 0) return false
  omissionsOf(budget).exhausted = true
  return true
}

function noteLength(budget: WalkBudget, length: number): void {
  const omissions = omissionsOf(budget)
  omissions.longestString = Math.max(omissions.longestString, length)
}

function noteDepth(budget: WalkBudget, depth: number): void {
  const omissions = omissionsOf(budget)
  omissions.deepest = Math.max(omissions.deepest, depth)
}

function* firstOf(values: Iterable<unknown>, budget: WalkBudget): Generator<unknown> {
  const most = Math.min(budget.limits.maxContainerSize, Math.ceil(budget.bytes / ENTRY_BYTES)) + 1
  let count = 0
  for (const value of values) {
    if (count >= most) return
    count += 1
    yield value
  }
}

function isInside(value: object, parent: Place | undefined): boolean {
  for (let at = parent; at !== undefined; at = at.parent) if ((at as Container).raw === value) return true
  return false
}

/** Whether it is an array or an ordinary object; a proxy that will not say counts as one, and fails when entered. */
export function isPlain(value: object): boolean {
  try {
    return Array.isArray(value) || hasPlainPrototype(value)
  } catch {
    return true
  }
}

function unboxWithin(value: object, budget: WalkBudget): unknown {
  return unbox(value, (bytes) => bytesToText(bytes, budget))
}

function bytesToText(bytes: Buffer, budget: WalkBudget): string {
  const most = budget.limits.maxStringBytes
  if (bytes.length <= most) return bytes.toString('utf8')
  noteLength(budget, bytes.length)
  const half = most >> 1
  return bytes.toString('utf8', 0, half) + bytes.toString('utf8', bytes.length - half)
}
