/** The In-App WAF rule format: the public libddwaf JSON, schema 2.x (spec/waf-rules.md 2). Read leniently, so all optional. */
export interface Ruleset {
  readonly version: string
  readonly metadata?: { readonly rules_version?: string }
  readonly rules?: readonly unknown[]
  readonly rules_compat?: readonly unknown[]
  readonly custom_rules?: readonly unknown[]
  readonly rules_data?: readonly unknown[]
  readonly rules_override?: readonly unknown[]
  readonly exclusions?: readonly unknown[]
  readonly exclusion_data?: readonly unknown[]
  readonly processors?: readonly unknown[]
  readonly processor_overrides?: readonly unknown[]
  readonly scanners?: readonly unknown[]
  readonly actions?: readonly unknown[]
  readonly obfuscator?: { readonly key_regex?: string; readonly value_regex?: string }
}

/** What became of one section of a ruleset: ids by outcome, and messages with the ids or JSON paths they concern. */
export interface SectionDiagnostics {
  readonly loaded: readonly string[]
  readonly failed: readonly string[]
  readonly skipped: readonly string[]
  readonly errors: Readonly<Record<string, readonly string[]>>
  readonly warnings: Readonly<Record<string, readonly string[]>>
  /** Set when the section as a whole could not be read. */
  readonly error?: string
}

export type RulesetSection =
  | 'rules'
  | 'rules_compat'
  | 'custom_rules'
  | 'rules_data'
  | 'rules_override'
  | 'exclusions'
  | 'exclusion_data'
  | 'processors'
  | 'processor_overrides'
  | 'scanners'
  | 'actions'
  | 'obfuscator'

/** Diagnostics of a loaded configuration: one entry a section present, and the ruleset's version. */
export type RulesetDiagnostics = Readonly<Partial<Record<RulesetSection, SectionDiagnostics>>> & {
  readonly ruleset_version?: string
  readonly error?: string
  /** A line for each section whose name is not known: nothing in it is read. */
  readonly unknown?: readonly string[]
}
