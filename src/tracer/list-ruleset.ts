import { denylistRules } from '../waf/default-ruleset/denylist.ts'

/**
 * The rules of the block lists alone, by the ids under which Datadog tools know them. They say what becomes
 * of what the denylist finds, and are the ruleset in force where no other can be.
 */
export const listRuleset = { version: '2.2', metadata: { rules_version: '1.0.0' }, rules: denylistRules } as const
