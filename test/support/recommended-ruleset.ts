import { createRequire } from 'node:module'

/** Where a condition looks. */
export interface RuleInput {
  readonly address: string
  readonly key_path?: readonly string[]
  readonly transformers?: readonly string[]
}

/** A rule of the recommended ruleset, as far as the tests look into it. */
export interface RecommendedRule {
  readonly id: string
  readonly tags: { readonly type: string; readonly module?: string }
  readonly transformers?: readonly string[]
  readonly conditions: readonly {
    readonly operator: string
    readonly parameters: {
      readonly inputs?: readonly RuleInput[]
      readonly resource?: readonly RuleInput[]
      readonly params?: readonly RuleInput[]
      readonly regex?: string
      readonly list?: readonly string[]
      readonly options?: {
        readonly enforce_word_boundary?: boolean
        readonly case_sensitive?: boolean
        readonly min_length?: number
      }
    }
  }[]
}

export interface RecommendedRuleset {
  readonly version: string
  readonly rules: readonly RecommendedRule[]
  readonly rules_compat: readonly RecommendedRule[]
  readonly [section: string]: unknown
}

/** The ruleset that dd-trace recommends: a development dependency, read from where it is installed, never copied. */
export const recommendedRuleset = createRequire(import.meta.url)(
  'dd-trace/packages/dd-trace/src/appsec/recommended.json',
) as RecommendedRuleset

/** The same with a type of its own for each rule, so that every rule that matches is reported and can be compared. */
export function withTypePerRule(ruleset: RecommendedRuleset): RecommendedRuleset {
  const own = (rule: RecommendedRule): RecommendedRule => ({ ...rule, tags: { ...rule.tags, type: rule.id } })
  return { ...ruleset, rules: ruleset.rules.map(own), rules_compat: ruleset.rules_compat.map(own) }
}
