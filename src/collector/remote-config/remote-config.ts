import type { ConfigReply, ConfigState } from '../../model/remote-config.ts'

/** A tracer that asked for its configuration; `connected` while it asks again in time. Times in ms since 1970. */
export interface ConnectedTracer {
  readonly clientId: string
  readonly runtimeId: string
  readonly service: string
  readonly env: string
  readonly appVersion: string
  readonly language: string
  readonly tracerVersion: string
  /** `portcullis`: takes whole lists; `datadog`: gets the most recent entries only. */
  readonly kind: 'portcullis' | 'datadog'
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly connected: boolean
  readonly targetsVersion: number
  /** Whether it has taken over everything that is meant for it. */
  readonly upToDate: boolean
  readonly configurations: readonly ConfigState[]
  readonly error: string | null
  /** Whether it takes denylists: remote configuration of AppSec is on in it. */
  readonly canBlock: boolean
  /** It has taken over, of what is meant for it, everything that was decided before this time. */
  readonly appliedThroughMs: number
}

/** A tracer could not take a version of a managed rule over. */
export interface RuleRefusal {
  readonly ruleId: string
  readonly version: number
  readonly service: string
  readonly env: string
  readonly error: string
}

/** `held`: the reply was held back until something changed or the wait was over (`Preference-Applied: wait`). */
export interface ConfigAnswer {
  readonly reply: ConfigReply
  readonly held: boolean
}

/** The server's side of `POST /v0.7/config`: what each tracer should have, and what it says it has. */
export interface RemoteConfigServer {
  /**
   * What this client lacks. With `waitMs` (at most 50 s is honoured) a client that lacks nothing is answered as soon as
   * it does, at the end of the wait, when `signal` aborts, or when the server drains; the reply is then empty.
   * `request` is the parsed body as it came; rejects with PAYLOAD_INVALID.
   */
  configFor(
    request: unknown,
    options: { readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<ConfigAnswer>
  tracers(): readonly ConnectedTracer[]
  /** Calls `listener` when a tracer is seen first or reports a change of what it applied. */
  onTracer(listener: (tracer: ConnectedTracer) => void): () => void
  /** Calls `listener` with each version of a managed rule that a tracer refuses, once. */
  onRuleRefused(listener: (refusal: RuleRefusal) => void): () => void
  /** Answers everyone who waits; nothing is held from then on. */
  drain(): void
  close(): void
}
