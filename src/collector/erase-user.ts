import { createHash } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import type { DenylistEntry } from '../model/denylist-entry.ts'
import type { ListName, State } from './state/state.ts'
import type { Store } from './store/store.ts'

const pageSize = 1_000

export interface ErasedUser {
  /** Records of spans that are gone. */
  readonly records: number
  /** Signals in which the user was named. */
  readonly signals: number
  /** Entries of the denylist and passlist that are gone. */
  readonly entries: number
}

/**
 * Erases a user (a privacy request): records and traces, entries of lists, and the name in signals, timelines and the
 * audit. What blocks the user is taken back first, so that tracers forget it. The audit keeps a hash of whom it was.
 */
export async function eraseUser(
  { store, state, clock }: { readonly store: Store; readonly state: State; readonly clock: Pick<Clock, 'nowMs'> },
  user: { readonly userId?: string; readonly login?: string },
  by: string,
): Promise<ErasedUser> {
  const values = [user.userId, user.login].flatMap((value) => value ?? [])
  const at = new Date(clock.nowMs()).toISOString()
  for (const list of ['denylist', 'passlist'] as const) {
    for (;;) {
      const taken = await activeEntries(state, list, values, clock.nowMs())
      if (taken.length === 0) break
      await state.commit({
        entries: taken.map((entry) => ({ list, entry: { ...entry, rescindedAt: at, rescindedBy: by } })),
      })
    }
  }
  let records = 0
  if (user.userId !== undefined) records += await store.eraseUser({ userId: user.userId })
  if (user.login !== undefined) records += await store.eraseUser({ login: user.login })
  const { signals, entries } = await state.eraseValues(values)
  const erased: ErasedUser = { records, signals, entries }
  await state.commit({
    audit: [{ at, by, action: 'user.erase', subject: hashOf(values), before: null, after: erased }],
  })
  return erased
}

async function activeEntries(
  state: State,
  list: ListName,
  values: readonly string[],
  nowMs: number,
): Promise<readonly DenylistEntry[]> {
  const filter = { activeAtMs: nowMs, kinds: ['user', 'login'] as const, values }
  return (await state.entries(list, filter, { limit: pageSize })).items
}

/** Enough to show later that a request was answered, and no name. */
function hashOf(values: readonly string[]): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16)}`
}
