import type { Reader } from '../plan.ts'
import type { LiteralScanner } from '../prefilter/literal-scanner.ts'
import type { TransformerList } from '../transformer-list.ts'
import type { Input } from '../condition.ts'
import type { PathNode } from './path-tree.ts'

/** The conditions that read the same texts through the same transformers. */
export interface LensList {
  readonly list: TransformerList
  /** Bit that a text must show to be changed by the transformers; 0: it may always be. */
  readonly trigger: number
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
  /** A text that shows none of these bits is changed by no list, unless `mayChange`. */
  readonly triggers: number
  readonly mayChange: boolean
}

/** Groups the readers that the scanner knows of into lenses, and gives back the others. */
export function focus(
  readers: readonly Reader[],
  scanner: LiteralScanner,
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
  return { lenses: [...groups.values()].flatMap((group) => lensOf(group, scanner)), direct }
}

function lensOf(readers: readonly Reader[], scanner: LiteralScanner): Lens[] {
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
    const trigger = list.triggers === undefined ? 0 : scanner.bitOf(list.triggers)
    return { list, trigger, readers: byCondition }
  })
  const listsOf = new Map<number, LensList[]>()
  for (const list of lensLists)
    for (const id of list.readers.keys()) listsOf.set(id, [...(listsOf.get(id) ?? []), list])
  const changing = lensLists.filter(({ list }) => list.triggers !== '')
  const mayChange = changing.some(({ trigger }) => trigger === 0)
  const triggers = changing.reduce((bits, { trigger }) => bits | trigger, 0)
  return [{ path: first.path, source: first.input.source, listsOf, changing, triggers, mayChange }]
}
