import type { DenylistEntry, DenylistKind } from '../../model/denylist-entry.ts'
import { product } from '../../model/remote-config.ts'
import type { AsmData, DataItem } from '../../model/remote-config.ts'
import type { Changes, ListName, State } from '../state/state.ts'
import { configFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { ShardedList } from './sharded-list.ts'

/** Lists as tracers know them. */
export type WireListId =
  | 'blocked_ips'
  | 'blocked_users'
  | 'blocked_logins'
  | 'blocked_user_agents'
  | 'blocked_fingerprints'
  | 'passlisted_ips'
  | 'passlisted_users'

interface WireList {
  readonly id: WireListId
  readonly section: 'rules_data' | 'exclusion_data'
  readonly type: 'ip_with_expiration' | 'data_with_expiration'
  readonly list: ListName
  readonly kinds: readonly DenylistKind[]
}

/** Source: spec/detection.md 1.7. */
const wireLists: readonly WireList[] = [
  wire('blocked_ips', 'denylist', ['ip', 'cidr']),
  wire('blocked_users', 'denylist', ['user']),
  wire('blocked_logins', 'denylist', ['login']),
  wire('blocked_user_agents', 'denylist', ['user_agent']),
  wire('blocked_fingerprints', 'denylist', ['fingerprint']),
  wire('passlisted_ips', 'passlist', ['ip', 'cidr']),
  wire('passlisted_users', 'passlist', ['user']),
]

function wire(id: WireListId, list: ListName, kinds: readonly DenylistKind[]): WireList {
  return {
    id,
    list,
    kinds,
    section: list === 'passlist' ? 'exclusion_data' : 'rules_data',
    type: kinds.includes('ip') ? 'ip_with_expiration' : 'data_with_expiration',
  }
}

/** The content of an `ASM_DATA` configuration with entries of one list. Never made of none: see collector.md 5. */
export function listContent(id: WireListId, data: readonly DataItem[]): AsmData {
  const { section, type } = wireLists.find((list) => list.id === id) ?? wire('blocked_ips', 'denylist', ['ip'])
  return { [section]: [{ id, type, data }] }
}

export function wireListOf(list: ListName, kind: DenylistKind): WireListId | undefined {
  return wireLists.find((one) => one.list === list && one.kinds.includes(kind))?.id
}

/** Unix seconds; 0: never. */
export function expirationOf({ expiresAt }: DenylistEntry): number {
  return expiresAt === null ? 0 : toSeconds(Date.parse(expiresAt))
}

/** Rounded up, so that nothing ends early. */
function toSeconds(ms: number): number {
  return Math.ceil(ms / 1000)
}

/** Values that one slice of what is in force has, about. */
const valuesPerPart = 50_000
/** Files that are made without a pause; one takes about 3 ms. */
const filesAtOnce = 5
const entriesAtOnce = 10_000
/** Values of one question to the state. */
const valuesAtOnce = 5_000

/** All lists in memory, as files for tracers that take them whole. */
export class Lists {
  readonly #lists = new Map(wireLists.map(({ id }) => [id, new ShardedList()]))
  readonly #files = new Map<string, ConfigFile>()

  /** Reads what is in force. */
  async load(state: State, nowMs: number): Promise<void> {
    for (const list of ['denylist', 'passlist'] as const) {
      const parts = Math.ceil(((await state.countEntries(list, { activeAtMs: nowMs })) + 1) / valuesPerPart)
      for (let part = 0; part < parts; part++) {
        for (const { kind, value, endsAtMs } of await state.activeValues(list, { activeAtMs: nowMs, part, parts })) {
          const id = wireListOf(list, kind)
          if (id !== undefined) this.#lists.get(id)?.set(value, endsAtMs === null ? 0 : toSeconds(endsAtMs))
        }
      }
    }
    for (const list of this.#lists.values()) await list.merge()
  }

  /** Takes a commit over. A value whose entry was taken back or shortened may have another one, so the state is asked. */
  async apply(changes: Changes, state: State, nowMs: number): Promise<void> {
    const toAsk = new Map<ListName, Set<string>>()
    for (const { list, entry } of changes.entries ?? []) {
      const id = wireListOf(list, entry.kind)
      const before = id === undefined ? undefined : this.#lists.get(id)?.get(entry.value)
      const isActive = entry.rescindedAt === null && (entry.expiresAt === null || Date.parse(entry.expiresAt) > nowMs)
      if (isActive && isLater(expirationOf(entry), before)) {
        this.#add(list, entry)
      } else if (before !== undefined) {
        toAsk.set(list, (toAsk.get(list) ?? new Set()).add(entry.value))
      }
    }
    for (const [list, values] of toAsk) await this.#ask(list, [...values], state, nowMs)
  }

  /** Moves new entries to their shards where enough of them have gathered; whether there were any. */
  async merge(minEntries: number): Promise<boolean> {
    const full = [...this.#lists.values()].filter((list) => list.newSize >= minEntries)
    for (const list of full) await list.merge()
    return full.length > 0
  }

  async dropEnded(nowMs: number): Promise<number> {
    let dropped = 0
    for (const list of this.#lists.values()) dropped += await list.dropEnded(Math.floor(nowMs / 1000))
    return dropped
  }

  size(id: WireListId): number {
    return this.#lists.get(id)?.size ?? 0
  }

  /** The files of all lists; those of changed shards are made anew, under the next version. */
  async files(nextVersion: () => number): Promise<readonly ConfigFile[]> {
    let made = 0
    for (const [id, list] of this.#lists) {
      for (const shard of list.takeChanged()) {
        if (++made % filesAtOnce === 0) await new Promise(setImmediate)
        const data = list.items(shard)
        const name = `pc-${id.replaceAll('_', '-')}-${shard}`
        if (data.length === 0) this.#files.delete(name)
        else this.#files.set(name, configFile(product.data, name, listContent(id, data), nextVersion()))
      }
    }
    return [...this.#files.values()]
  }

  #add(list: ListName, entry: DenylistEntry): void {
    const id = wireListOf(list, entry.kind)
    const sharded = id === undefined ? undefined : this.#lists.get(id)
    const expiration = expirationOf(entry)
    if (sharded !== undefined && isLater(expiration, sharded.get(entry.value))) sharded.set(entry.value, expiration)
  }

  async #ask(list: ListName, values: readonly string[], state: State, nowMs: number): Promise<void> {
    for (let start = 0; start < values.length; start += valuesAtOnce) {
      const some = values.slice(start, start + valuesAtOnce)
      const found: DenylistEntry[] = []
      let cursor: string | undefined
      do {
        const page = await state.entries(
          list,
          { activeAtMs: nowMs, values: some },
          { limit: entriesAtOnce, ...(cursor === undefined ? {} : { cursor }) },
        )
        found.push(...page.items)
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
      this.#replace(list, some, found)
    }
  }

  #replace(list: ListName, values: readonly string[], found: readonly DenylistEntry[]): void {
    for (const { id } of wireLists.filter((one) => one.list === list)) {
      const latest = new Map<string, number>()
      for (const entry of found) {
        if (wireListOf(list, entry.kind) !== id) continue
        const expiration = expirationOf(entry)
        if (isLater(expiration, latest.get(entry.value))) latest.set(entry.value, expiration)
      }
      for (const value of values) {
        const expiration = latest.get(value)
        if (expiration === undefined) this.#lists.get(id)?.delete(value)
        else this.#lists.get(id)?.set(value, expiration)
      }
    }
  }
}

/** Whether an end comes after another one; never (0) comes after all. */
function isLater(expiration: number, than: number | undefined): boolean {
  if (than === undefined) return true
  if (than === 0) return false
  return expiration === 0 || expiration > than
}
