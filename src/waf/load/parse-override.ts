import { fail } from '../../model/error.ts'
import { asString, asStrings, optionalBoolean } from '../cast.ts'
import type { Json } from '../cast.ts'
import { checkAction } from './load-scope.ts'
import type { LoadScope } from './load-scope.ts'
import { checkModule, parseTags } from './parse-rule.ts'
import { parseRuleTargets } from './parse-target.ts'
import type { RuleTarget } from './parse-target.ts'

/** One item of `rules_override`: changes to the base rules it is for. Source: spec/waf-rules.md 2.6. */
export interface RuleOverride {
  readonly targets: readonly RuleTarget[]
  readonly enabled: boolean | undefined
  readonly onMatch: readonly string[] | undefined
  readonly tags: Readonly<Record<string, string>>
}

export function parseOverride(item: Json, path: string, scope: Pick<LoadScope, 'actions' | 'warn'>): RuleOverride {
  const targets = parseTargets(item, path)
  const enabled = optionalBoolean(item['enabled'], `${path}.enabled`)
  const onMatch = item['on_match'] === undefined ? undefined : asStrings(item['on_match'], `${path}.on_match`)
  for (const [index, action] of (onMatch ?? []).entries()) checkAction(action, `${path}.on_match[${index}]`, scope)
  const tags = item['tags'] === undefined ? {} : parseTags(item['tags'], `${path}.tags`)
  checkModule(tags['module'], `${path}.tags.module`, scope.warn)
  if (enabled === undefined && onMatch === undefined && Object.keys(tags).length === 0)
    throw fail('RULESET_INVALID', path, 'an override needs enabled, on_match or tags')
  return { targets, enabled, onMatch, tags }
}

/** Rules by id, or rules by tags: the two are applied one after the other, so one override has only one kind. */
function parseTargets(item: Json, path: string): RuleTarget[] {
  const targets = parseRuleTargets(item['rules_target'], `${path}.rules_target`)
  if (targets.length === 0) return [{ id: asString(item['id'], `${path}.id`) }]
  const byId = targets.filter((target) => 'id' in target).length
  if (byId !== 0 && byId !== targets.length)
    throw fail('RULESET_INVALID', `${path}.rules_target`, 'an override is for rules by id or by tags, not both')
  if (targets.every((target) => 'tags' in target && Object.keys(target.tags).length === 0))
    throw fail('RULESET_INVALID', `${path}.rules_target`, 'at least one tag is required')
  return targets
}
