import type { Changes } from '../state/state.ts'

/** Both changes as one commit; lists one after the other. */
export function joinChanges(first: Changes, second: Changes): Changes {
  return {
    ...first,
    ...second,
    positions: { ...first.positions, ...second.positions },
    rules: [...(first.rules ?? []), ...(second.rules ?? [])],
    signals: [...(first.signals ?? []), ...(second.signals ?? [])],
    responses: [...(first.responses ?? []), ...(second.responses ?? [])],
    timeline: [...(first.timeline ?? []), ...(second.timeline ?? [])],
    entries: [...(first.entries ?? []), ...(second.entries ?? [])],
    documents: [...(first.documents ?? []), ...(second.documents ?? [])],
    audit: [...(first.audit ?? []), ...(second.audit ?? [])],
  }
}
