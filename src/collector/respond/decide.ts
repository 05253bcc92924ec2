import type { AutomationSettings } from './respond.ts'

/** Something that a rule would have blocked, mostly an address, with what speaks for and against it. */
export interface AddressFacts {
  readonly isPrivate: boolean
  readonly isTrustedProxy: boolean
  readonly isPasslisted: boolean
  /** Whether every event counted came with an ingest key or over loopback. */
  readonly eventsTrusted: boolean
  /** Whether the address was only claimed by a header in some of the attempts, or the tracer does not say. */
  readonly isClaimed: boolean
  readonly serviceVerified: boolean
  /** Why no address of the service can be blocked: they are private or few. */
  readonly finding?: string
  /** Distinct users who had logged in from it in the 7 days before the campaign. */
  readonly usersBefore: number
  /** Set for a campaign against one account: what this address did to it. */
  readonly onAccount?: { readonly failures: number; readonly succeededBefore: boolean }
  /** Why this address of a campaign looks like that of an ordinary person. */
  readonly looksOrdinary?: string
}

export type Verdict = { readonly block: true } | { readonly block: false; readonly why: string }

/** From this many distinct successful users on, an address is shared: an office, a carrier (spec/detection.md 1.7). */
const sharedAddressUsers = 3
/** Fewer failures on an account than this are a person with a bad memory. */
const minFailuresOnAccount = 5

/** Whether automation may block the address. Pure; each refusal says why, for the signal's timeline. */
export function decideAddress(facts: AddressFacts, settings: Pick<AutomationSettings, 'trustUnkeyed'>): Verdict {
  const refuse = (why: string): Verdict => ({ block: false, why })
  if (facts.isPrivate) {
    return refuse('it is a private address: blocking it would block a proxy or a neighbour (set TRUSTED_PROXIES)')
  }
  if (facts.isTrustedProxy) return refuse('it is a trusted proxy')
  if (facts.isPasslisted) return refuse('it is on the passlist')
  if (!facts.eventsTrusted && !settings.trustUnkeyed) {
    return refuse('some events came without an ingest key, so that anybody could have sent them')
  }
  if (facts.isClaimed && !facts.serviceVerified) {
    return refuse(
      'the address is only claimed by a header; set TRUSTED_PROXIES in the service, or mark its addresses verified',
    )
  }
  if (facts.finding !== undefined) return refuse(facts.finding)
  if (facts.usersBefore >= sharedAddressUsers) {
    return refuse(`${facts.usersBefore} users had logged in from it in the 7 days before: it is shared`)
  }
  if (facts.onAccount !== undefined && facts.onAccount.succeededBefore) {
    return refuse('the account logged in from it in the last 30 days: it is probably its owner')
  }
  if (facts.onAccount !== undefined && facts.onAccount.failures < minFailuresOnAccount) {
    return refuse(`it failed fewer than ${minFailuresOnAccount} times on the account`)
  }
  if (facts.looksOrdinary !== undefined) return refuse(facts.looksOrdinary)
  return { block: true }
}

/** What automation may still do to ordinary users within the hour (spec/detection.md 1.7). */
export interface Ceiling {
  /** Users that the blocks of the hour may touch. */
  readonly maxUsers: number
  readonly usedUsers: number
}

/** At least one, or a small service could never block an address that anyone had ever used. */
export function ceilingOf(recentUsers: number, share: number, usedUsers: number): Ceiling {
  return { maxUsers: Math.max(1, Math.floor(recentUsers * share)), usedUsers }
}

/** Why a block that touches so many users may not be; undefined where it may. Blocks that touch nobody always fit. */
export function whyOverCeiling({ maxUsers, usedUsers }: Ceiling, users: number): string | undefined {
  if (users === 0 || usedUsers + users <= maxUsers) return undefined
  return `blocks of this hour already touch ${usedUsers} of the ${maxUsers} users that they may`
}
