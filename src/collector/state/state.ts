import type { Cluster } from '../../model/cluster.ts'
import type { DenylistEntry, DenylistKind } from '../../model/denylist-entry.ts'
import type { DetectionRule, Severity } from '../../model/detection-rule.ts'
import type { DeliveryRecord, NotificationRule, NotifiedIds, NotifiedMark, Recipient } from './notification-records.ts'
import type { Signal, SignalResponse, SignalState, TimelineEntry } from '../../model/signal.ts'
import type { ManagedWafRule, WafReply } from '../../model/waf-rule.ts'

/** What a collector keeps beside the spans. All times are ISO 8601 UTC unless the name carries a unit. */

/** A version of a rule; the one with the highest `version` holds. */
export interface RuleVersion {
  readonly rule: DetectionRule & { readonly version: number }
  readonly at: string
  /** `portcullis` for a rule that ships, else who wrote it. */
  readonly by: string
  readonly deleted: boolean
}

/** A signal without what is kept apart from it: its responses. */
export type SignalFacts = Omit<Signal, 'responses'>

/** A signal that opens, or new values for some fields of one that exists; fields left out stay as they are. */
export type SignalChange =
  | { readonly open: SignalFacts }
  | { readonly update: string; readonly set: Partial<Omit<SignalFacts, 'id' | 'rule' | 'group'>> }

/** A response, with what its undo and the ceiling need. */
export interface ResponseRecord extends SignalResponse {
  readonly signalId: string
  readonly entryId: string | null
  readonly why: string
  /** Distinct users who had logged in from the address before the campaign: what the ceiling counts. */
  readonly collateralUsers: number
}

/** The clusters of a signal as they were from `at` on, until the next version. */
export interface ClusterVersion {
  readonly signalId: string
  readonly at: string
  readonly clusters: readonly Cluster[]
}

export type ListName = 'denylist' | 'passlist'

export interface ListedEntry {
  readonly list: ListName
  readonly entry: DenylistEntry
}

export interface AuditEntry {
  readonly at: string
  readonly by: string
  /** `<what>.<verb>`, for example `denylist.add`. */
  readonly action: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
}

export type Role = 'viewer' | 'responder' | 'admin'

/** An API token or ingest key; only the hash of the secret is kept. `services` and `envs` null: all. */
export interface KeyRecord {
  readonly id: string
  readonly name: string
  readonly role: Role | 'ingest'
  readonly secretSha256: string
  readonly services: readonly string[] | null
  readonly envs: readonly string[] | null
  readonly createdAt: string
  readonly revokedAt: string | null
}

export interface UserRecord {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: string
  readonly disabledAt: string | null
  /** null: has not signed in yet. */
  readonly lastSignInAt: string | null
}

/** A sign-in link that was not used yet, or a session; `expiresAt` ends both. */
export interface SessionRecord {
  readonly id: string
  readonly userId: string
  readonly purpose: 'signin' | 'session'
  readonly secretSha256: string
  readonly createdAt: string
  readonly expiresAt: string
}

/** What is set for a service by hand. `enabled` null: left to the service. The id is the service's name. */
export interface ServiceSettings {
  readonly id: string
  readonly appsec: { readonly enabled: boolean | null }
  readonly clientIpVerified: boolean
  /** How tracers note users by themselves; null or absent: left to the service. */
  readonly autoUserMode?: AutoUserMode | null
  /** How a request that the denylist stops is answered; null or absent: with the block page. */
  readonly denylistReply?: WafReply | null
  /** What holds in some environments in place of the above, by their name. */
  readonly envs?: Readonly<Record<string, EnvSettings>>
}

export type AutoUserMode = 'identification' | 'anonymization' | 'disabled'
export type EnvSettings = Partial<Pick<ServiceSettings, 'appsec' | 'autoUserMode'>>

/** A threat-intel list; its content is a file of its own. The id is its name. */
export interface ThreatIntelRecord {
  readonly id: string
  /** Where it comes from; null: uploaded. */
  readonly url: string | null
  /** How often it is fetched; null: by hand only. */
  readonly refreshHours: number | null
  readonly enabled: boolean
  /** Networks in it. */
  readonly size: number
  readonly updatedAt: string | null
  /** The last time that it could not be fetched, and why. */
  readonly triedAt: string | null
  readonly lastError: string | null
}

