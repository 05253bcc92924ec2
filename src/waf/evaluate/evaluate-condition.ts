import type { ExploitCondition, Input, PresenceCondition, ScalarCondition } from '../condition.ts'
import type { ExploitMatch, Match, MatchTime, Scalar } from '../operator.ts'
import type { PlannedCondition } from '../plan.ts'
import { transform } from '../transformer-list.ts'
import type { TransformerList } from '../transformer-list.ts'
import { keyPathOf, pathToStrings, wellFormed } from './found.ts'
import type { Found, FoundValue } from './found.ts'
import { isHidden } from './hidden.ts'
import type { HiddenPlaces } from './hidden.ts'
import type { Arrival, Layer } from './layer.ts'
import type { Leaf, Target, ValueTree } from './value-tree.ts'

/** What evaluating conditions needs beside them. */
export interface EvaluationScope extends MatchTime {
  readonly layer: Layer
  /** Whether time is up; asked between values. */
  isOver(): boolean
  /** Whether time counts at all. */
  isTimed: boolean
  /** Characters that exploit operators may still compare in this run; below zero they look no further. */
  exploitCharacters: number
  /** A match that is known already. */
  readonly known: KnownMatch | undefined
}

/** What a condition said of a value in this run. */
export interface KnownMatch {
  readonly condition: ScalarCondition
  readonly value: Scalar
  readonly match: Match
}

/**
 * Characters that the exploit operators of one run compare: each parameter is looked for in the whole resource, so many
 * parameters and a long statement would cost their product. A tenth of a second at most.
 */
export const MAX_EXPLOIT_CHARACTERS = 1 << 26

/** A match and the layer whose data hold it. */
export interface LayeredMatch {
  readonly found: Found
  readonly layer: Layer
}

/** Whether the condition holds on what has arrived so far; a match is kept in the layer that holds the data. */
export function evaluateCondition(
  planned: PlannedCondition,
  hidden: HiddenPlaces | undefined,
  scope: EvaluationScope,
): LayeredMatch | undefined {
  const { condition, id } = planned
  let arrived = false
  for (let layer: Layer | undefined = scope.layer; layer !== undefined; layer = layer.below) {
    const state = layer.state(id)
    if (state?.match !== undefined) return { found: state.match, layer }
    arrived ||= state !== undefined
  }
  if (!arrived) return undefined
  const match =
    condition.kind === 'exploit'
      ? evaluateExploit(condition, hidden, scope)
      : evaluateArrivals(condition, arrivalsOf(id, scope.layer), hidden, scope)
  match?.layer.keep(id, match.found)
  return match
}

interface LayeredArrival {
  readonly arrival: Arrival
  readonly layer: Layer
}

/** What has arrived and was not yet looked at, in the order of the inputs. */
function arrivalsOf(id: number, top: Layer): LayeredArrival[] {
  const list: LayeredArrival[] = []
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below)
    for (const arrival of layer.state(id)?.arrivals ?? []) if (!arrival.examined) list.push({ arrival, layer })
  return list.length < 2 ? list : list.sort((a, b) => a.arrival.inputIndex - b.arrival.inputIndex)
}

function evaluateArrivals(
  condition: ScalarCondition | PresenceCondition,
  arrivals: readonly LayeredArrival[],
  hidden: HiddenPlaces | undefined,
  scope: EvaluationScope,
): LayeredMatch | undefined {
  for (const { arrival, layer } of arrivals) {
    if (scope.isOver()) return undefined
    const input = condition.inputs[arrival.inputIndex]
    if (input === undefined) continue
    const found =
      condition.kind === 'presence'
        ? evaluatePresence(condition, input, arrival, hidden)
        : condition.negated
          ? evaluateNegated(condition, input, arrival, hidden, scope)
          : evaluateScalars(condition, input, arrival, hidden, scope)
    if (found !== undefined) return { found, layer }
    if (!scope.isOver()) arrival.examined = true
  }
  return undefined
}

function evaluateScalars(
  condition: ScalarCondition,
  input: Input,
  { tree, target, candidates }: Arrival,
  hidden: HiddenPlaces | undefined,
  scope: EvaluationScope,
): Found | undefined {
  if (target === undefined) return undefined
  for (const leaf of candidates ?? leavesBelow(tree, target, input.source)) {
    if (scope.isOver()) return undefined
    if (hidden !== undefined && isHidden(leaf, hidden)) continue
    const value = valueFor(condition, leaf, input.transformers)
    const match = value === undefined ? undefined : matchOf(condition, value, scope)
    if (match !== undefined && value !== undefined) {
      const shown = match.value ?? scalarToText(value)
      return {
        address: tree.address,
        keyPath: keyPathOf(leaf),
        value: wellFormed(shown),
        highlight: match.highlight.map(wellFormed),
      }
    }
  }
  return undefined
}

function matchOf(condition: ScalarCondition, value: Scalar, scope: EvaluationScope): Match | undefined {
  const { known } = scope
  if (known !== undefined && known.condition === condition && known.value === value) return known.match
  return condition.match(value, scope)
}

