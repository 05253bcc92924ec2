import type { PlannedMapping, PlannedProcessor } from '../plan.ts'
import type { Attributes } from './attributes.ts'
import { evaluateAll } from './evaluate-rules.ts'
import type { EvaluationScope } from './evaluate-condition.ts'
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
  for (const { spec, mappings, conditions, scanners } of processors) {
    let allowed = conditions.length === 0
    for (const mapping of mappings) {
      if (scope.isOver()) return
      const given = collect(mapping, scope.layer)
      if (given === undefined || !isDue(spec.processor.regenerates, mapping, given, scope.layer)) continue
      allowed ||= evaluateAll(conditions, undefined, scope) !== undefined
      if (!allowed) break
      const value = generate(spec.processor, given.inputs, scanners)
      given.layer.generated.set(mapping.output, given.count)
      if (value === undefined) continue
      if (spec.evaluate) store(mapping.output, value, given.layer)
      if (spec.output) attributes.regenerate(mapping.output, value)
    }
  }
}

/** The inputs of a mapping that are there, and the topmost layer that holds one of them. */
interface GivenInputs {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly count: number
  readonly layer: Layer
}

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

/** Whether nothing was made yet, or what was made gains from inputs that came since. */
function isDue(regenerates: boolean, mapping: PlannedMapping, given: GivenInputs, top: Layer): boolean {
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below) {
    const before = layer.generated.get(mapping.output)
    if (before !== undefined) return regenerates && given.count > before
  }
  return top.tree(mapping.output) === undefined
}

/** Undefined unless all required inputs, and at least one, are there. */
function collect({ inputs: wanted, required }: PlannedMapping, top: Layer): GivenInputs | undefined {
  const inputs: Record<string, unknown> = Object.create(null)
  let count = 0
  let depth = Infinity
  let highest = top
  for (const { name, address, path } of wanted) {
    let layer: Layer | undefined = top
    let height = 0
    while (layer !== undefined && !layer.trees.has(address)) {
      layer = layer.below
      height += 1
    }
    const target = layer?.trees.get(address)?.targets.get(path.id)
    if (layer === undefined || target === undefined) continue
    inputs[name] = target.raw
    count += 1
    if (height < depth) [depth, highest] = [height, layer]
  }
  if (count === 0 || required.some((name) => inputs[name] === undefined)) return undefined
  return { inputs, count, layer: highest }
}
