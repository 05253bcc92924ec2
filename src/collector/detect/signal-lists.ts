import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import { campaignOf } from '../campaign.ts'
import { offsetOf } from '../page-offset.ts'
import { accountKey } from '../account-key.ts'
import type { CompromisedState, Page, PageRequest, SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { attackingIps, targetedUsers, type EntityList } from './entities.ts'
import { compromisedUsers } from './compromised-users.ts'
import type { AttackingIp, CompromisedUser, TargetedUser } from '../../model/attack-entities.ts'
import { keepAnswers, type KeptAnswers } from './keep-answers.ts'
import { readReport, type SignalReport } from './signal-report.ts'

/** An account that a campaign logged in to, and what became of it: by whom, and when (ISO 8601 UTC), null while it is open. */
export interface CompromisedAccount extends CompromisedUser {
  readonly state: CompromisedState['state']
  readonly stateBy: string | null
  readonly stateAt: string | null
}

export interface ListRequest extends PageRequest {
  readonly asOfNow?: boolean
}

/** The complete lists of a signal, however long; read from the spans when asked for. */
export interface SignalLists {
  /**
   * Pages of one reading are of one moment; with `asOfNow` that of the first page, which else may be older by ten times
   * what it costs to find.
   */
  users(signal: SignalFacts, page: ListRequest): Promise<Page<TargetedUser>>
  /** As `users`. */
  ips(signal: SignalFacts, page: ListRequest): Promise<Page<AttackingIp>>
  /** The questions of triage, answered in figures; as old as `users` may be. */
  report(signal: SignalFacts): Promise<SignalReport>
  /** Oldest login first; as old as a first page of `users`, unless it is wanted as of now. */
  compromisedUsers(signal: SignalFacts, page: ListRequest): Promise<Page<CompromisedAccount>>
}

export function createSignalLists({
  store,
  state,
  clock,
}: {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
}): SignalLists {
  // What cannot be let go of is gone with its store.
  const drop = (list: EntityList<unknown>): void => void list.drop().catch(() => undefined)
  const users = keepAnswers<EntityList<TargetedUser>>(clock, drop)
  const ips = keepAnswers<EntityList<AttackingIp>>(clock, drop)
  const reports = keepAnswers<SignalReport>(clock)
  const compromised = keepAnswers<readonly CompromisedUser[]>(clock)
  const whoGotIn = async (signal: SignalFacts, asOfNow = false): Promise<readonly CompromisedUser[]> => {
    const make = async (): Promise<readonly CompromisedUser[]> =>
      compromisedUsers(store, await campaignOf(state, signal))
    return (await (asOfNow ? compromised.anew(signal.id, make) : compromised.current(signal.id, make))).value
  }
  return {
    users: (signal, page) =>
      pageOf(users, signal.id, page, async () =>
        targetedUsers(store, await campaignOf(state, signal), whoGotIn(signal, page.asOfNow)),
      ),
    ips: (signal, page) =>
      pageOf(ips, signal.id, page, async () => attackingIps(store, await campaignOf(state, signal))),
    async report(signal) {
      const make = async (): Promise<SignalReport> =>
        readReport(store, state, { ...(await campaignOf(state, signal)), signal })
      return (await reports.current(signal.id, make)).value
    },
    async compromisedUsers(signal, page) {
      const all = await whoGotIn(signal, page.asOfNow)
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

/**
 * A page of a list that is kept. A cursor names the list and the place in it; where that list is gone, the page is of the
 * present one at the same place.
 */
async function pageOf<T>(
  lists: KeptAnswers<EntityList<T>>,
  key: string,
  { cursor, limit, asOfNow = false }: ListRequest,
  make: () => Promise<EntityList<T>>,
): Promise<Page<T>> {
  const [number, from] = cursor === undefined ? [undefined, 0] : readCursor(cursor)
  let list =
    (number === undefined ? undefined : lists.earlier(key, number)) ??
    (await (asOfNow ? lists.anew(key, make) : lists.current(key, make)))
  let found = await list.value.page(from, limit + 1)
  if (found === undefined) {
    lists.forget(list.number)
    list = await lists.current(key, make)
    found = (await list.value.page(from, limit + 1)) ?? []
  }
  return { items: found.slice(0, limit), next: found.length > limit ? `${list.number}-${from + limit}` : null }
}

function readCursor(cursor: string): readonly [list: number, from: number] {
  const [, list, from] = /^(\d{1,9})-(\d{1,9})$/.exec(cursor) ?? []
  if (list === undefined || from === undefined)
    throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
  return [Number(list), Number(from)]
}
