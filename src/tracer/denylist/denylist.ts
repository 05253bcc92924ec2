/** Why a request is stopped: which list matched, on what, and until when (unix seconds, 0: no end). */
export interface DenylistHit {
  readonly list: 'blocked_ips' | 'blocked_users'
  readonly value: string
  readonly expirationSeconds: number
}

/** What the denylist says of one request. A passlisted subject is seen, never blocked. */
export type Verdict =
  | { readonly blocked: false; readonly passlisted: boolean }
  | { readonly blocked: true; readonly hit: DenylistHit }

/** The lists in force. One lookup a request; a new version is swapped in by one assignment. */
export interface Denylist {
  readonly size: number
  check(subject: { readonly ip?: string; readonly userId?: string }, nowSeconds: number): Verdict
}
