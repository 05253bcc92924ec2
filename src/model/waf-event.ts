/** What matched inside one condition. Array indices in `key_path` are strings. */
export interface WafMatchParameter {
  readonly address: string
  readonly key_path: readonly string[]
  readonly value: string
  readonly highlight: readonly string[]
}

/** A value and where it stands. */
export interface WafEventValue {
  readonly address: string
  readonly key_path: readonly string[]
  readonly value: string
}

/** Match of an exploit detector: the resource and the parameter found inside it. */
export interface WafStructuredParameter {
  readonly resource: WafEventValue
  readonly params: WafEventValue
  readonly db_type?: WafEventValue
  readonly highlight: readonly string[]
}

export interface WafRuleMatch {
  readonly operator: string
  readonly operator_value: string
  readonly parameters: readonly (WafMatchParameter | WafStructuredParameter)[]
}

/** One matched rule, in the shape of `triggers[]` in `_dd.appsec.json`. */
export interface WafEvent {
  readonly rule: {
    readonly id: string
    readonly name: string
    readonly tags: Readonly<Record<string, string>>
    readonly on_match: readonly string[]
  }
  readonly rule_matches: readonly WafRuleMatch[]
  readonly security_response_id?: string
  readonly stack_id?: string
}

/** Parameters of an action, as the result of a run carries them. */
export type ActionParameters = Readonly<Record<string, string | number | boolean>>
