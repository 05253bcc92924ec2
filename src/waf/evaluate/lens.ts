import type { Reader } from '../plan.ts'
import type { LiteralScanner } from '../prefilter/literal-scanner.ts'
import type { Input } from '../condition.ts'
import { CharacterVerdicts } from './character-verdicts.ts'
import { lensLists } from './lens-list.ts'
import type { LensList } from './lens-list.ts'
import type { PathNode } from './path-tree.ts'

/** What the scanner decides for one key path of an address: which of its readers a text concerns. */
export interface Lens {
  readonly path: PathNode
  readonly source: Input['source']
  /** Readers by number of their condition. */
  readonly readers: ReadonlyMap<number, readonly Reader[]>
  /** The lists whose transformers do more than change the case of ASCII letters, which the scanner does not see. */
  readonly changing: readonly LensList[]
  readonly verdicts: CharacterVerdicts
}

/** Groups the readers that the scanner knows of into lenses, and gives back the others. */
export function focus(
  readers: readonly Reader[],
  isScanned: (reader: Reader) => boolean,
  scanner: LiteralScanner,
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

function lensOf(readers: readonly Reader[], { marked }: LiteralScanner): Lens[] {
  const [first] = readers
  if (first === undefined) return []
  const byCondition = new Map<number, Reader[]>()
  for (const reader of readers)
    byCondition.set(reader.condition.id, [...(byCondition.get(reader.condition.id) ?? []), reader])
  const changing = lensLists(readers, marked).filter(({ list }) => list.triggers !== '')
  const verdicts = new CharacterVerdicts(byCondition, marked, changing)
  return [{ path: first.path, source: first.input.source, readers: byCondition, changing, verdicts }]
}
