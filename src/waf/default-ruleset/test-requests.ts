import { attack, header, matches, monitor } from './rule.ts'
import type { RuleSpec } from './rule.ts'

const userAgent = header('user-agent')

/**
 * What somebody sends who wants to see protection at work: requests that are harmless and say so, by the user agents
 * that Datadog documents for the purpose.
 */
export const testRequestRules: readonly RuleSpec[] = [
  monitor('pcl-test-001', 'Test request that is to be reported', attack('security_scanner'), [
    matches([userAgent], String.raw`^dd-test-scanner-log(?:[/\s]|$)`),
  ]),
  {
    ...monitor('pcl-test-002', 'Test request that is to be blocked', attack('attack_tool'), [
      matches([userAgent], String.raw`^dd-test-scanner-log-block(?:[/\s]|$)`),
    ]),
    on_match: ['block'],
  },
]
