import type { DocumentKind, DocumentKinds, State } from './state/state.ts'

/** The documents of one kind in memory, as of the latest commit. */
export interface KeptDocuments<T> {
  get(id: string): T | undefined
  all(): readonly T[]
  end(): void
}

/** Reads the documents of a kind, and follows every commit from then on. */
export async function keepDocuments<K extends DocumentKind>(
  state: State,
  kind: K,
): Promise<KeptDocuments<DocumentKinds[K]>> {
  const documents = new Map<string, DocumentKinds[K]>()
  const changed = new Set<string>()
  const end = state.subscribe((changes) => {
    for (const change of changes.documents ?? []) {
      if (change.kind !== kind) continue
      if ('put' in change) {
        documents.set(change.put.id, change.put as DocumentKinds[K])
        changed.add(change.put.id)
      } else {
        documents.delete(change.delete)
        changed.add(change.delete)
      }
    }
  })
  // A commit that came while these were read is newer than what was read.
  for (const document of await state.documents(kind)) {
    if (!changed.has(document.id)) documents.set(document.id, document)
  }
  changed.clear()
  return { get: (id) => documents.get(id), all: () => [...documents.values()], end }
}
