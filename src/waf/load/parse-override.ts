import { fail } from '../../model/error.ts'
import { asString, asStrings, optionalBoolean } from '../cast.ts'
import type { Json } from '../cast.ts'
import { parseTags } from './parse-rule.ts'
import { parseRuleTargets } from './parse-target.ts'
import type { RuleTarget } from './parse-target.ts'

/** One item of `rules_override`: changes to the base rules it is for. Source: spec/waf-rules.md 2.6. */
export interface RuleOverride {
  readonly targets: readonly RuleTarget[]
  readonly enabled: boolean | undefined
  readonly onMatch: readonly string[] | undefined
  readonly tags: Readonly<Record<string, string>>
}

export function parseOverride(item: Json, path: string): RuleOverride {
  const targets =
    item['rules_target'] === undefined
      ? [{ id: asString(item['id'], `${path}.id`) }]
      : parseRuleTargets(item['rules_target'], `${path}.rules_target`)
  if (targets.length === 0) throw fail('RULESET_INVALID', `${path}.rules_target`, 'at least one target is required')
  return {
    targets,
    enabled: optionalBoolean(item['enabled'], `${path}.enabled`),
    onMatch: item['on_match'] === undefined ? undefined : asStrings(item['on_match'], `${path}.on_match`),
    tags: item['tags'] === undefined ? {} : parseTags(item['tags'], `${path}.tags`),
  }
}
