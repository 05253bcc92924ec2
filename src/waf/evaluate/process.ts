import { readText } from '../javascript-value.ts'
import type { PlannedInput, PlannedMapping } from '../plan.ts'
import type { Attributes } from './attributes.ts'
import { evaluateAll } from './evaluate-rules.ts'
import type { EvaluationScope } from './evaluate-condition.ts'
import type { Layer } from './layer.ts'

/** Takes the addresses that processors make. */
export interface ValueKeeper {
  keep(address: string, value: unknown, layer: Layer): void
}

/**
 * Runs a processor on what has arrived: the result becomes an address, an attribute, or both. An address that the caller
 * gave is never replaced; one that a processor made is, once it has more to work on: of each input what came first counts,
 * as in the reference. False when time was up before the end.
 */
export function runMapping(
  mapping: PlannedMapping,
  scope: EvaluationScope,
  attributes: Attributes,
  keeper: ValueKeeper,
): boolean {
  if (scope.isOver()) return false
  const { conditions, output, isRead, processor } = mapping
  const { layer: top } = scope
  if (conditions !== undefined && evaluateAll(conditions, undefined, scope) === undefined) return !scope.isOver()
  const given = collect(mapping, top)
  if (given === undefined) return true
  const before = madeFrom(output, top)
  const isDone =
    before === undefined
      ? isRead && top.value(output) !== undefined
      : !processor.regenerates || !gains(before, given.inputs)
  if (isDone) return true
  const inputs = before === undefined ? given.inputs : given.inputs.map((input, place) => before[place] ?? input)
  const value = generate(mapping, inputs)
  given.layer.generated(output, inputs)
  if (value === undefined) return true
  if (mapping.isKept) keeper.keep(output, value, given.layer)
  if (mapping.isShown) attributes.regenerate(output, value)
  return true
}

/** The inputs of a mapping that are there, and the topmost layer that holds one of them. */
interface GivenInputs {
  readonly inputs: readonly unknown[]
  readonly layer: Layer
}

function generate({ processor, scanners }: PlannedMapping, inputs: readonly unknown[]): unknown {
  try {
    return processor.generate(inputs, scanners)
  } catch {
    // A getter or proxy in the input threw; what cannot be read makes no address.
    return undefined
  }
}

function madeFrom(output: string, top: Layer): readonly unknown[] | undefined {
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below) {
    const inputs = layer.generatedFrom(output)
    if (inputs !== undefined) return inputs
  }
  return undefined
}

/** Whether an input has come that was missing before. */
function gains(before: readonly unknown[], inputs: readonly unknown[]): boolean {
  return inputs.some((input, place) => input !== undefined && before[place] === undefined)
}

/** Undefined unless all required inputs, and at least one, are there. */
function collect({ inputs: wanted }: PlannedMapping, top: Layer): GivenInputs | undefined {
  let inputs: unknown[] | undefined
  let depth = Infinity
  let highest = top
  for (let place = 0; place < wanted.length; place += 1) {
    const { address, path, required, isText } = wanted[place] as PlannedInput
    let layer = top
    let height = 0
    let stored = layer.own(address)
    while (stored === undefined && layer.below !== undefined) {
      layer = layer.below
      height += 1
      stored = layer.own(address)
    }
    const value = stored?.at(path)
    if (value === undefined || (isText && readText(value) === undefined)) {
      if (required) return undefined
      continue
    }
    inputs ??= wanted.map(unset)
    inputs[place] = value
    if (height < depth) {
      depth = height
      highest = layer
    }
  }
  return inputs === undefined ? undefined : { inputs, layer: highest }
}

const unset = (): undefined => undefined
