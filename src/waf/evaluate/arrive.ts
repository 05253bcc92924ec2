import type { AddressPlan, Reader } from '../plan.ts'
import type { LiteralScanner, ScanResult } from '../prefilter/literal-scanner.ts'
import { textOf, valueFor } from './evaluate-condition.ts'
import type { Arrival, Layer } from './layer.ts'
import type { Lens, LensList } from './lens.ts'
import type { Leaf, Target, ValueTree } from './value-tree.ts'

/** Hands a tree to the conditions that read its address: to those scanned for, only the leaves that may match. */
export function arriveTree(tree: ValueTree, address: AddressPlan, layer: Layer): void {
  for (const reader of address.direct) {
    const target = tree.targets.get(reader.path.id)
    if (isIdle(reader, layer)) continue
    if (target !== undefined || reader.condition.condition.kind === 'presence')
      arrive(reader, { inputIndex: reader.inputIndex, tree, target, candidates: undefined, examined: false }, layer)
  }
  for (const lens of address.lenses) {
    const target = tree.targets.get(lens.path.id)
    if (target !== undefined) scanTarget(lens, target, tree, address, layer)
  }
}

/** A parameter of an exploit operator brings nothing about before there is a resource to look for it in. */
function isIdle({ condition: { condition }, inputIndex }: Reader, layer: Layer): boolean {
  if (condition.kind !== 'exploit' || inputIndex < condition.resource.length) return false
  return !condition.resource.some(({ address }) => layer.tree(address) !== undefined)
}

function arrive({ condition }: Reader, arrival: Arrival, layer: Layer): void {
  layer.arrive(condition.id, arrival)
  if (condition.owner >= 0) layer.due.add(condition.owner)
}

function scanTarget(lens: Lens, target: Target, tree: ValueTree, plan: AddressPlan, layer: Layer): void {
  const isKeys = lens.source === 'keys'
  const leaves = isKeys ? tree.keys : tree.leaves
  const end = isKeys ? target.endKey : target.endLeaf
  const known = plan.clean?.of(lens)
  const found: FoundLeaves = new Map()
  for (let index = isKeys ? target.firstKey : target.firstLeaf; index < end; index += 1) {
    const leaf = leaves[index] as Leaf
    const { value } = leaf
    if (value === null || known?.has(value) === true) continue
    const scan = (leaf.scan ??= plan.scanner.scan(typeof value === 'string' ? value : String(value)))
    const quiet = scan.candidates.length === 0 && !lens.mayChange && (scan.seen & lens.triggers) === 0
    const concerns = !quiet && scanLeaf(lens, leaf, scan, plan.scanner, found, known !== undefined)
    if (!concerns && known !== undefined) plan.clean?.add(known, value)
  }
  for (const [reader, candidates] of found)
    arrive(reader, { inputIndex: reader.inputIndex, tree, target, candidates, examined: false }, layer)
}

type FoundLeaves = Map<Reader, Leaf[]>

/** Notes the readers that a text may concern: as it is, or for lists that change it, as it then is. */
function scanLeaf(
  lens: Lens,
  leaf: Leaf,
  scan: ScanResult,
  scanner: LiteralScanner,
  found: FoundLeaves,
  confirm: boolean,
): boolean {
  let concerns = false
  let changed: LensList[] | undefined
  for (const list of lens.changing) {
    if ((list.trigger !== 0 && (scan.seen & list.trigger) === 0) || typeof leaf.value !== 'string') continue
    const text = textOf(leaf, list.list)
    if (text === leaf.value) continue
    changed ??= []
    changed.push(list)
    for (const id of scanner.scan(text as string).candidates)
      concerns = note(list.readers.get(id), leaf, found, confirm) || concerns
  }
  for (const id of scan.candidates)
    for (const list of lens.listsOf.get(id) ?? [])
      if (changed === undefined || !changed.includes(list))
        concerns = note(list.readers.get(id), leaf, found, confirm) || concerns
  return concerns
}

function note(readers: readonly Reader[] | undefined, leaf: Leaf, found: FoundLeaves, confirm: boolean): boolean {
  let noted = false
  for (const reader of readers ?? []) {
    if (confirm && !isMatched(reader, leaf)) continue
    noted = true
    const leaves = found.get(reader)
    if (leaves === undefined) found.set(reader, [leaf])
    else if (leaves.at(-1) !== leaf) leaves.push(leaf)
  }
  return noted
}

/**
 * Whether the condition matches the leaf. Asked at once where innocence is remembered, so that a regex runs once on a
 * header value; conditions that are scanned for depend on no live list, hence on no time.
 */
function isMatched({ condition: { condition }, input }: Reader, leaf: Leaf): boolean {
  if (condition.kind !== 'scalar') return true
  const value = valueFor(condition, leaf, input.transformers)
  return value !== undefined && condition.match(value, 0) !== undefined
}
