import type { DenylistKind } from '../../model/denylist-entry.ts'
import { call } from '../api/call.ts'
import type { DenylistEntry } from '../api/shapes.ts'
import { refresh } from '../api/use-data.ts'
import { toast } from '../design/toast.tsx'
import { many } from '../text/figures.ts'

export type ListName = 'denylist' | 'passlist'

export interface WantedEntry {
  readonly kind: DenylistKind
  readonly value: string
}

/** Entries that one undo takes back: more are taken back on the list's page. */
const maxUndone = 1_000
const touched = ['denylist', 'passlist', 'mitigations', 'entity', 'signals', 'overview']

/** Adds entries, all or none, and offers to take them back. `forSeconds` null: no end. */
export async function addEntries(
  list: ListName,
  entries: readonly WantedEntry[],
  wanted: { readonly forSeconds: number | null; readonly reason: string; readonly signalId?: string | undefined },
): Promise<void> {
  const { forSeconds, reason, signalId } = wanted
  const made = await call<{ added: number; items: readonly DenylistEntry[] }>('POST', `/api/${list}/bulk`, {
    entries: entries.map(({ kind, value }) => ({
      kind,
      value,
      reason,
      ...(forSeconds === null ? { expiresAt: null } : { forSeconds }),
      ...(signalId === undefined ? {} : { signalId }),
    })),
  })
  await refresh(...touched)
  const undo =
    made.added > maxUndone
      ? undefined
      : async (): Promise<void> => {
          await rescind(list, made.items)
          await refresh(...touched)
        }
  toast(`${many(made.added, 'entry', 'entries')} added to the ${list}.`, undo)
}

/** Takes entries back before their end, and offers to put them in force again. */
export function rescindEntries(list: ListName, entries: readonly DenylistEntry[]): Promise<void> {
  return takenOff(list, async () => {
    await rescind(list, entries)
    return entries
  })
}

/** After `take` has taken entries back: offers to put them in force again. */
export async function takenOff(list: ListName, take: () => Promise<readonly DenylistEntry[]>): Promise<void> {
  const entries = await take()
  await refresh(...touched)
  toast(`${many(entries.length, 'entry', 'entries')} taken off the ${list}.`, async () => {
    for (const { id } of entries) await call('POST', `/api/${list}/${encodeURIComponent(id)}/undo`)
    await refresh(...touched)
  })
}

async function rescind(list: ListName, entries: readonly DenylistEntry[]): Promise<void> {
  for (const { id } of entries) await call('DELETE', `/api/${list}/${encodeURIComponent(id)}`)
}
