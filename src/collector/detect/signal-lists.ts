import type { DetectionRule } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import type { Campaign } from '../campaign.ts'
import type { Page, PageRequest, SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { attackingIps, targetedUsers } from './entities.ts'
import { compromisedUsers } from './compromised-users.ts'
import type { AttackingIp, TargetedUser } from './entities.ts'
import type { CompromisedUser } from './compromised-users.ts'

/** The complete lists of a signal, however long; read from the spans when asked for. */
export interface SignalLists {
  users(signal: SignalFacts, page: PageRequest): Promise<Page<TargetedUser>>
  ips(signal: SignalFacts, page: PageRequest): Promise<Page<AttackingIp>>
  /** Oldest login first. */
  compromisedUsers(signal: SignalFacts, page: PageRequest): Promise<Page<CompromisedUser>>
}

export function createSignalLists({ store, state }: { readonly store: Store; readonly state: State }): SignalLists {
  /** With the version of the rule that raised it: a later one may group and count otherwise. */
  const campaignOf = async (signal: SignalFacts): Promise<Campaign> => {
    const versions = await state.ruleVersions(signal.rule.id)
    const rule: DetectionRule | undefined = versions.find(({ rule }) => rule.version === signal.rule.version)?.rule
    if (rule === undefined) throw fail('NOT_FOUND', `version ${signal.rule.version} of the rule ${signal.rule.id}`)
    return { rule, signal }
  }
  return {
    users: async (signal, page) => targetedUsers(store, await campaignOf(signal), page),
    ips: async (signal, page) => attackingIps(store, await campaignOf(signal), page),
    async compromisedUsers(signal, { limit, cursor }) {
      const all = await compromisedUsers(store, await campaignOf(signal))
      const start = cursor === undefined ? 0 : Number(cursor)
      if (!Number.isSafeInteger(start) || start < 0) {
        throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
      }
      return { items: all.slice(start, start + limit), next: start + limit < all.length ? String(start + limit) : null }
    },
  }
}
