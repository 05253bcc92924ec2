// Imported, since the global one is a getter.
import { performance } from 'node:perf_hooks'
import { compileRuleset as compileWithClock } from './waf/compile-ruleset.ts'
import { explain as explainWithClock } from './waf/explain.ts'
import type { ExplainOptions, Explanation } from './waf/explain.ts'
import type { Addresses, CompileOptions, Waf, WafClock } from './waf/waf.ts'

const systemClock: WafClock = {
  nowMs: () => Date.now(),
  monotonicNs: () => Math.round(performance.now() * 1e6),
}

/**
 * Compiles a ruleset of the public libddwaf format (schema 2.x) on the system's clock, for rule authors and CI.
 * Throws RULESET_INVALID when nothing in it can be loaded; whatever else cannot be used is named in `diagnostics`.
 */
export function compileRuleset(ruleset: unknown, options: CompileOptions = {}): Waf {
  return compileWithClock(ruleset, { clock: systemClock, ...options })
}

/**
 * Says condition by condition why a rule does or does not match these addresses. `options.rulesData` holds the lists
 * that it refers to. Throws RULESET_INVALID when the rule cannot be read.
 */
export function explain(rule: unknown, addresses: Addresses, options: ExplainOptions = {}): Explanation {
  return explainWithClock(rule, addresses, { ...options, clock: systemClock })
}

export type { ConditionExplanation, ExplainOptions, Explanation, InputExplanation } from './waf/explain.ts'
export { defaultRuleset } from './waf/default-ruleset.ts'
export { loginTagRule } from './waf/default-ruleset/login-tag-rule.ts'
export type { LoginTagOptions } from './waf/default-ruleset/login-tag-rule.ts'
export type { ConditionSpec, RuleSpec } from './waf/default-ruleset/rule.ts'
export type {
  Addresses,
  CompileOptions,
  DataChange,
  ObfuscatorOptions,
  RunOptions,
  Truncation,
  Waf,
  WafClock,
  WafContext,
  WafLimits,
  WafResult,
} from './waf/waf.ts'
export type { Ruleset, RulesetDiagnostics, SectionDiagnostics } from './model/ruleset.ts'
export type {
  ActionParameters,
  WafEvent,
  WafMatchParameter,
  WafRuleMatch,
  WafStructuredParameter,
} from './model/waf-event.ts'
