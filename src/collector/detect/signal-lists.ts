import { fail } from '../../model/error.ts'
import { campaignOf } from '../campaign.ts'
import { accountKey } from '../account-key.ts'
import type { CompromisedState, Page, PageRequest, SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { attackingIps, targetedUsers } from './entities.ts'
import { compromisedUsers } from './compromised-users.ts'
import type { AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import { readReport, type SignalReport } from './signal-report.ts'

/** An account that a campaign logged in to, and what became of it: by whom, and when (ISO 8601 UTC), null while it is open. */
export interface CompromisedAccount extends CompromisedUser {
  readonly state: CompromisedState['state']
  readonly stateBy: string | null
  readonly stateAt: string | null
}

/** The complete lists of a signal, however long; read from the spans when asked for. */
export interface SignalLists {
  users(signal: SignalFacts, page: PageRequest): Promise<Page<TargetedUser>>
  ips(signal: SignalFacts, page: PageRequest): Promise<Page<AttackingIp>>
  /** The questions of triage, answered in figures. */
  report(signal: SignalFacts): Promise<SignalReport>
  /** Oldest login first. */
  compromisedUsers(signal: SignalFacts, page: PageRequest): Promise<Page<CompromisedAccount>>
}

export function createSignalLists({ store, state }: { readonly store: Store; readonly state: State }): SignalLists {
  return {
    users: async (signal, page) => targetedUsers(store, await campaignOf(state, signal), page),
    ips: async (signal, page) => attackingIps(store, await campaignOf(state, signal), page),
    report: async (signal) => readReport(store, state, { ...(await campaignOf(state, signal)), signal }),
    async compromisedUsers(signal, { limit, cursor }) {
      const all = await compromisedUsers(store, await campaignOf(state, signal))
      const start = cursor === undefined ? 0 : Number(cursor)
      if (!Number.isSafeInteger(start) || start < 0) {
        throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
      }
      const states = new Map(
        (await state.document('compromised', signal.id))?.users.map((user) => [accountKey(user), user]) ?? [],
      )
      const items = all.slice(start, start + limit).map((user): CompromisedAccount => {
        const known = states.get(accountKey(user))
        return { ...user, state: known?.state ?? 'open', stateBy: known?.by ?? null, stateAt: known?.at ?? null }
      })
      return { items, next: start + limit < all.length ? String(start + limit) : null }
    },
  }
}
