import type { Clock } from '../../model/clock.ts'
import type { AddressTable } from '../../net/address-table.ts'
import type { Denylist, DenylistSubject, Verdict } from './denylist.ts'
import { addresses, texts, type ListKind, type TextTable } from './list-kind.ts'
import { MergedList } from './merged-list.ts'
import { readLists, validItems, type ListName } from './read-lists.ts'

/** Longest work between two turns of the event loop; a request may be held up that long. */
const SLICE_MS = 2

/** The content of an `ASM_DATA` configuration, by path; undefined: it went. */
export interface ListChange {
  readonly path: string
  readonly content: unknown
}

/** Keeps a denylist in step with the configurations of `ASM_DATA`. */
export interface DenylistCompiler {
  /** What is in force. */
  readonly denylist: Denylist
  /**
   * Takes changes over, in slices, and then puts all of them in force in one assignment. Gives by path why a
   * configuration was not taken (what it said before stays), or null. Calls are not to overlap.
   */
  apply(changes: readonly ListChange[]): Promise<Map<string, string | null>>
}

type Lists = {
  readonly blocked_ips: MergedList<AddressTable>
  readonly blocked_users: MergedList<TextTable>
  readonly passlisted_ips: MergedList<AddressTable>
  readonly passlisted_users: MergedList<TextTable>
}

export function createDenylistCompiler(options: {
  readonly clock: Clock
  /** Told of an item that cannot be read; it is left out. */
  readonly onBadItem: (list: ListName, item: string) => void
}): DenylistCompiler {
  const { clock, onBadItem } = options
  let lists: Lists = {
    blocked_ips: new MergedList(addresses),
    blocked_users: new MergedList(texts),
    passlisted_ips: new MergedList(addresses),
    passlisted_users: new MergedList(texts),
  }
  let denylist = denylistOf(lists)

  async function inSlices<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      const endMs = clock.nowMs() + SLICE_MS
      do {
        const step = work.next()
        if (step.done === true) return step.value
      } while (clock.nowMs() < endMs)
      await new Promise<void>((resolve) => clock.after(0, resolve))
    }
  }

  function* change<T>(
    name: ListName,
    kind: ListKind<T>,
    before: MergedList<T>,
    read: ReadonlyMap<string, ReadonlyMap<ListName, readonly unknown[]>>,
  ): Generator<void, MergedList<T>> {
    const parts = new Map<string, T | undefined>()
    for (const [path, content] of read) {
      const items = content.get(name)
      const onBad = (item: string): void => onBadItem(name, item)
      parts.set(path, items && (yield* kind.compile(validItems(items, onBad), onBad)))
    }
    return yield* before.change(parts)
  }

  return {
    get denylist() {
      return denylist
    },
    async apply(changes) {
      const outcomes = new Map<string, string | null>()
      const read = await inSlices(readAll(changes, outcomes))
      lists = {
        blocked_ips: await inSlices(change('blocked_ips', addresses, lists.blocked_ips, read)),
        blocked_users: await inSlices(change('blocked_users', texts, lists.blocked_users, read)),
        passlisted_ips: await inSlices(change('passlisted_ips', addresses, lists.passlisted_ips, read)),
        passlisted_users: await inSlices(change('passlisted_users', texts, lists.passlisted_users, read)),
      }
      denylist = denylistOf(lists)
      return outcomes
    },
  }
}

/** Reads one configuration a step, and notes what became of it. */
function* readAll(
  changes: readonly ListChange[],
  outcomes: Map<string, string | null>,
): Generator<void, Map<string, ReadonlyMap<ListName, readonly unknown[]>>> {
  const read = new Map<string, ReadonlyMap<ListName, readonly unknown[]>>()
  for (const { path, content } of changes) {
    try {
      read.set(path, content === undefined ? new Map<ListName, readonly unknown[]>() : readLists(content))
      outcomes.set(path, null)
    } catch (error) {
      outcomes.set(path, error instanceof Error ? error.message : String(error))
    }
    yield
  }
  return read
}

const seen: Verdict = Object.freeze({ blocked: false, passlisted: false })
const passed: Verdict = Object.freeze({ blocked: false, passlisted: true })

/** The passlist is asked first: what is on it is never blocked. */
function denylistOf({ blocked_ips, blocked_users, passlisted_ips, passlisted_users }: Lists): Denylist {
  const anyPasslisted = passlisted_ips.size + passlisted_users.size > 0
  // What holds for every network, the kill switch, holds for claimed addresses and for clients without one, too.
  const isEveryone = ['0.0.0.0', '::'].every((ip) => passlisted_ips.find(ip, 0)?.entry === `${ip}/0`)
  const isPasslisted = ({ ip, claimed, userId }: DenylistSubject, nowSeconds: number): boolean =>
    (ip !== undefined && claimed !== true && passlisted_ips.find(ip, nowSeconds) !== undefined) ||
    (userId !== undefined && passlisted_users.find(userId, nowSeconds) !== undefined)
  return {
    size: blocked_ips.size + blocked_users.size,
    check(subject, nowSeconds) {
      if (anyPasslisted && (isEveryone || isPasslisted(subject, nowSeconds))) return passed
      const { ip, userId } = subject
      const byIp = ip === undefined ? undefined : blocked_ips.find(ip, nowSeconds)
      if (byIp !== undefined) return { blocked: true, hit: { list: 'blocked_ips', value: ip ?? '', ...byIp } }
      const byUser = userId === undefined ? undefined : blocked_users.find(userId, nowSeconds)
      if (byUser === undefined) return seen
      return { blocked: true, hit: { list: 'blocked_users', value: userId ?? '', ...byUser } }
    },
  }
}
