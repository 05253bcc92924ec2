import type { NotifiedIds } from '../state/notification-records.ts'
import type { DocumentChange } from '../state/state.ts'

/** Ids remembered for one target; beyond, the oldest are forgotten, and could be told again. */
const maxIdsPerTarget = 200_000

/** What each target has been told, as the state has it. */
export class ToldIds {
  readonly #byTarget = new Map<string, { readonly ids: Set<string>; readonly batches: NotifiedIds[] }>()

  constructor(batches: readonly NotifiedIds[]) {
    for (const batch of [...batches].sort((a, b) => (a.at < b.at ? -1 : 1))) this.add(batch)
  }

  /** Those of the values that the target has not been told, each once. */
  newOf(target: string, values: Iterable<string>): readonly string[] {
    const told = this.#byTarget.get(target)?.ids
    return [...new Set(values)].filter((value) => told?.has(value) !== true)
  }

  /** Notes a batch that was committed. */
  add(batch: NotifiedIds): void {
    const known = this.#byTarget.get(batch.target) ?? { ids: new Set<string>(), batches: [] }
    known.batches.push(batch)
    for (const value of batch.values) known.ids.add(value)
    this.#byTarget.set(batch.target, known)
  }

  /** Forgets what is beyond the bound; to be committed with the next change. */
  takeSurplus(): readonly DocumentChange[] {
    const surplus: DocumentChange[] = []
    for (const { ids, batches } of this.#byTarget.values()) {
      while (ids.size > maxIdsPerTarget) {
        const oldest = batches.shift()
        if (oldest === undefined) break
        for (const value of oldest.values) ids.delete(value)
        surplus.push({ kind: 'notifiedIds', delete: oldest.id })
      }
    }
    return surplus
  }
}
