/** The In-App WAF rule engine, for rule authors and CI. */
export { compileRuleset } from './waf/compile-ruleset.ts'
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
