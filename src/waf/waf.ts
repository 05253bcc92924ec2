import type { ActionParameters, WafEvent } from '../model/waf-event.ts'
import type { DataItem } from '../model/remote-config.ts'
import type { RulesetDiagnostics } from '../model/ruleset.ts'

/** Values by address name, such as `server.request.query`. Any JavaScript value; hostile ones cost a bounded time. */
export type Addresses = Readonly<Record<string, unknown>>

/** Bounds of the engine; sizes of texts in UTF-16 units. */
export interface WafLimits {
  /** How much of one string is looked at; head and tail of a longer one. */
  readonly maxStringBytes?: number
  /** Entries of one container that are looked at. */
  readonly maxContainerSize?: number
  /** Nesting below an address. */
  readonly maxDepth?: number
  /** Header values remembered as concerning no rule, for each kind of reading; 0: none. */
  readonly maxCleanTexts?: number
}

export interface ObfuscatorOptions {
  /** A match of this on any item of a key path hides the value. */
  readonly keyRegex?: string
  /** A match of this on a value hides the value. */
  readonly valueRegex?: string
}

/** Where the engine reads the time: unix time for the ends of list entries, a monotonic one for budgets. */
export interface WafClock {
  nowMs(): number
  monotonicNs(): number
}

export interface CompileOptions {
  readonly obfuscator?: ObfuscatorOptions
  readonly limits?: WafLimits
  /** The system's clock unless given. */
  readonly clock?: WafClock
}

/** What was not looked at in a run: sizes are the largest met. */
export interface Truncation {
  readonly stringLength?: number
  readonly containerSize?: number
  readonly containerDepth?: number
  /** The byte budget of the run ended before the input did. */
  readonly budgetEnded?: boolean
  /** Getters and proxies that threw. */
  readonly unreadable?: number
}

export interface RunOptions {
  /** Wall-time budget of the run in microseconds. */
  readonly budgetUs?: number
  /** Input that is looked at in this run, in UTF-16 units of text; each entry costs 8 more. */
  readonly maxBytes?: number
}

export interface WafResult {
  readonly matched: boolean
  readonly events: readonly WafEvent[]
  readonly actions: Readonly<Record<string, ActionParameters>>
  readonly attributes: Readonly<Record<string, unknown>>
  readonly keep: boolean
  readonly timeout: boolean
  readonly truncated?: Truncation
  readonly durationNs: number
}

/** The state of one request: persistent data and what has matched so far. */
export interface WafContext {
  run(data: { readonly persistent?: Addresses; readonly ephemeral?: Addresses }, options?: RunOptions): WafResult
  createSubcontext(): WafContext
  dispose(): void
}

/** A change of a live list: first what is removed, then what is added. Of an entry given twice the later end counts. */
export interface DataChange {
  readonly section: 'rules_data' | 'exclusion_data'
  readonly id: string
  readonly type: 'ip_with_expiration' | 'data_with_expiration'
  readonly removed?: Iterable<string>
  readonly added?: Iterable<DataItem>
}

/** A compiled ruleset. `update` and `remove` leave open contexts on what they started with. */
export interface Waf {
  readonly diagnostics: RulesetDiagnostics
  readonly knownAddresses: ReadonlySet<string>
  createContext(): WafContext
  /** Merges a configuration under a path, replacing what was there. */
  update(path: string, config: unknown): RulesetDiagnostics
  /** The same in slices of a few milliseconds, so that requests go on; what was in force stays so until the end. */
  updateInSlices(path: string, config: unknown): Promise<RulesetDiagnostics>
  /** Changes one list of `rules_data` or `exclusion_data` by what was added and removed, in slices. */
  updateData(path: string, change: DataChange): Promise<void>
  remove(path: string): boolean
  /** The same in slices of a few milliseconds. */
  removeInSlices(path: string): Promise<boolean>
}
