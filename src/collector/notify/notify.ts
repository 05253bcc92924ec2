import type { Clock } from '../../model/clock.ts'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { Outbound } from '../outbound.ts'
import type { DeliveryRecord } from '../state/notification-records.ts'
import type { ResponseRecord, State } from '../state/state.ts'

export interface NotifierOptions {
  readonly state: State
  readonly lists: Pick<SignalLists, 'users' | 'ips' | 'compromisedUsers'>
  readonly clock: Clock
  readonly outbound: Outbound
  /** The mail server, as a URL, and the sender; an empty URL: no mail is sent, and each delivery says so. */
  readonly mail: { readonly smtpUrl: string; readonly from: string }
  /** The console's address of a signal. */
  readonly linkTo: (signalId: string) => string
  /** Told when something could not be read or written; it is tried again. */
  readonly onError: (error: unknown) => void
}

/**
 * Tells recipients what happens to signals (spec/detection.md 1.8): at least once, over restarts and outages. What was
 * told of a signal is kept beside what is to be sent, in one commit; what differs at start is told then.
 */
export interface Notifier {
  /** Begins to follow the state, and to send. */
  start(): void
  /** Throws REQUEST_INVALID for a webhook's own payload that does not become JSON. */
  checkPayload(payload: string): void
  /** Sends a test event now, once, and logs it. Throws NOT_FOUND. */
  test(recipientId: string): Promise<DeliveryRecord>
  /**
   * Tells recipients, by id or name, of a signal by a person's hand; without any, those whose notification rules are for
   * it. Durable when it resolves. Rejects with NOT_FOUND, REQUEST_INVALID.
   */
  notify(signalId: string, recipients: readonly string[], author: string): Promise<readonly ResponseRecord[]>
  /** Stops; what is under way gets a moment, and is otherwise sent again after the next start. */
  stop(): Promise<void>
}
