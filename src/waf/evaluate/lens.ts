import type { Reader } from '../plan.ts'
import { allOccur, coverOf, maskOf, noCharacters } from '../prefilter/character-mask.ts'
import type { CharacterMask } from '../prefilter/character-mask.ts'
import type { TransformerList } from '../transformer-list.ts'
import type { Input } from '../condition.ts'
import type { PathNode } from './path-tree.ts'

/** The conditions that read the same texts through the same transformers. */
export interface LensList {
  readonly list: TransformerList
  /** Of these a text must hold one to be changed by the transformers; undefined: it may always be. */
  readonly trigger: CharacterMask | undefined
  /** What a text must hold, before it is changed, for any reader to match it then; undefined: nothing is known. */
  readonly gates: readonly (readonly CharacterMask[])[] | undefined
  /** Readers by number of their condition. */
  readonly readers: ReadonlyMap<number, readonly Reader[]>
}

/** What the scanner decides for one key path of an address: which of its readers a text concerns. */
export interface Lens {
  readonly path: PathNode
  readonly source: Input['source']
  /** The lists that read a condition's number. */
  readonly listsOf: ReadonlyMap<number, readonly LensList[]>
  /** The lists whose transformers do more than change the case of ASCII letters, which the scanner does not see. */
  readonly changing: readonly LensList[]
  /** A text that holds none of these is changed by no list, unless `mayChange`. */
  readonly triggers: CharacterMask
  readonly mayChange: boolean
}

/** Groups the readers that the scanner knows of into lenses, and gives back the others. */
export function focus(
  readers: readonly Reader[],
  isScanned: (reader: Reader) => boolean,
): { readonly lenses: readonly Lens[]; readonly direct: readonly Reader[] } {
  const direct = readers.filter((reader) => !isScanned(reader))
  const groups = new Map<string, Reader[]>()
  for (const reader of readers) {
    if (!isScanned(reader)) continue
    const key = `${reader.input.source} ${reader.path.id}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [reader])
    else group.push(reader)
  }
  return { lenses: [...groups.values()].flatMap((group) => lensOf(group)), direct }
}

/** Whether the list may make of a text in which this occurs one that a reader matches, and that it does not match as it is. */
export function mayMatchChanged({ trigger, gates }: LensList, seen: CharacterMask): boolean {
  if (trigger !== undefined && (trigger & seen) === 0) return false
  if (gates === undefined) return true
  for (const gate of gates) if (allOccur(gate, seen)) return true
  return false
}

function lensOf(readers: readonly Reader[]): Lens[] {
  const [first] = readers
  if (first === undefined) return []
  const lists = new Map<TransformerList, Map<number, Reader[]>>()
  for (const reader of readers) {
    const { transformers } = reader.input
    const byCondition = lists.get(transformers) ?? new Map<number, Reader[]>()
    lists.set(transformers, byCondition)
    byCondition.set(reader.condition.id, [...(byCondition.get(reader.condition.id) ?? []), reader])
  }
  const lensLists = [...lists].map(([list, byCondition]): LensList => {
    const trigger = list.triggers === undefined ? undefined : maskOf(list.triggers)
    return { list, trigger, gates: gatesOf(list, [...byCondition.values()].flat()), readers: byCondition }
  })
  const listsOf = new Map<number, LensList[]>()
  for (const list of lensLists)
    for (const id of list.readers.keys()) listsOf.set(id, [...(listsOf.get(id) ?? []), list])
  const changing = lensLists.filter(({ list }) => list.triggers !== '')
  const mayChange = changing.some(({ trigger }) => trigger === undefined)
  const triggers = changing.reduce((mask, { trigger }) => mask | (trigger ?? noCharacters), noCharacters)
  return [{ path: first.path, source: first.input.source, listsOf, changing, triggers, mayChange }]
}

/** What the transformers do not create must have been there before; for each branch of each condition. */
function gatesOf({ creates }: TransformerList, readers: readonly Reader[]): LensList['gates'] {
  if (creates === undefined) return undefined
  return readers.flatMap(({ condition: { condition } }) => {
    const need = condition.kind === 'scalar' ? condition.need : undefined
    return (need ?? [[]]).map((branch) => branch.flatMap((clause) => coverOf(clause, creates) ?? []))
  })
}
