import { fail } from '../../model/error.ts'
import { asName, asArray, asObject, asString, optionalArray, optionalBoolean, optionalObject } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { Condition } from '../condition.ts'
import type { PathItem } from '../evaluate/path-tree.ts'
import type { Processor } from '../processor.ts'
import { processors } from '../processors.ts'
import type { LoadScope } from './load-scope.ts'
import { nearest } from './nearest.ts'
import { parseConditions, parseKeyPath, Unsupported } from './parse-condition.ts'
import { parseIds } from './parse-target.ts'
import { parseTags } from './parse-rule.ts'
import type { RuleTarget } from './parse-target.ts'

/** Where a processor reads one of its parameters. */
export interface ProcessorInput {
  readonly address: string
  readonly keyPath: readonly PathItem[]
  /** Whether nothing is made without it. */
  readonly required: boolean
  readonly isText: boolean
}

export interface ProcessorMapping {
  /** In the processor's order. */
  readonly inputs: readonly ProcessorInput[]
  readonly output: string
}

/** One item of `processors`. */
export interface ProcessorSpec {
  readonly id: string
  readonly processor: Processor
  readonly conditions: readonly Condition[]
  readonly mappings: readonly ProcessorMapping[]
  readonly scanners: readonly ScannerTarget[]
  readonly evaluate: boolean
  readonly output: boolean
}

/** Scanners by id or by tags. */
export type ScannerTarget = RuleTarget

/** One item of `processor_overrides`. */
export interface ProcessorOverride {
  readonly targets: readonly string[]
  readonly include: readonly ScannerTarget[]
  readonly exclude: readonly ScannerTarget[]
}

/** Reads one item of `processors`. Source: spec/waf-rules.md 2.8. */
export function parseProcessor(item: Json, path: string, scope: LoadScope): ProcessorSpec {
  const id = asString(item['id'], `${path}.id`)
  const generator = asString(item['generator'], `${path}.generator`)
  const processor = processors.get(generator)
  if (processor === undefined) {
    const near = nearest(generator, processors.keys())
    throw new Unsupported(
      'unknown',
      `${path}.generator: unknown generator "${generator}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
  }
  const parameters = optionalObject(item['parameters'], `${path}.parameters`) ?? {}
  const mappings = asArray(parameters['mappings'], `${path}.parameters.mappings`)
  if (mappings.length === 0)
    throw fail('RULESET_INVALID', `${path}.parameters.mappings`, 'at least one mapping is required')
  const evaluate = optionalBoolean(item['evaluate'], `${path}.evaluate`) ?? true
  const output = optionalBoolean(item['output'], `${path}.output`) ?? false
  if (!evaluate && !output)
    throw fail('RULESET_INVALID', path, 'a processor that is neither evaluated nor output does nothing')
  return {
    id,
    processor,
    conditions:
      item['conditions'] === undefined
        ? []
        : parseConditions(item['conditions'], `${path}.conditions`, undefined, scope),
    mappings: mappings.map((mapping, index) =>
      parseMapping(
        processor,
        asObject(mapping, `${path}.parameters.mappings[${index}]`),
        `${path}.parameters.mappings[${index}]`,
      ),
    ),
    scanners: parseScannerTargets(parameters['scanners'], `${path}.parameters.scanners`),
    evaluate,
    output,
  }
}

function parseMapping(processor: Processor, mapping: Json, path: string): ProcessorMapping {
  const inputs = processor.inputs.map(({ name, required, isText = false }): ProcessorInput => {
    const at = `${path}.${name}`
    const [first] = asArray(mapping[name], at)
    if (first === undefined) throw fail('RULESET_INVALID', at, 'an input is required')
    const input = asObject(first, `${at}[0]`)
    return {
      address: asName(input['address'], `${at}[0].address`),
      keyPath: parseKeyPath(input['key_path'], `${at}[0].key_path`),
      required,
      isText,
    }
  })
  return { inputs, output: asName(mapping['output'], `${path}.output`) }
}

/** Reads scanner references: `{id}` or `{tags}`. */
function parseScannerTargets(value: unknown, path: string): ScannerTarget[] {
  return optionalArray(value, path).map((item, index) => {
    const at = `${path}[${index}]`
    const target = asObject(item, at)
    if (target['id'] !== undefined) return { id: asString(target['id'], `${at}.id`) }
    return { tags: parseTags(target['tags'], `${at}.tags`) }
  })
}

/** Reads one item of `processor_overrides`. */
export function parseProcessorOverride(item: Json, path: string): ProcessorOverride {
  const scanners = asObject(item['scanners'], `${path}.scanners`)
  const targets = parseIds(item['target'], `${path}.target`)
  if (targets.length === 0) throw fail('RULESET_INVALID', `${path}.target`, 'at least one processor is required')
  return {
    targets,
    include: parseScannerTargets(scanners['include'], `${path}.scanners.include`),
    exclude: parseScannerTargets(scanners['exclude'], `${path}.scanners.exclude`),
  }
}
