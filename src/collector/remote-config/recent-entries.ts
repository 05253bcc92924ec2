import { product } from '../../model/remote-config.ts'
import type { DataItem, Product } from '../../model/remote-config.ts'
import type { ListName, State } from '../state/state.ts'
import type { ConfigFile } from './config-file.ts'
import { expirationOf, listContent, wireListOf } from './lists.ts'
import type { WireListId } from './lists.ts'
import { maxShardEntries } from './sharded-list.ts'

/** What Datadog tracers get: `ip_match` of more would weigh on the user's process (spec/tracer.md 1.8). */
const maxEntries = 10_000

/** Files of the most recent entries of each list, for Datadog tracers. Lists without entries have none. */
export async function recentEntriesFiles(
  state: State,
  nowMs: number,
  keep: (productName: Product, id: string, content: unknown) => ConfigFile,
): Promise<readonly ConfigFile[]> {
  const files: ConfigFile[] = []
  for (const list of ['denylist', 'passlist'] as const) {
    for (const [id, data] of await recentData(state, list, nowMs)) {
      for (let start = 0; start < data.length; start += maxShardEntries) {
        const name = `pc-recent-${id.replaceAll('_', '-')}-${start / maxShardEntries}`
        files.push(keep(product.data, name, listContent(id, data.slice(start, start + maxShardEntries))))
      }
    }
  }
  return files
}

async function recentData(
  state: State,
  list: ListName,
  nowMs: number,
): Promise<ReadonlyMap<WireListId, readonly DataItem[]>> {
  const { items } = await state.entries(list, { activeAtMs: nowMs }, { limit: maxEntries })
  const data = new Map<WireListId, Map<string, number>>()
  for (const entry of items) {
    const id = wireListOf(list, entry.kind)
    if (id === undefined) continue
    const values = data.get(id) ?? new Map<string, number>()
    data.set(id, values)
    const [before, expiration] = [values.get(entry.value), expirationOf(entry)]
    if (before !== 0) values.set(entry.value, expiration === 0 ? 0 : Math.max(before ?? 0, expiration))
  }
  return new Map(
    [...data].map(([id, values]) => [
      id,
      [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([value, expiration]) => ({ value, expiration })),
    ]),
  )
}
