/** Why a request is stopped: which list matched, on what, and until when (unix seconds, 0: no end). */
export interface DenylistHit {
  readonly list: 'blocked_ips' | 'blocked_users'
  /** The address or user id of the request. */
  readonly value: string
  /** What stands in the list: the address, the network it lies in, or the user id. */
  readonly entry: string
  readonly expirationSeconds: number
}

/** What the denylist says of one request. A passlisted subject is seen, never blocked. */
export type Verdict =
  | { readonly blocked: false; readonly passlisted: boolean }
  | { readonly blocked: true; readonly hit: DenylistHit }

export interface DenylistSubject {
  readonly ip?: string
  /** The address is only claimed by the client: it is never let past by a passlist. */
  readonly claimed?: boolean
  readonly userId?: string
}

/** The lists in force. One lookup a request; a new version is swapped in by one assignment. */
export interface Denylist {
  /** Entries that block, whether live or ended. */
  readonly size: number
  check(subject: DenylistSubject, nowSeconds: number): Verdict
}
