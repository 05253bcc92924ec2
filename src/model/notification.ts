import type { Signal } from './signal.ts'

/**
 * Why a notification is sent. `signal.new_ids`: for every new id, as a detection rule asks; `signal.shared`: a person sent
 * it by hand; `test`: the test button.
 */
export type SignalEventType =
  | 'signal.opened'
  | 'signal.reopened'
  | 'signal.escalated'
  | 'signal.compromised'
  | 'signal.new_ids'
  | 'signal.closed'
  | 'signal.shared'
  | 'test'

export const signalEventTypes: readonly SignalEventType[] = [
  'signal.opened',
  'signal.reopened',
  'signal.escalated',
  'signal.compromised',
  'signal.new_ids',
  'signal.closed',
  'signal.shared',
  'test',
]

/** What a detection rule can be asked to notify each new value of. */
export type NewIdAttribute = '@usr.id' | '@usr.login' | '@http.client_ip'
export const newIdAttributes: readonly NewIdAttribute[] = ['@usr.id', '@usr.login', '@http.client_ip']

/**
 * What a webhook is sent: one thing that happened to a signal (spec/detection.md 1.8). Times are ISO 8601 UTC.
 * All names, addresses and user agents inside are what an attacker chose to send.
 */
export interface SignalEvent {
  /** The same for every attempt to deliver this event: what has been handled once is to be ignored the next time. */
  readonly id: string
  readonly type: SignalEventType
  readonly at: string
  readonly signal: Omit<Signal, 'responses'>
  /** Accounts that were tried, most attempts first; at most 100, `signal.targetedUsers` says how many there are. */
  readonly targetedUsers: readonly {
    readonly usrLogin: string
    readonly usrId: string | null
    readonly exists: boolean | null
  }[]
  /** Accounts that somebody logged in to as part of the campaign, oldest first; at most 1,000. */
  readonly compromisedUsers: readonly {
    readonly usrLogin: string
    readonly usrId: string | null
    readonly at: string
    readonly ip: string
    readonly traceId: string
  }[]
  /** For `signal.new_ids`: values that were in no notification of this rule to this recipient before; at most 1,000. */
  readonly newIds: { readonly attribute: NewIdAttribute; readonly values: readonly string[] } | null
  /** What the detection rule says of it, its variables filled in; '' for rules without a message. */
  readonly message: string
  /** The signal in the console. */
  readonly link: string
}
