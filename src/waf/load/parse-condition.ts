import { fail } from '../../model/error.ts'
import { asName, asArray, asObject, asString, optionalArray } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { Condition, Input } from '../condition.ts'
import type { DataSet } from '../data-set.ts'
import type { PathItem } from '../evaluate/path-tree.ts'
import type { ExploitOperator, Operator, PresenceOperator, ScalarOperator } from '../operator.ts'
import { operators } from '../operators.ts'
import type { Transformer } from '../transformer.ts'
import { transformerList } from '../transformer-list.ts'
import { transformers } from '../transformers.ts'
import { compileScope } from './load-scope.ts'
import type { LoadScope } from './load-scope.ts'
import { nearest } from './nearest.ts'

const MAX_KEY_PATH = 20
const MAX_TRANSFORMERS = 10

/** The item asks for an operator or transformer, or a version of one, that this engine does not have. */
export class Unsupported extends Error {
  /** `skip` when a newer engine would take it, `unknown` when the name is not known at all. */
  readonly outcome: 'skip' | 'unknown'
  constructor(outcome: 'skip' | 'unknown', message: string) {
    super(message)
    this.outcome = outcome
  }
}

/** Reads the conditions of an item; `defaults` are the transformers of inputs that name none. */
export function parseConditions(value: unknown, path: string, defaults: unknown, scope: LoadScope): Condition[] {
  return asArray(value, path).map((item, index) => parseCondition(item, `${path}[${index}]`, defaults, scope))
}

function parseCondition(value: unknown, path: string, defaults: unknown, scope: LoadScope): Condition {
  const condition = asObject(value, path)
  const given = asString(condition['operator'], `${path}.operator`)
  const { operator, negated } = findOperator(given, `${path}.operator`)
  const parameters = asObject(condition['parameters'], `${path}.parameters`)
  const at = `${path}.parameters`
  if (operator.kind === 'scalar') return scalarCondition(operator, negated, parameters, at, defaults, scope)
  if (operator.kind === 'presence') return presenceCondition(operator, negated, parameters, at)
  return exploitCondition(operator, parameters, at, scope)
}

function scalarCondition(
  operator: ScalarOperator,
  negated: boolean,
  parameters: Json,
  path: string,
  defaults: unknown,
  scope: LoadScope,
): Condition {
  const inputs = parseInputs(parameters['inputs'], `${path}.inputs`, defaults)
  if (negated && inputs.length > 1)
    throw fail('RULESET_INVALID', `${path}.inputs`, `!${operator.name} takes one input, not ${inputs.length}`)
  return {
    kind: 'scalar',
    operator: negated ? `!${operator.name}` : operator.name,
    operatorValue: operator.operatorValue?.(parameters) ?? '',
    negated,
    accepts: typeof operator.accepts === 'function' ? operator.accepts(parameters) : operator.accepts,
    inputs,
    need: negated ? undefined : operator.requires?.(parameters),
    list: negated ? listOf(parameters, path, scope) : undefined,
    match: operator.compile(parameters, compileScope(path, scope)),
  }
}

/** The live list of `exact_match` or `ip_match`, where it has no list of its own. */
function listOf({ list, data }: Json, path: string, scope: LoadScope): DataSet | undefined {
  return list === undefined && data !== undefined ? scope.data(asString(data, `${path}.data`)) : undefined
}

function presenceCondition(operator: PresenceOperator, negated: boolean, parameters: Json, path: string): Condition {
  const inputs = parseInputs(parameters['inputs'], `${path}.inputs`, undefined)
  if (negated && inputs.length > 1)
    throw fail('RULESET_INVALID', `${path}.inputs`, `!${operator.name} takes one input, not ${inputs.length}`)
  return {
    kind: 'presence',
    operator: negated ? `!${operator.name}` : operator.name,
    operatorValue: '',
    negated,
    inputs,
  }
}

function exploitCondition(operator: ExploitOperator, parameters: Json, path: string, scope: LoadScope): Condition {
  const params = parseInputs(parameters['params'], `${path}.params`, undefined)
  for (const [index, { transformers: named }] of params.entries())
    if (named.transformers.length > 0)
      scope.warn(`${path}.params[${index}].transformers: ${operator.name} takes parameters as they were given`)
  return {
    kind: 'exploit',
    operator: operator.name,
    operatorValue: '',
    resource: parseOne(parameters['resource'], `${path}.resource`),
    params: params.map(asGiven),
    dialect: operator.readsDialect === true ? parseOne(parameters['db_type'], `${path}.db_type`) : [],
    minParameterBytes: operator.minParameterBytes,
    match: operator.compile(parameters, compileScope(path, scope)),
    judge: operator.compileJudge?.(parameters, compileScope(path, scope)),
  }
}

