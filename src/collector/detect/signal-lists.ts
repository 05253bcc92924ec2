import { campaignOf } from '../campaign.ts'
import { offsetOf } from '../page-offset.ts'
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
    async compromisedUsers(signal, page) {
      const all = await compromisedUsers(store, await campaignOf(state, signal))
      const start = offsetOf(page)
      const states = new Map(
        (await state.document('compromised', signal.id))?.users.map((user) => [accountKey(user), user]) ?? [],
      )
      const items = all.slice(start, start + page.limit).map((user): CompromisedAccount => {
        const known = states.get(accountKey(user))
        return { ...user, state: known?.state ?? 'open', stateBy: known?.by ?? null, stateAt: known?.at ?? null }
      })
      return { items, next: start + page.limit < all.length ? String(start + page.limit) : null }
    },
  }
}
