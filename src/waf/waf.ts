import type { ActionParameters, WafEvent } from '../model/waf-event.ts'
import type { RulesetDiagnostics } from '../model/ruleset.ts'

/** Values by address name, such as `server.request.query`. Any JavaScript value; hostile ones cost a bounded time. */
export type Addresses = Readonly<Record<string, unknown>>

/** Bounds of the engine. */
export interface WafLimits {
  /** Bytes of one string that are looked at; head and tail of a longer one. */
  readonly maxStringBytes?: number
  /** Entries of one container that are looked at. */
  readonly maxContainerSize?: number
  /** Nesting below an address. */
  readonly maxDepth?: number
}

export interface ObfuscatorOptions {
  /** A match of this on any item of a key path hides the value. */
  readonly keyRegex?: string
  /** A match of this on a value hides the value. */
  readonly valueRegex?: string
}

export interface CompileOptions {
  readonly obfuscator?: ObfuscatorOptions
  readonly limits?: WafLimits
}

/** What was not looked at in a run, as the largest size met. */
export interface Truncation {
  readonly stringLength?: number
  readonly containerSize?: number
  readonly containerDepth?: number
}

export interface RunOptions {
  /** Wall-time budget of the run in microseconds. */
  readonly budgetUs?: number
  /** Bytes of input that are looked at in this run. */
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

/** A compiled ruleset. `update` and `remove` leave open contexts on what they started with. */
export interface Waf {
  readonly diagnostics: RulesetDiagnostics
  readonly knownAddresses: ReadonlySet<string>
  createContext(): WafContext
  /** Merges a configuration under a path, replacing what was there. */
  update(path: string, config: unknown): RulesetDiagnostics
  remove(path: string): boolean
}
