import type { Reader } from '../plan.ts'
import { allOccur, coverOf, maskOf } from '../prefilter/character-mask.ts'
import type { CharacterMask } from '../prefilter/character-mask.ts'
import type { MarkedBranch } from '../prefilter/literal-scanner.ts'
import type { TransformerList } from '../transformer-list.ts'

/** The conditions that read the same texts through the same transformers. */
export interface LensList {
  readonly list: TransformerList
  /** Of these a text must hold one to be changed by the transformers; undefined: it may always be. */
  readonly trigger: CharacterMask | undefined
  /** What a text must hold, before it is changed, for any reader to match it then; undefined: nothing is known. */
  readonly gates: readonly (readonly CharacterMask[])[] | undefined
  /** Readers by number of their condition. */
  readonly readers: ReadonlyMap<number, readonly Reader[]>
  /** What is required for these readers where marks tell of it. */
  readonly marked: readonly MarkedBranch[]
}

/** Groups readers by their lists of transformers. */
export function lensLists(readers: readonly Reader[], marked: readonly MarkedBranch[]): LensList[] {
  const lists = new Map<TransformerList, Map<number, Reader[]>>()
  for (const reader of readers) {
    const { transformers } = reader.input
    const byCondition = lists.get(transformers) ?? new Map<number, Reader[]>()
    lists.set(transformers, byCondition)
    byCondition.set(reader.condition.id, [...(byCondition.get(reader.condition.id) ?? []), reader])
  }
  return [...lists].map(([list, byCondition]): LensList => {
    const trigger = list.triggers === undefined ? undefined : maskOf(list.triggers)
    return {
      list,
      trigger,
      gates: gatesOf(list, [...byCondition.values()].flat()),
      readers: byCondition,
      marked: marked.filter(({ condition }) => byCondition.has(condition)),
    }
  })
}

/** Whether the list may make of a text in which this occurs one that a reader matches, and that it does not match as it is. */
export function mayMatchChanged({ trigger, gates }: LensList, seen: CharacterMask): boolean {
  if (trigger !== undefined && (trigger & seen) === 0) return false
  if (gates === undefined) return true
  for (const gate of gates) if (allOccur(gate, seen)) return true
  return false
}

/** What the transformers do not create must have been there before; for each branch of each condition. */
function gatesOf({ creates }: TransformerList, readers: readonly Reader[]): LensList['gates'] {
  if (creates === undefined) return undefined
  return readers.flatMap(({ condition: { condition } }) => {
    const need = condition.kind === 'scalar' ? condition.need : undefined
    return (need ?? [[]]).map((branch) => branch.flatMap((clause) => coverOf(clause, creates) ?? []))
  })
}
