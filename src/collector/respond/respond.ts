import type { DenylistEntry, DenylistKind } from '../../model/denylist-entry.ts'
import type { SignalUpdate } from '../../model/signal.ts'
import type {
  Changes,
  ListName,
  Page,
  PageRequest,
  ResponseRecord,
  SignalFacts,
  StandingAnswer,
} from '../state/state.ts'

/** What automation may do. Sources: spec/detection.md 1.7, spec/tracer.md 1.4. */
export interface AutomationSettings {
  /** RESPONSE_AUTOMATION: off, every response is recommended only. */
  readonly enabled: boolean
  /** AUTOMATION_TRUST_UNKEYED: act on events that came without an ingest key, too. */
  readonly trustUnkeyed: boolean
  /** CLIENT_IP_VERIFIED: services whose claimed addresses are true; `*` for all. */
  readonly verifiedServices: readonly string[]
  /** Addresses and CIDR blocks of proxies, which are never blocked. */
  readonly trustedProxies: readonly string[]
  /** The share of recent distinct successful users that blocks of one hour may touch; 0.01 by default. */
  readonly ceilingShare: number
}

/** An entry as a person adds it; `expiresAt` null never ends. */
export interface NewEntry {
  readonly kind: DenylistKind
  readonly value: string
  readonly expiresAt: string | null
  readonly reason: string
  readonly signalId?: string
}

/** What is switched for all services at the moment. */
export interface Switches {
  readonly automation: boolean
  readonly blocking: boolean
}

/** The lists of a signal, as far as an answer to it needs them: as they are now, not as somebody read them before. */
export interface AnswerLists {
  users(
    signal: SignalFacts,
    page: PageRequest & { readonly asOfNow: true },
  ): Promise<Page<{ readonly usrId: string | null; readonly usrLogin: string }>>
  compromisedUsers(
    signal: SignalFacts,
    page: PageRequest & { readonly asOfNow: true },
  ): Promise<Page<{ readonly usrId: string | null; readonly usrLogin: string; readonly ip: string }>>
}

/** What an answer takes of a signal: its attackers' addresses, its users, those that were compromised, or chosen values. */
export interface Selection {
  readonly selection: 'ips' | 'users' | 'compromisedUsers' | 'values'
  /** By what is blocked; absent: addresses by address, users by id. */
  readonly kind?: DenylistKind
  readonly values?: readonly string[]
}

/** An address of a signal that its answer spares, since it looks ordinary, and why it does. */
export interface LeftOut {
  readonly value: string
  readonly why: string
}

/** What a selection takes of a signal, each once, and what it leaves out. */
export interface Selected {
  readonly kind: DenylistKind
  readonly values: readonly string[]
  readonly leftOut: readonly LeftOut[]
}

/** Answer to a whole signal. */
export interface SignalAnswer extends Selection {
  /** null: without end. */
  readonly forSeconds: number | null
  /** Also what joins the selection later, while the signal is open. */
  readonly continuous?: boolean
}

/** What an answer did; `standing` goes on until it is ended or the signal closes. */
export interface Answered {
  readonly responses: readonly ResponseRecord[]
  readonly leftOut: readonly LeftOut[]
  readonly standing: StandingAnswer | null
}

/** Decisions, and their undo. Everything it changes is committed with an audit entry before it resolves. */
export interface Responder {
  /** What automation does about these updates, for the caller to commit with them; also what it refused, and why. */
  automate(updates: readonly SignalUpdate[]): Promise<Changes>
  /** Why automation may not block what touches so many more users this hour; undefined where it may. */
  whyOverCeiling(users: number): Promise<string | undefined>
  /** Adds entries; rejects with REQUEST_INVALID and the path of the first bad one, and adds none then. */
  add(list: ListName, entries: readonly NewEntry[], author: string): Promise<readonly DenylistEntry[]>
  /** Moves the end of an entry that is in force; rejects with NOT_FOUND. */
  extend(list: ListName, id: string, expiresAt: string | null, author: string): Promise<DenylistEntry>
  /** Takes an entry back before its end. */
  rescind(list: ListName, id: string, author: string): Promise<DenylistEntry>
  /** What an answer would block of a signal. Rejects with NOT_FOUND, REQUEST_INVALID. */
  select(signalId: string, selection: Selection): Promise<Selected>
  /** Blocks what is selected of a signal. Rejects with NOT_FOUND, REQUEST_INVALID. */
  answer(signalId: string, answer: SignalAnswer, author: string): Promise<Answered>
  /** The answers to a signal that go on. */
  standing(signalId: string): readonly StandingAnswer[]
  /** Ends the answers to a signal that go on; what they blocked stays until its end. */
  endStanding(signalId: string, author: string): Promise<void>
  /** Takes a response back: its entry is rescinded, its WAF rule disabled. */
  undo(responseId: string, author: string): Promise<ResponseRecord>
}
