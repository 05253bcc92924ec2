import type { Acknowledgement, AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import type { Severity } from '../../model/detection-rule.ts'
import type { Signal, TimelineEntry } from '../../model/signal.ts'

/** The shapes of the API's replies (described at /api/openapi.json), beside those that are the model's own. */
export type { Acknowledgement, AttackingIp, DenylistEntry, Signal, TargetedUser, TimelineEntry }

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export type Point = readonly [atMs: number, value: number]

export interface Series {
  readonly interval: string
  readonly series: readonly {
    readonly group: Readonly<Record<string, string>>
    readonly points: readonly Point[]
  }[]
}

export interface Overview {
  readonly from: string
  readonly to: string
  readonly interval: string
  readonly logins: {
    readonly successes: readonly Point[]
    readonly failures: readonly Point[]
    readonly users: number
    readonly ips: number
  }
  readonly blocked: readonly Point[]
  readonly signals: {
    readonly open: number
    readonly bySeverity: Readonly<Record<Severity, number>>
    readonly compromisedUsers: number
    readonly recent: readonly Signal[]
  }
  readonly denylist: { readonly total: number }
  readonly passlist: { readonly total: number }
  readonly tracers: { readonly connected: number; readonly upToDate: number }
}

export interface CompromisedAccount extends CompromisedUser {
  /** What became of the account: `reset` by us, `cleared` when it was its owner. */
  readonly state: 'open' | 'reset' | 'cleared'
}

export type AttributeValue = string | number | boolean | readonly string[]

export interface Span {
  readonly timestamp: string
  readonly traceId: string
  readonly spanId: string
  readonly service: string
  readonly env: string
  readonly version: string
  readonly resource_name: string
  readonly operation_name: string
  readonly type: string
  readonly status: 'ok' | 'error'
  readonly durationMs: number
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

export interface Observed {
  readonly value: string
  readonly count: number
  readonly firstSeen: string
  readonly lastSeen: string
}

export interface EntityFacts {
  readonly kind: 'user' | 'ip'
  readonly value: string
  readonly from: string
  readonly to: string
  readonly requests: number
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly successes: number
  readonly failures: number
  readonly blocked: number
  readonly services: readonly Observed[]
  readonly routes: readonly Observed[]
  readonly ips: readonly Observed[]
  readonly logins: readonly Observed[]
  readonly userIds: readonly Observed[]
  readonly networks: readonly Observed[]
  readonly countries: readonly Observed[]
  readonly userAgents: readonly Observed[]
  readonly threatIntel: readonly Observed[]
  readonly signals: readonly Signal[]
  readonly blocks: readonly DenylistEntry[]
  readonly passes: readonly DenylistEntry[]
}

export interface Tracer {
  readonly clientId: string
  readonly runtimeId: string
  readonly service: string
  readonly env: string
  readonly appVersion: string
  readonly language: string
  readonly tracerVersion: string
  readonly kind: 'portcullis' | 'datadog'
  readonly firstSeen: string
  readonly lastSeen: string
  readonly connected: boolean
  readonly targetsVersion: number
  readonly upToDate: boolean
  readonly configurations: readonly {
    readonly id: string
    readonly version: number
    readonly product: string
    readonly apply_state: number
    readonly apply_error?: string
  }[]
  readonly error: string | null
}

export interface SeenService {
  readonly name: string
  readonly spans: number
  readonly lastSeen: string | null
  readonly versions: readonly { readonly env: string; readonly version: string; readonly lastSeen: string }[]
  readonly appsec: { readonly enabled: boolean | null }
  readonly autoUserMode: 'identification' | 'anonymization' | 'disabled' | null
  readonly clientIpVerified: boolean
  readonly tracers: readonly Tracer[]
  readonly findings: readonly { readonly code: string; readonly says: string; readonly share: number }[]
}

/** The switches of all services. */
export interface Settings {
  readonly automation: boolean
  readonly blocking: boolean
  readonly retentionDays: number
  /** What was set here; null: left to the configuration of the collector. */
  readonly own: {
    readonly automation: boolean | null
    readonly blocking: boolean
    readonly retentionDays: number | null
  }
  readonly configured: { readonly automation: boolean; readonly retentionDays: number }
}
