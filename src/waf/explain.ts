import { fail, PortcullisError } from '../model/error.ts'
import type { WafRuleMatch } from '../model/waf-event.ts'
import { asArray, asObject, asString } from './cast.ts'
import type { Json } from './cast.ts'
import { compileRuleset } from './compile-ruleset.ts'
import { PathTree } from './evaluate/path-tree.ts'
import { unboundedWalk, walkValue } from './evaluate/value-tree.ts'
import { parseKeyPath } from './load/parse-condition.ts'
import type { Addresses, WafClock } from './waf.ts'

/** Why a rule did or did not match, condition by condition. */
export interface Explanation {
  readonly rule: string
  readonly matched: boolean
  readonly conditions: readonly ConditionExplanation[]
}

export interface ConditionExplanation {
  readonly operator: string
  readonly matched: boolean
  /** A sentence for people. */
  readonly why: string
  readonly inputs: readonly InputExplanation[]
  /** The part of the event, when the condition holds. */
  readonly match?: WafRuleMatch
}

export interface InputExplanation {
  readonly address: string
  readonly keyPath: readonly (string | number)[]
  readonly state: 'absent' | 'path absent' | 'present'
  /** Scalars below the input. */
  readonly values: number
}

export interface ExplainOptions {
  /** Lists that the rule refers to by id, as in `rules_data`. */
  readonly rulesData?: readonly unknown[]
}

/**
 * Evaluates each condition of a rule by itself on the given addresses. Throws RULESET_INVALID, or
 * RULE_UNKNOWN_OPERATOR, when the rule cannot be read.
 */
export function explain(
  rule: unknown,
  addresses: Addresses,
  { clock, rulesData = [] }: ExplainOptions & { readonly clock: WafClock },
): Explanation {
  const given = asObject(rule, 'rule')
  const conditions = asArray(given['conditions'], 'rule.conditions').map((item, index) => {
    const condition = asObject(item, `rule.conditions[${index}]`)
    return explainCondition(given, condition, addresses, rulesData, clock)
  })
  return {
    rule: asString(given['id'], 'rule.id'),
    matched: conditions.length > 0 && conditions.every((condition) => condition.matched),
    conditions,
  }
}

function explainCondition(
  rule: Json,
  condition: Json,
  addresses: Addresses,
  rulesData: readonly unknown[],
  clock: WafClock,
): ConditionExplanation {
  const { enabled: _, output: _output, on_match: _actions, ...rest } = rule
  const alone = { ...rest, conditions: [condition] }
  const waf = compileOrSayWhy({ version: '2.2', rules: [alone], rules_data: rulesData }, clock)
  const { events } = waf.createContext().run({ persistent: addresses })
  const match = events[0]?.rule_matches[0]
  const inputs = inputsOf(condition).map((input) => explainInput(input, addresses))
  return {
    operator: asString(condition['operator'], 'operator'),
    matched: match !== undefined,
    why: match === undefined ? whyNot(inputs) : whyMatched(match),
    inputs,
    ...(match === undefined ? {} : { match }),
  }
}

function compileOrSayWhy(ruleset: unknown, clock: WafClock): ReturnType<typeof compileRuleset> {
  try {
    return compileRuleset(ruleset, { clock })
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    throw fail('RULESET_INVALID', 'rule', error.message)
  }
}

function inputsOf(condition: Json): readonly Json[] {
  const parameters = asObject(condition['parameters'], 'parameters')
  return ['inputs', 'resource', 'params', 'db_type'].flatMap((name) =>
    parameters[name] === undefined ? [] : asArray(parameters[name], name).map((item) => asObject(item, name)),
  )
}

function explainInput(input: Json, addresses: Addresses): InputExplanation {
  const address = asString(input['address'], 'address')
  const keyPath = parseKeyPath(input['key_path'], 'key_path')
  if (!Object.hasOwn(addresses, address) || addresses[address] === undefined)
    return { address, keyPath, state: 'absent', values: 0 }
  const paths = new PathTree()
  const node = paths.add(keyPath)
  const target = walkValue(address, addresses[address], paths.root, unboundedWalk(explainLimits)).targets.get(node.id)
  if (target === undefined) return { address, keyPath, state: 'path absent', values: 0 }
  return { address, keyPath, state: 'present', values: target.endLeaf - target.firstLeaf }
}

const explainLimits = { maxStringBytes: 1 << 16, maxContainerSize: Number.MAX_SAFE_INTEGER, maxDepth: 256 }

function whyMatched({ operator, parameters }: WafRuleMatch): string {
  const [first] = parameters
  if (first === undefined) return `${operator} holds`
  const place = 'resource' in first ? first.params : first
  const where = [place.address, ...place.key_path].join('.')
  return `${operator} holds at ${where}: ${JSON.stringify(place.value)}`
}

function whyNot(inputs: readonly InputExplanation[]): string {
  const present = inputs.filter((input) => input.state === 'present')
  if (present.length === 0) return 'none of its inputs is there'
  const values = present.reduce((sum, input) => sum + input.values, 0)
  if (values === 0) return 'its inputs hold no value'
  return values === 1
    ? 'the one value it looked at does not match'
    : `none of the ${values} values it looked at matches`
}
