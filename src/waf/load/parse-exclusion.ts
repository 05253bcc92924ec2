import { fail } from '../../model/error.ts'
import { asName, asArray, asObject, asString, optionalString } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { Condition } from '../condition.ts'
import type { PathItem } from '../evaluate/path-tree.ts'
import { checkAction } from './load-scope.ts'
import type { LoadScope } from './load-scope.ts'
import { parseAnyKeyPath, parseConditions } from './parse-condition.ts'
import { parseRuleTargets } from './parse-target.ts'
import type { RuleTarget } from './parse-target.ts'

/** An object that an input filter hides; `*` in the path stands for any one key or index. */
export interface HiddenInput {
  readonly address: string
  readonly keyPath: readonly PathItem[]
}

/**
 * One item of `exclusions`. With `hides` it hides inputs from its rules, otherwise it changes what its rules do:
 * `bypass` (not evaluated), `monitor` (reported only) or the id of a blocking action.
 */
export interface Exclusion {
  readonly id: string
  readonly targets: readonly RuleTarget[]
  readonly conditions: readonly Condition[]
  readonly hides: readonly HiddenInput[] | undefined
  readonly mode: string
}

/** Reads one item of `exclusions`. Source: spec/waf-rules.md 2.6. */
export function parseExclusion(item: Json, path: string, scope: LoadScope): Exclusion {
  const id = asString(item['id'], `${path}.id`)
  const targets = parseRuleTargets(item['rules_target'], `${path}.rules_target`)
  const conditions =
    item['conditions'] === undefined ? [] : parseConditions(item['conditions'], `${path}.conditions`, undefined, scope)
  const hides = item['inputs'] === undefined ? undefined : parseHidden(item['inputs'], `${path}.inputs`)
  if (hides?.length === 0 || (targets.length === 0 && conditions.length === 0 && hides === undefined))
    throw fail('RULESET_INVALID', path, 'an exclusion needs rules_target, conditions or inputs')
  const mode = optionalString(item['on_match'], `${path}.on_match`) ?? 'bypass'
  if (mode === '')
    throw fail('RULESET_INVALID', `${path}.on_match`, 'bypass, monitor or the id of an action is expected')
  if (mode !== 'bypass') checkAction(mode, `${path}.on_match`, scope)
  return { id, targets, conditions, hides, mode }
}

function parseHidden(value: unknown, path: string): HiddenInput[] {
  return asArray(value, path).map((item, index) => {
    const at = `${path}[${index}]`
    const input = asObject(item, at)
    return {
      address: asName(input['address'], `${at}.address`),
      keyPath: parseAnyKeyPath(input['key_path'], `${at}.key_path`),
    }
  })
}