/** Holds when there is a value of the operator's type and none matches. */
function evaluateNegated(
  condition: ScalarCondition,
  input: Input,
  { tree, target }: Arrival,
  hidden: HiddenPlaces | undefined,
  scope: EvaluationScope,
): Found | undefined {
  if (target === undefined || (hidden !== undefined && isHidden(target.place, hidden))) return undefined
  if (condition.list?.isGiven === false) return undefined
  // Of keys the reference says nothing below a list, where each map has its own.
  if (input.source === 'keys' && tree.keys[target.firstKey]?.parent !== target.place) return undefined
  let present = false
  for (const leaf of leavesBelow(tree, target, input.source)) {
    if (scope.isOver()) return undefined
    if (!isAccepted(condition.accepts, leaf.value) || (hidden !== undefined && isHidden(leaf, hidden))) continue
    const value = textOf(leaf, input.transformers)
    if (condition.match(value, scope) !== undefined) return undefined
    present = true
  }
  if (!present) return undefined
  const value = shownOf(tree, target)
  return {
    address: tree.address,
    keyPath: pathToStrings(input.keyPath),
    value,
    highlight: value === '' ? [] : [value],
  }
}

/** What an event shows of a target in which nothing matched: the text as given of a scalar, or of a list of a single one. */
function shownOf(tree: ValueTree, target: Target): string {
  const leaf = tree.leaves[target.firstLeaf]
  if (leaf === undefined) return ''
  const isOnly =
    target.endLeaf === target.firstLeaf + 1 &&
    leaf.key === 0 &&
    leaf.parent === target.place &&
    !tree.containers.some(({ parent }) => parent === target.place)
  return leaf === target.place || isOnly ? wellFormed(scalarToText(leaf.value)) : ''
}

/** `exists` asks for the path; `!exists` for the address without the path. A hidden place says neither. */
function evaluatePresence(
  condition: PresenceCondition,
  input: Input,
  { tree, target }: Arrival,
  hidden: HiddenPlaces | undefined,
): Found | undefined {
  if ((target !== undefined) === condition.negated) return undefined
  if (
    hidden !== undefined &&
    (target === undefined ? hidesBefore(tree, input, hidden) : isHidden(target.place, hidden))
  )
    return undefined
  return { address: tree.address, keyPath: pathToStrings(input.keyPath), value: '', highlight: [] }
}

/** Whether something on the way of a path that ends early is hidden. */
function hidesBefore(tree: ValueTree, input: Input, hidden: HiddenPlaces): boolean {
  return [...tree.containers, ...tree.leaves].some((place) => {
    if (!hidden.has(place)) return false
    const path = keyPathOf(place)
    return path.every((key, depth) => key === String(input.keyPath[depth]))
  })
}

function evaluateExploit(
  condition: ExploitCondition,
  hidden: HiddenPlaces | undefined,
  scope: EvaluationScope,
): LayeredMatch | undefined {
  const [resourceInput] = condition.resource
  const resource = resourceInput && findTarget(resourceInput, scope.layer)
  if (resource === undefined || (hidden !== undefined && isHidden(resource.target.place, hidden))) return undefined
  const resources = resourcesOf(resource.tree, resource.target)
  const resourceLength = resources.reduce((sum, part) => sum + lengthOf(part), 0)
  const dialectInput = condition.dialect[0]
  const dialect = dialectInput && findTarget(dialectInput, scope.layer)
  const dialectName = typeof dialect?.target.raw === 'string' ? dialect.target.raw : undefined
  let isJudged = condition.judge === undefined
  for (const input of condition.params) {
    const params = findTarget(input, scope.layer)
    if (params === undefined) continue
    const layer = isAbove(params.layer, resource.layer) ? params.layer : resource.layer
    if (!isJudged) {
      isJudged = true
      const match = firstMatch(resources, (argument) => condition.judge?.(argument))
      if (match !== undefined) return { found: { ...noParameter, ...shownMatch(match, resource) }, layer }
    }
    for (const leaf of keysAndLeavesBelow(params.tree, params.target)) {
      if (scope.isOver()) return undefined
      if (typeof leaf.value !== 'string' || (hidden !== undefined && isHidden(leaf, hidden))) continue
      const text = textOf(leaf, input.transformers) as string
      if (text.length * 3 < condition.minParameterBytes || Buffer.byteLength(text) < condition.minParameterBytes)
        continue
      scope.exploitCharacters -= resourceLength + text.length
      if (scope.exploitCharacters < 0) return undefined
      const match = firstMatch(resources, (argument) => condition.match(argument, text, dialectName))
      if (match === undefined) continue
      const found: Found = {
        address: params.tree.address,
        keyPath: keyPathOf(leaf),
        value: wellFormed(match.parameter ?? text),
        ...shownMatch(match, resource),
        ...(dialect === undefined || dialectName === undefined
          ? {}
          : {
              dialect: {
                address: dialect.tree.address,
                keyPath: keyPathOf(dialect.target.place),
                value: wellFormed(dialectName),
              },
            }),
      }
      return { found, layer }
    }
  }
  return undefined
}

