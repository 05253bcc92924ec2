import type { Ruleset } from '../model/ruleset.ts'
import { accountTakeoverRules } from './default-ruleset/account-takeover.ts'
import { denylistRules } from './default-ruleset/denylist.ts'
import { executionRules } from './default-ruleset/execution.ts'
import { fingerprintProcessors } from './default-ruleset/fingerprints.ts'
import { injectionRules } from './default-ruleset/injection.ts'
import { resourceRules } from './default-ruleset/resources.ts'
import { testRequestRules } from './default-ruleset/test-requests.ts'
import { toolRules } from './default-ruleset/tools.ts'

/** Changes with every change of a rule; it is what spans say was in force. */
const rulesVersion = '1.2.0'

/**
 * The ruleset that ships with Portcullis, written here: it blocks by the denylist, and the request
 * that asks for it as a test; everything else is only reported.
 * What it finds and what it wrongly flags: docs/waf-default-ruleset.md.
 */
export function defaultRuleset(): Ruleset {
  return {
    version: '2.2',
    metadata: { rules_version: rulesVersion },
    rules: [
      ...denylistRules,
      ...testRequestRules,
      ...toolRules,
      ...accountTakeoverRules,
      ...injectionRules,
      ...executionRules,
      ...resourceRules,
    ],
    processors: fingerprintProcessors,
  }
}
