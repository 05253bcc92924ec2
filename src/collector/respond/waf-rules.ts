import type { CollateralBound, ManagedWafRule, NewWafRule, WafRuleMode, WafRuleProblem } from '../../model/waf-rule.ts'
import type { WafRuleVersion } from '../state/state.ts'

/** What may change of a rule without writing it anew. */
export interface WafRuleChange {
  readonly mode?: WafRuleMode
  readonly endsAt?: string | null
  readonly collateral?: CollateralBound
}

export type CheckedWafRule =
  | { readonly rule: NewWafRule; readonly problems?: undefined }
  | { readonly problems: readonly WafRuleProblem[] }

/**
 * The managed WAF rules: every change is a version, audited, and sent to the tracers at once. A rule that answers a
 * signal is a response of that signal while it is in force. Attackers and ordinary users are told apart before:
 * `replay` says what a rule would have hit.
 */
export interface WafRules {
  /** Reads a rule from outside and compiles it; nothing is kept. */
  check(value: unknown): CheckedWafRule
  /** Sorted by name. */
  list(): readonly ManagedWafRule[]
  /** Throws NOT_FOUND. */
  find(id: string): ManagedWafRule
  /** Newest first, deleted ones included. Rejects with NOT_FOUND. */
  versions(id: string): Promise<readonly WafRuleVersion[]>
  /**
   * `collateralUsers`: ordinary users that it was measured to touch, for the ceiling of automation. Rejects with
   * WAF_RULE_INVALID, which carries all `problems`; with CONFLICT when the id is taken; with WAF_RULE_UNMEASURED when it
   * is to block and nobody can say whom.
   */
  add(value: unknown, author: string, collateralUsers?: number): Promise<ManagedWafRule>
  /** A `version` in the rule has to be the one in force. Rejects with NOT_FOUND, WAF_RULE_INVALID, WAF_RULE_UNMEASURED, CONFLICT. */
  replace(id: string, value: unknown, author: string): Promise<ManagedWafRule>
  /** Changes a mode, an end or a bound; rejects with NOT_FOUND, WAF_RULE_UNMEASURED. */
  change(id: string, change: WafRuleChange, author: string): Promise<ManagedWafRule>
  remove(id: string, author: string): Promise<void>
  /** Marks the version in force as faulty and disables the rule; the note stands in the signal's timeline. */
  rollBack(id: string, version: number, why: string): Promise<void>
  /** Marks a version that tracers refuse, and puts the one before in force, or none. */
  restore(id: string, version: number, why: string): Promise<void>
}