/** What an event says in the place of a parameter of a resource that was judged by itself. */
const noParameter: FoundValue = { address: '', keyPath: [], value: '' }

/** What an event shows of a match: what matched, and the resource that it was found in. */
function shownMatch(
  match: ResourceMatch,
  { tree, target }: LayeredTarget,
): Required<Pick<Found, 'highlight' | 'resource'>> {
  const value = wellFormed(match.resource ?? match.argument)
  return {
    highlight: match.highlight.map(wellFormed),
    resource: { address: tree.address, keyPath: keyPathOf(target.place), value },
  }
}

interface LayeredTarget {
  readonly tree: ValueTree
  readonly target: Target
  readonly layer: Layer
}

function findTarget(input: Input, top: Layer): LayeredTarget | undefined {
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below) {
    const tree = layer.own(input.address)?.tree
    if (tree === undefined) continue
    for (const target of tree.targets.values()) {
      if (target.path === input.keyPath || samePath(target.path, input.keyPath)) return { tree, target, layer }
    }
    return undefined
  }
  return undefined
}

function samePath(a: Input['keyPath'], b: Input['keyPath']): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

/** The resource of an exploit operator: a text (head and tail of a long one), or the texts of an argument list. */
function resourcesOf(tree: ValueTree, target: Target): readonly (string | string[])[] {
  const leaves = [...leavesBelow(tree, target, 'values')].flatMap(({ value }) =>
    typeof value === 'string' ? [value] : [],
  )
  if (Array.isArray(target.raw)) return [leaves]
  return tree.leaves[target.firstLeaf] === target.place ? leaves : []
}

function lengthOf(resource: string | readonly string[]): number {
  return typeof resource === 'string' ? resource.length : resource.reduce((sum, part) => sum + part.length + 1, 0)
}

/** A match, and the resource that it is in, as a text. */
type ResourceMatch = ExploitMatch & { readonly argument: string }

/** What the first of the resources with a match gives. */
function firstMatch(
  resources: readonly (string | string[])[],
  match: (resource: string | string[]) => ExploitMatch | undefined,
): ResourceMatch | undefined {
  for (const resource of resources) {
    const found = match(resource)
    if (found !== undefined) return { ...found, argument: Array.isArray(resource) ? resource.join(' ') : resource }
  }
  return undefined
}

function isAbove(a: Layer, b: Layer): boolean {
  for (let at: Layer | undefined = a; at !== undefined; at = at.below) if (at === b) return true
  return false
}

/** The leaves, or the keys, below a target, in order. */
function* leavesBelow(tree: ValueTree, target: Target, source: Input['source']): Generator<Leaf> {
  const list = source === 'keys' ? tree.keys : tree.leaves
  const [from, to] = source === 'keys' ? [target.firstKey, target.endKey] : [target.firstLeaf, target.endLeaf]
  for (let index = from; index < to; index += 1) {
    const leaf = list[index]
    if (leaf !== undefined) yield leaf
  }
}

/** Keys and leaves below a target in the order in which they are written, each key before what it leads to. */
function* keysAndLeavesBelow(tree: ValueTree, target: Target): Generator<Leaf> {
  let nextLeaf = target.firstLeaf
  for (const key of leavesBelow(tree, target, 'keys')) {
    for (; nextLeaf < (key.leavesBefore ?? 0); nextLeaf += 1) yield tree.leaves[nextLeaf] as Leaf
    yield key
  }
  for (; nextLeaf < target.endLeaf; nextLeaf += 1) yield tree.leaves[nextLeaf] as Leaf
}

function isAccepted(accepts: ScalarCondition['accepts'], value: Scalar): boolean {
  if (value === null) return false
  if (accepts === 'any') return true
  if (accepts === 'text') return typeof value === 'string'
  if (accepts === 'number') return typeof value === 'number' || typeof value === 'bigint'
  return typeof value === accepts
}

/** The value as the operator takes it: numbers and booleans as text for an operator of strings. */
function valueFor(condition: ScalarCondition, leaf: Leaf, transformers: TransformerList): Scalar | undefined {
  return isAccepted(condition.accepts, leaf.value) ? textOf(leaf, transformers) : otherwiseFor(condition, leaf.value)
}

/** The same of a value that stands in no tree. */
export function scalarFor(
  condition: ScalarCondition,
  value: Scalar,
  transformers: TransformerList,
): Scalar | undefined {
  if (!isAccepted(condition.accepts, value)) return otherwiseFor(condition, value)
  return typeof value === 'string' ? transform(transformers, value) : value
}

function otherwiseFor(condition: ScalarCondition, value: Scalar): string | undefined {
  return condition.accepts === 'text' && value !== null ? scalarToText(value) : undefined
}

/** The leaf's text after the transformers, worked out once; other scalars as they are. */
export function textOf(leaf: Leaf, transformers: TransformerList): Scalar {
  if (typeof leaf.value !== 'string' || transformers.transformers.length === 0) return leaf.value
  leaf.texts ??= []
  return (leaf.texts[transformers.id] ??= transform(transformers, leaf.value))
}

function scalarToText(value: Scalar): string {
  return typeof value === 'string' ? value : String(value)
}
