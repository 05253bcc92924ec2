import { PrefixSet } from '../../net/prefix-set.ts'
import type { State } from '../state/state.ts'
import { readPages } from '../whole-results.ts'

/** What automation never blocks. */
export interface Passlist {
  readonly addresses: PrefixSet
  readonly users: ReadonlySet<string>
}

/** The passlist, read anew after a change and whenever an entry has ended. */
export function keepPasslist(state: State): { read(nowMs: number): Promise<Passlist>; forget(): void } {
  let kept: Passlist | undefined
  let validUntilMs = 0
  return {
    async read(nowMs) {
      if (kept !== undefined && nowMs < validUntilMs) return kept
      const entries = await readPages((page) => state.entries('passlist', { activeAtMs: nowMs }, page))
      const [users, addresses] = [true, false].map((isUser) =>
        entries.filter(({ kind }) => (kind === 'user') === isUser).map(({ value }) => value),
      )
      kept = { addresses: PrefixSet.from(addresses ?? []), users: new Set(users) }
      validUntilMs = entries.reduce(
        (soonest, { expiresAt }) => (expiresAt === null ? soonest : Math.min(soonest, Date.parse(expiresAt))),
        Number.POSITIVE_INFINITY,
      )
      return kept
    },
    forget() {
      kept = undefined
    },
  }
}
