import type { ManagedWafRule, WafRuleMode } from '../../../model/waf-rule.ts'
import type { Point, Span } from '../../api/shapes.ts'

/** A managed rule as the API shows it. */
export interface WafRule extends ManagedWafRule {
  readonly wireIds: readonly string[]
  readonly inForce: boolean
  readonly tracers: readonly {
    readonly clientId: string
    readonly service: string
    readonly env: string
    readonly kind: 'portcullis' | 'datadog'
    readonly state: 'applied' | 'waiting' | 'refused' | 'missing'
    readonly error: string | null
  }[]
}

export interface WafRuleVersion {
  readonly rule: ManagedWafRule
  readonly at: string
  readonly by: string
  readonly deleted: boolean
  readonly fault: string | null
}

/** What a rule would have hit in stored traffic. */
export interface Replay {
  readonly matched: number
  readonly undetermined: number
  readonly successfulLogins: number
  readonly users: number
  readonly total: number
  readonly series: readonly Point[]
  readonly measuredOn: 'full' | 'compact'
  readonly hours: number
  readonly unreplayable: readonly { readonly address: string; readonly why: string }[]
}

export interface Problem {
  readonly path: string
  readonly message: string
}

export interface Explained {
  readonly matched: boolean
  readonly conditions: readonly {
    readonly operator: string
    readonly matched: boolean
    readonly why: string
    readonly inputs: readonly {
      readonly address: string
      readonly keyPath: readonly (string | number)[]
      readonly state: string
    }[]
  }[]
  readonly span: Span
}

export interface Template {
  readonly id: string
  readonly name: string
  readonly says: string
  readonly fields: readonly {
    readonly name: string
    readonly says: string
    readonly required: boolean
    readonly standard: string
  }[]
}

export const modeWords: Readonly<Record<WafRuleMode, { readonly says: string; readonly look: string }>> = {
  draft: { says: 'Draft', look: 'info' },
  monitoring: { says: 'Monitoring', look: 'accent' },
  blocking: { says: 'Blocking', look: 'critical' },
  disabled: { says: 'Disabled', look: 'info' },
}
