/** What a denylist or passlist entry is matched against. */
export type DenylistKind = 'ip' | 'cidr' | 'user' | 'login' | 'user_agent' | 'fingerprint'

/** One entry of the denylist or the passlist, with who put it there, why, and until when. Times are ISO 8601 UTC. */
export interface DenylistEntry {
  readonly id: string
  readonly kind: DenylistKind
  readonly value: string
  /** When the entry ends; null: never (by hand only). */
  readonly expiresAt: string | null
  readonly reason: string
  readonly signalId: string | null
  /** `automation`, or the name of the user or token that added it. */
  readonly author: string
  readonly createdAt: string
  /** When it was taken back before its end, and by whom. */
  readonly rescindedAt: string | null
  readonly rescindedBy: string | null
}