/** One version of a managed WAF rule; the id is `<rule>@<version>`. */
export interface WafRuleVersion {
  readonly id: string
  readonly rule: ManagedWafRule
  readonly at: string
  readonly by: string
  readonly deleted: boolean
  /** Why it was taken back by itself: a tracer refused it, or it hit ordinary users; null otherwise. */
  readonly fault: string | null
}

/** What is set for all services by hand; null: as the configuration of the collector says. There is one. */
export interface GlobalSettings {
  readonly id: 'settings'
  readonly automation: boolean | null
  /** false: nothing is blocked anywhere, whatever lists and rules say. */
  readonly blocking: boolean
  readonly retentionDays: number | null
}

/** A standing answer to a signal: what joins its selection later is blocked too, while it is open. */
export interface StandingAnswer {
  readonly id: string
  readonly signalId: string
  readonly kind: DenylistKind
  readonly selection: 'ips' | 'users' | 'compromisedUsers'
  readonly forSeconds: number
  readonly by: string
  readonly at: string
}

/** What became of accounts that a campaign logged in to. The id is the signal's; accounts that are not named are open. */
export interface CompromisedStates {
  readonly id: string
  readonly users: readonly CompromisedState[]
}

export interface CompromisedState {
  readonly usrLogin: string
  readonly usrId: string | null
  /** `reset`: password changed, sessions ended; `cleared`: it was the owner. */
  readonly state: 'open' | 'reset' | 'cleared'
  readonly by: string
  readonly at: string
}

/** Kinds of documents: small records, found by id, that need no query of their own. */
export interface DocumentKinds {
  readonly key: KeyRecord
  readonly user: UserRecord
  readonly session: SessionRecord
  readonly service: ServiceSettings
  readonly settings: GlobalSettings
  readonly wafRule: ManagedWafRule
  readonly wafRuleVersion: WafRuleVersion
  readonly standingAnswer: StandingAnswer
  readonly threatIntel: ThreatIntelRecord
  readonly notificationRule: NotificationRule
  readonly recipient: Recipient
  readonly delivery: DeliveryRecord
  readonly notified: NotifiedMark
  readonly notifiedIds: NotifiedIds
  readonly compromised: CompromisedStates
}
export type DocumentKind = keyof DocumentKinds

export type DocumentChange = {
  [K in DocumentKind]:
    | { readonly kind: K; readonly put: DocumentKinds[K] }
    | { readonly kind: K; readonly delete: string }
}[DocumentKind]

/** What one commit writes: all of it or nothing. */
export interface Changes {
  /** When given, the commit is refused (STATE_FENCED) unless this is the epoch of the latest `lead()`. */
  readonly epoch?: number
  readonly positions?: Readonly<Record<string, number>>
  readonly rules?: readonly RuleVersion[]
  readonly signals?: readonly SignalChange[]
  /** Written whole, by id. */
  readonly responses?: readonly ResponseRecord[]
  readonly timeline?: readonly TimelineEntry[]
  /** Written whole, by id. */
  readonly entries?: readonly ListedEntry[]
  readonly documents?: readonly DocumentChange[]
  /** Versions that begin. */
  readonly clusters?: readonly ClusterVersion[]
  readonly audit?: readonly AuditEntry[]
}

/** `next` continues where the page ended; null at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export interface PageRequest {
  readonly limit: number
  readonly cursor?: string
}

export interface SignalFilter {
  readonly states?: readonly SignalState[]
  readonly severities?: readonly Severity[]
  readonly ruleId?: string
  readonly service?: string
  /** Signals last seen at or after this event time, and opened before `toMs`. */
  readonly fromMs?: number
  readonly toMs?: number
}

export interface EntryFilter {
  /** Neither rescinded nor past their end at this time. */
  readonly activeAtMs?: number
  readonly kinds?: readonly DenylistKind[]
  readonly values?: readonly string[]
  /** null: entries that answer no signal. */
  readonly signalId?: string | null
}

