import { fail } from '../../model/error.ts'
import { asArray, asObject, asString, optionalArray } from '../cast.ts'
import type { Rule } from '../rule.ts'
import { parseTags } from './parse-rule.ts'

/** Which rules an exclusion or override is for: one by id, or all that carry every one of these tags. */
export type RuleTarget = { readonly id: string } | { readonly tags: Readonly<Record<string, string>> }

/** Reads `rules_target`; empty when it is absent, which means every rule. */
export function parseRuleTargets(value: unknown, path: string): RuleTarget[] {
  return optionalArray(value, path).map((item, index) => {
    const at = `${path}[${index}]`
    const target = asObject(item, at)
    if (target['rule_id'] !== undefined) return { id: asString(target['rule_id'], `${at}.rule_id`) }
    if (target['tags'] !== undefined) return { tags: parseTags(target['tags'], `${at}.tags`) }
    throw fail('RULESET_INVALID', at, 'rule_id or tags is required')
  })
}

/** Whether the target names the rule; no tags at all name none, lest an empty object switches every rule off. */
export function isTarget(target: RuleTarget, rule: Pick<Rule, 'id' | 'tags'>): boolean {
  if ('id' in target) return target.id === rule.id
  const tags = Object.entries(target.tags)
  return tags.length > 0 && tags.every(([name, value]) => rule.tags[name] === value)
}

/** Reads a list of `{id}` objects. */
export function parseIds(value: unknown, path: string): string[] {
  return asArray(value, path).map((item, index) =>
    asString(asObject(item, `${path}[${index}]`)['id'], `${path}[${index}].id`),
  )
}
