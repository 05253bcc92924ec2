import type { AddressPlan, Plan, PlannedRule, Reader } from '../plan.ts'
import { holdsPair } from '../prefilter/literal-scanner.ts'
import type { LiteralScanner, ScanResult } from '../prefilter/literal-scanner.ts'
import { isEndOf } from '../transformer-list.ts'
import type { TransformerList } from '../transformer-list.ts'
import { isParameter } from './channel.ts'
import type { CharacterVerdict } from './character-verdicts.ts'
import { textOf } from './evaluate-condition.ts'
import type { EvaluationScope } from './evaluate-condition.ts'
import type { KnownScan } from './gate.ts'
import { layersOf } from './layer.ts'
import type { Arrival, Layer } from './layer.ts'
import type { Lens } from './lens.ts'
import { mayHold } from './may-hold.ts'
import type { StoredValue } from './stored-value.ts'
import type { Leaf, Target, ValueTree } from './value-tree.ts'

/** Hands a tree to the conditions that read its address: to those scanned for, only the leaves that may match. */
export function arriveTree(tree: ValueTree, address: AddressPlan, layer: Layer, known: KnownScan | undefined): void {
  for (const reader of address.direct) if (!isIdle(reader, layer)) arriveWhole(reader, tree, layer)
  for (const lens of address.lenses) {
    const target = tree.targets.get(lens.path.id)
    if (target !== undefined) scanTarget(lens, target, tree, address, layer, known)
  }
}

/**
 * Hands what has arrived to the other conditions of the rules whose anchor may match. They are asked for late because
 * no rule matches without its anchor.
 */
export function wakeRules(plan: Plan, scope: EvaluationScope): void {
  const top = scope.layer
  const { stirred } = top
  // Layers below may have got what concerns a rule here in a run of their own.
  const isAlone = top.below === undefined
  if (isAlone && stirred === 0) return
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below) {
    for (const index of layer.awake) {
      const rule = plan.rules[index]
      if (rule === undefined || top.hasMatched(index)) continue
      if (isAlone && ((rule.stirredBy & stirred) === 0 || !mayMatch(rule, scope))) continue
      for (const reader of rule.deferred)
        for (const holder of layersOf(top)) arriveKept(reader, holder.own(reader.input.address), holder)
    }
  }
  top.stirred = 0
}

/** Whether none of the conditions that are still open is known not to hold: most rules end here, in the first of them. */
function mayMatch({ conditions }: PlannedRule, scope: EvaluationScope): boolean {
  return conditions.every((one) => (one.isAnchor && !one.isLate) || mayHold(one, scope))
}

/** Hands over what a layer held of an address, in the order in which it came. */
function arriveKept(reader: Reader, latest: StoredValue | undefined, layer: Layer): void {
  const values: StoredValue[] = []
  for (let value = latest; value !== undefined; value = value.before) values.push(value)
  for (const { tree } of values.reverse()) if (!hasArrived(reader, tree, layer)) arriveWhole(reader, tree, layer)
}

function hasArrived({ condition, inputIndex }: Reader, tree: ValueTree, layer: Layer): boolean {
  const arrivals = layer.state(condition.id)?.arrivals
  return arrivals?.some((arrival) => arrival.tree === tree && arrival.inputIndex === inputIndex) === true
}

function arriveWhole(reader: Reader, tree: ValueTree, layer: Layer): void {
  const target = tree.targets.get(reader.path.id)
  if (target === undefined && reader.condition.condition.kind !== 'presence') return
  arrive(reader, { inputIndex: reader.inputIndex, tree, target, candidates: undefined, examined: false }, layer)
}

/** A parameter of an exploit operator brings nothing about before there is a resource to look for it in. */
function isIdle(reader: Reader, layer: Layer): boolean {
  const { condition } = reader.condition
  if (condition.kind !== 'exploit' || !isParameter(reader)) return false
  return !condition.resource.some(({ address }) => layer.value(address) !== undefined)
}

function arrive({ condition: { id, owner, isAnchor } }: Reader, arrival: Arrival, layer: Layer): void {
  layer.arrive(id, owner, arrival)
  if (isAnchor) layer.wake(owner)
}

function scanTarget(
  lens: Lens,
  target: Target,
  tree: ValueTree,
  { scanner }: AddressPlan,
  layer: Layer,
  known: KnownScan | undefined,
): void {
  const isKeys = lens.source === 'keys'
  const leaves = isKeys ? tree.keys : tree.leaves
  const end = isKeys ? target.endKey : target.endLeaf
  let found: FoundLeaves | undefined
  for (let index = isKeys ? target.firstKey : target.firstLeaf; index < end; index += 1) {
    const leaf = leaves[index] as Leaf
    const { value } = leaf
    if (value === null) continue
    const scan = (leaf.scan ??= scanOf(typeof value === 'string' ? value : String(value), scanner, known))
    const verdict = lens.verdicts.of(scan.seen)
    if (scan.candidates.length > 0 || !verdict.isQuiet)
      scanLeaf(lens, leaf, scan, verdict, scanner, (found ??= new Map()))
  }
  if (found === undefined) return
  for (const [reader, candidates] of found) {
    // What came before it may still have to be handed over, and is to be looked at first.
    if (reader.condition.isLate) layer.wake(reader.condition.owner)
    else arrive(reader, { inputIndex: reader.inputIndex, tree, target, candidates, examined: false }, layer)
  }
}

function scanOf(text: string, scanner: LiteralScanner, known: KnownScan | undefined): ScanResult {
  return known !== undefined && known.scanner === scanner && known.text === text ? known : scanner.findLiterals(text)
}

type FoundLeaves = Map<Reader, Leaf[]>

/** Notes the readers that a text may concern: as it is, or for lists that change it, as it then is. */
function scanLeaf(
  lens: Lens,
  leaf: Leaf,
  { candidates }: ScanResult,
  { readers, paired, changing }: CharacterVerdict,
  scanner: LiteralScanner,
  found: FoundLeaves,
): void {
  const { value } = leaf
  let changed: TransformerList[] | undefined
  if (typeof value === 'string') {
    for (const one of changing) {
      const text = textOf(leaf, one.list) as string
      if (isEndOf(value, text)) continue
      changed ??= []
      changed.push(one.list)
      for (const id of scanner.scan(text, one.marked).candidates) note(one.readers.get(id), leaf, undefined, found)
    }
  }
  for (const id of candidates) note(lens.readers.get(id), leaf, changed, found)
  note(readers, leaf, changed, found)
  for (const branch of paired)
    if (holdsPair(branch, String(value))) note(lens.readers.get(branch.condition), leaf, changed, found)
}

/** Notes the readers but those whose lists of transformers are among `except`. */
function note(
  readers: readonly Reader[] | undefined,
  leaf: Leaf,
  except: readonly TransformerList[] | undefined,
  found: FoundLeaves,
): void {
  if (readers === undefined) return
  for (const reader of readers) {
    if (except?.includes(reader.input.transformers) === true) continue
    const leaves = found.get(reader)
    if (leaves === undefined) found.set(reader, [leaf])
    else if (leaves.at(-1) !== leaf) leaves.push(leaf)
  }
}
