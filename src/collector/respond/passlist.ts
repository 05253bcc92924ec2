import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import type { State } from '../state/state.ts'

/** Entries of one page; a passlist is written by hand and short. */
const entriesAtOnce = 10_000

/** Addresses that automation never blocks, read anew after a change and whenever one has ended. */
export function keepPasslist(state: State): { read(nowMs: number): Promise<PrefixSet>; forget(): void } {
  let addresses: PrefixSet | undefined
  let validUntilMs = 0
  return {
    async read(nowMs) {
      if (addresses !== undefined && nowMs < validUntilMs) return addresses
      const entries = await readAll(state, nowMs)
      addresses = PrefixSet.from(entries.map(({ value }) => value))
      validUntilMs = entries.reduce(
        (soonest, { expiresAt }) => (expiresAt === null ? soonest : Math.min(soonest, Date.parse(expiresAt))),
        Number.POSITIVE_INFINITY,
      )
      return addresses
    },
    forget() {
      addresses = undefined
    },
  }
}

async function readAll(state: State, nowMs: number): Promise<readonly DenylistEntry[]> {
  const all: DenylistEntry[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<State['entries']>> = await state.entries(
      'passlist',
      { activeAtMs: nowMs, kinds: ['ip', 'cidr'] },
      { limit: entriesAtOnce, ...(cursor === null ? {} : { cursor }) },
    )
    all.push(...page.items)
    cursor = page.next
  } while (cursor !== null)
  return all
}
