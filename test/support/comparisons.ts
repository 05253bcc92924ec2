import { comparePlain } from './compare-plain.ts'
import { compareRequests } from './compare-requests.ts'
import { compareRulesets } from './compare-rulesets.ts'
import type { Comparison } from './comparison.ts'

/** What `bench/waf-million.js` can run, by name; each takes a seed. */
export const comparisons: Readonly<Record<string, (seed: number) => Comparison>> = {
  differential: compareRequests,
  plain: comparePlain,
  rulesets: compareRulesets,
}