/** The entries in force that answer the same signal; null: those that answer none. */
export interface EntryGroup {
  readonly signalId: string | null
  readonly count: number
  readonly byKind: Readonly<Partial<Record<DenylistKind, number>>>
  /** When the first of them was written. */
  readonly firstMs: number
  /** The last end; null: one of them has none. */
  readonly endsAtMs: number | null
}

/** A value in force; `endsAtMs` null: without end. */
export interface ActiveValue {
  readonly kind: DenylistKind
  readonly value: string
  readonly endsAtMs: number | null
}

/**
 * Rules, signals, lists, responses, audit, accounts and positions at rest, apart from the spans, so that a flood of
 * spans never delays a block. One collector writes; `lead` and the epoch keep an earlier leader from writing late.
 * Rejects with PortcullisError: STORE_LOCKED, STORE_CORRUPT, STORE_NEWER on opening, STATE_FENCED on commit,
 * STORE_FULL after `close`.
 */
export interface State {
  /** Resolves once the changes are durable, all together. Commits take effect in the order of the calls. */
  commit(changes: Changes): Promise<void>
  /** Calls `listener` after each commit, in their order. The returned function ends it. */
  subscribe(listener: (changes: Changes) => void): () => void
  /** Becomes the writer of detection and returns its epoch; earlier epochs are fenced off. */
  lead(): Promise<number>

  position(name: string): Promise<number | null>
  /** The version in force of each rule that is not deleted, by id. */
  rules(): Promise<readonly RuleVersion[]>
  /** All versions of a rule, newest first. */
  ruleVersions(ruleId: string): Promise<readonly RuleVersion[]>
  /** Newest first. */
  signals(filter: SignalFilter, page: PageRequest): Promise<Page<Signal>>
  signal(id: string): Promise<Signal | null>
  /** Signals that are not closed, or were last seen at or after `sinceMs`: what detection continues with. */
  recentSignals(sinceMs: number): Promise<readonly SignalFacts[]>
  responses(filter: { readonly signalId?: string; readonly sinceMs?: number }): Promise<readonly ResponseRecord[]>
  /** Oldest first, unless the newest is wanted first. */
  timeline(signalId: string, page: PageRequest & { readonly newestFirst?: boolean }): Promise<Page<TimelineEntry>>
  /** The clusters of a signal at a time, by default now; null where it had none yet. */
  clusters(signalId: string, atMs?: number): Promise<ClusterVersion | null>
  /** When each version of a signal's clusters began, oldest first. */
  clusterTimes(signalId: string): Promise<readonly string[]>
  /** Newest first. */
  entries(list: ListName, filter: EntryFilter, page: PageRequest): Promise<Page<DenylistEntry>>
  entry(list: ListName, id: string): Promise<DenylistEntry | null>
  /**
   * What is in force, as values only and in no order: the `part`th of `parts` slices, so that a million of them neither
   * need sorting nor come at once. A value that several entries name comes once, with the latest of their ends.
   */
  activeValues(
    list: ListName,
    slice: { readonly activeAtMs: number; readonly part: number; readonly parts: number },
  ): Promise<readonly ActiveValue[]>
  /** The entries in force at a time by the signal that they answer, newest first. */
  entryGroups(list: ListName, activeAtMs: number): Promise<readonly EntryGroup[]>
  /** How many entries of a list are in force. */
  countEntries(list: ListName, filter: EntryFilter): Promise<number>
  document<K extends DocumentKind>(kind: K, id: string): Promise<DocumentKinds[K] | null>
  documents<K extends DocumentKind>(kind: K): Promise<readonly DocumentKinds[K][]>
  /** Newest first. */
  audit(page: PageRequest): Promise<Page<AuditEntry>>

  /**
   * Erases values, such as a login and an id, from lists, signals, timelines, responses, clusters and the audit; returns
   * how many entries and signals had them. Subscribers are not told.
   */
  eraseValues(values: readonly string[]): Promise<{ readonly entries: number; readonly signals: number }>
  /** Writes a copy of the file as it is now into a directory. */
  backup(dir: string): Promise<void>

  /** Folds the write-ahead log into the file. */
  checkpoint(): Promise<void>
  close(): Promise<void>
}
