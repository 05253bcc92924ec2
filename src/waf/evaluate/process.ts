import type { PlannedProcessor } from '../plan.ts'
import type { Attributes } from './attributes.ts'
import { evaluateAll } from './evaluate-rules.ts'
import type { EvaluationScope } from './evaluate-condition.ts'
import { layersOf } from './layer.ts'
import type { Layer } from './layer.ts'

/**
 * Runs processors on what has arrived: the result becomes an address (`evaluate`), an attribute (`output`), or both.
 * An address that the caller gave is never replaced; one that a processor made is, once it has more to work on.
 */
export function runProcessors(
  processors: readonly PlannedProcessor[],
  scope: EvaluationScope,
  attributes: Attributes,
  store: (address: string, value: unknown, layer: Layer) => void,
): void {
  for (const { spec, conditions, scanners } of processors) {
    const due = spec.mappings.filter((mapping) => isDue(spec.processor.regenerates, mapping, scope.layer))
    if (due.length === 0 || (conditions.length > 0 && evaluateAll(conditions, undefined, scope) === undefined)) continue
    for (const mapping of due) {
      if (scope.isOver()) return
      const { inputs, layer } = collect(mapping, scope.layer)
      const complete = spec.processor.inputs.every(({ name, required }) => !required || inputs[name] !== undefined)
      const count = Object.keys(inputs).length
      if (!complete || count === 0) continue
      const value = generate(spec.processor, inputs, scanners)
      layer.generated.set(mapping.output, count)
      if (value === undefined) continue
      if (spec.evaluate) store(mapping.output, value, layer)
      if (spec.output) attributes.set(mapping.output, value)
    }
  }
}

type Mapping = PlannedProcessor['spec']['mappings'][number]

function generate(
  processor: PlannedProcessor['spec']['processor'],
  inputs: Readonly<Record<string, unknown>>,
  scanners: PlannedProcessor['scanners'],
): unknown {
  try {
    return processor.generate(inputs, scanners)
  } catch {
    // A getter or proxy in the input threw; what cannot be read makes no address.
    return undefined
  }
}

function isDue(regenerates: boolean, mapping: Mapping, layer: Layer): boolean {
  const before = generatedWith(mapping.output, layer)
  if (before === undefined) return layer.tree(mapping.output) === undefined
  return regenerates && Object.keys(collect(mapping, layer).inputs).length > before
}

function generatedWith(output: string, layer: Layer): number | undefined {
  for (const one of layersOf(layer)) {
    const count = one.generated.get(output)
    if (count !== undefined) return count
  }
  return undefined
}

/** The inputs that are there, and the topmost layer that holds one of them. */
function collect(mapping: Mapping, top: Layer): { readonly inputs: Record<string, unknown>; readonly layer: Layer } {
  const inputs: Record<string, unknown> = Object.create(null)
  let highest: Layer | undefined
  for (const [name, { address, keyPath }] of Object.entries(mapping.inputs)) {
    for (const layer of layersOf(top)) {
      const tree = layer.trees.get(address)
      if (tree === undefined) continue
      for (const target of tree.targets.values()) {
        if (target.path.length !== keyPath.length || !target.path.every((item, at) => item === keyPath[at])) continue
        inputs[name] = target.raw
        if (highest === undefined || [...layersOf(layer)].includes(highest)) highest = layer
      }
      break
    }
  }
  return { inputs, layer: highest ?? top }
}
