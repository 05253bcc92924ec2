/** Whom and what an attack touched: the rows of the lists of a signal (spec/detection.md 1.4). */

/** Whose account was tried. Times are ISO 8601 UTC. */
export interface TargetedUser {
  readonly usrLogin: string
  readonly usrId: string | null
  /** null: the service did not say. */
  readonly exists: boolean | null
  readonly attempts: number
  readonly ips: number
  readonly firstSeen: string
  readonly lastSeen: string
  readonly compromised: boolean
  /** `usr.role` and `usr.org`, where the app sends them. */
  readonly role: string | null
  readonly org: string | null
}

/** Where attempts came from. */
export interface AttackingIp {
  readonly ip: string
  readonly country: string | null
  readonly asn: string | null
  readonly attempts: number
  readonly users: number
  readonly successes: number
  readonly threatIntel: boolean
  /** Requests of this address that were blocked since the signal began. */
  readonly blocked: number
}

/** A login that succeeded as part of a campaign. */
export interface CompromisedUser {
  readonly usrLogin: string
  readonly usrId: string | null
  readonly at: string
  readonly ip: string
  readonly traceId: string
}

/** How far something that was decided has come, for the tracers of one service in one environment. */
export interface Acknowledgement {
  readonly service: string
  readonly env: string
  readonly connected: number
  /** Connected tracers that enforce it. */
  readonly acknowledged: number
  /** Connected tracers that cannot block, such as those with AppSec switched off. */
  readonly unable: number
}
