import type { AddressPlan, Reader } from '../plan.ts'
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

function scanTarget(lens: Lens, target: Target, tree: ValueTree, { scanner, clean }: AddressPlan, layer: Layer): void {
  const isKeys = lens.source === 'keys'
  const leaves = isKeys ? tree.keys : tree.leaves
  const end = isKeys ? target.endKey : target.endLeaf
  const known = clean?.of(lens)
  let found: Map<Reader, Leaf[]> | undefined
  for (let index = isKeys ? target.firstKey : target.firstLeaf; index < end; index += 1) {
    const leaf = leaves[index] as Leaf
    if (leaf.value === null || known?.has(leaf.value) === true) continue
    const scan = (leaf.scan ??= scanner.scan(typeof leaf.value === 'string' ? leaf.value : String(leaf.value)))
    let concerns = false
    const changes = lens.mayChange || (scan.seen & lens.triggers) !== 0
    if (scan.candidates.length === 0 && !changes) {
      if (known !== undefined) clean?.add(known, leaf.value)
      continue
    }
    for (const list of lens.lists) {
      const candidates = isChanged(list, leaf, scan.seen)
        ? scanner.scan(textOf(leaf, list.list) as string).candidates
        : scan.candidates
      for (const id of candidates)
        for (const reader of list.readers.get(id) ?? []) {
          if (known !== undefined && !isMatched(reader, leaf)) continue
          concerns = true
          found ??= new Map()
          const others = found.get(reader)
          if (others === undefined) found.set(reader, [leaf])
          else others.push(leaf)
        }
    }
    if (!concerns && known !== undefined) clean?.add(known, leaf.value)
  }
  if (found === undefined) return
  for (const [reader, candidates] of found)
    arrive(reader, { inputIndex: reader.inputIndex, tree, target, candidates, examined: false }, layer)
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

/** Whether the transformers change more of the text than the case of ASCII letters, which the scanner does not see. */
function isChanged({ list, trigger }: LensList, leaf: Leaf, seen: number): boolean {
  if (list.triggers === '' || typeof leaf.value !== 'string') return false
  if (trigger !== 0 && (seen & trigger) === 0) return false
  return textOf(leaf, list) !== leaf.value
}