/** Parameters are looked for in the resource as they were given: transformers are read, like the reference's, and not applied. */
function asGiven({ address, keyPath }: Input): Input {
  return { address, keyPath, source: 'values', transformers: transformerList([]) }
}

/** Splits `!name@vN` and finds the operator; throws Unsupported when this engine lacks it. */
function findOperator(given: string, path: string): { readonly operator: Operator; readonly negated: boolean } {
  const negated = given.startsWith('!')
  const [, name = '', version] = /^(.*?)(?:@v(\d+))?$/s.exec(negated ? given.slice(1) : given) ?? []
  const operator = operators.get(name)
  if (operator === undefined || (negated && (operator.kind === 'exploit' || !operator.negatable))) {
    const negatable = [...operators.values()].filter((one) => one.kind !== 'exploit' && one.negatable)
    const known = negated ? negatable.map((one) => `!${one.name}`) : operators.keys()
    const error = fail('RULE_UNKNOWN_OPERATOR', path, given, nearest(given, known))
    throw new Unsupported('unknown', error.message)
  }
  const newest = operator.kind === 'exploit' ? operator.version : 1
  if (version !== undefined && Number(version) > newest)
    throw new Unsupported('skip', `${path}: ${name} is known up to version ${newest}`)
  return { operator, negated }
}

function parseOne(value: unknown, path: string): Input[] {
  const inputs = parseInputs(value, path, undefined)
  if (inputs.length > 1) throw fail('RULESET_INVALID', path, 'one input is expected')
  return inputs
}

function parseInputs(value: unknown, path: string, defaults: unknown): Input[] {
  const inputs = asArray(value, path)
  if (inputs.length === 0) throw fail('RULESET_INVALID', path, 'at least one input is required')
  return inputs.map((item, index) => parseInput(item, `${path}[${index}]`, defaults))
}

function parseInput(value: unknown, path: string, defaults: unknown): Input {
  const input = asObject(value, path)
  const address = asName(input['address'], `${path}.address`)
  if (address === '') throw fail('RULESET_INVALID', `${path}.address`, 'an address is required')
  const keyPath = parseKeyPath(input['key_path'], `${path}.key_path`)
  const own = input['transformers']
  const { source, list } =
    own === undefined ? parseTransformers(defaults, path) : parseTransformers(own, `${path}.transformers`)
  return { address, keyPath, source, transformers: transformerList(list) }
}

/** Reads the key path of a condition's input: at most 20 items, none of them empty. */
export function parseKeyPath(value: unknown, path: string): PathItem[] {
  const items = parseAnyKeyPath(value, path)
  if (items.length > MAX_KEY_PATH) throw fail('RULESET_INVALID', path, `at most ${MAX_KEY_PATH} items are followed`)
  const empty = items.indexOf('')
  if (empty >= 0) throw fail('RULESET_INVALID', `${path}[${empty}]`, 'an empty key cannot be followed')
  return items
}

/** Reads the key path of an attribute or a hidden input: keys as strings, list indices as whole numbers (2.x). */
export function parseAnyKeyPath(value: unknown, path: string): PathItem[] {
  return optionalArray(value, path).map((item, index) =>
    typeof item === 'number' && Number.isSafeInteger(item) ? item : asName(item, `${path}[${index}]`),
  )
}

/** Reads a list of transformer names, with the pseudo transformers that choose keys or values. */
export function parseTransformers(
  value: unknown,
  path: string,
): { readonly source: Input['source']; readonly list: Transformer[] } {
  let source: Input['source'] = 'values'
  const list: Transformer[] = []
  const given = optionalArray(value, path)
  if (given.length > MAX_TRANSFORMERS)
    throw fail('RULESET_INVALID', path, `at most ${MAX_TRANSFORMERS} transformers are applied`)
  for (const [index, item] of given.entries()) {
    const name = asString(item, `${path}[${index}]`)
    if (name === 'keys_only') source = 'keys'
    else if (name === 'values_only') source = 'values'
    else list.push(findTransformer(name, `${path}[${index}]`))
  }
  return { source, list }
}

function findTransformer(name: string, path: string): Transformer {
  const transformer = transformers.get(name)
  if (transformer !== undefined) return transformer
  const near = nearest(name, [...transformers.keys(), 'keys_only', 'values_only'])
  throw new Unsupported(
    'unknown',
    `${path}: unknown transformer "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
  )
}
