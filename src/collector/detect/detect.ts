import type { Clock } from '../../model/clock.ts'
import type { SignalUpdate } from '../../model/signal.ts'
import type { Changes, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'

/** What a tick did; `evaluatedRules` is 0 when nothing was new or no rule was due. */
export interface TickReport {
  readonly evaluatedRules: number
  readonly signals: readonly SignalUpdate[]
}

export interface DetectionOptions {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
  /**
   * Decides the responses to what a rule found; what it returns is committed together with the signals and the position,
   * so that after a crash both are there or neither.
   */
  readonly respond: (updates: readonly SignalUpdate[]) => Promise<Changes>
  /** Told when a rule or a tick fails; the next tick tries the same events again. */
  readonly onError: (error: unknown) => void
}

/** Detection in motion: every enabled rule about once a second over what is new in the store (spec/detection.md 1.5). */
export interface Detection {
  /** Of its lead over the state: what else follows from signals is committed under it, so that an earlier leader writes nothing. */
  readonly epoch: number
  /** Starts the ticks. */
  start(): void
  /** One tick now: evaluates the rules that are due, then reads the figures that are. Ticks never overlap. */
  tick(): Promise<TickReport>
  /** Stops and waits for the tick under way. */
  stop(): Promise<void>
}
