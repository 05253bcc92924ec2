import type { Transformer } from './transformer.ts'

/** Transformers in the order in which they apply. Equal lists are one object, numbered, so that results can be kept. */
export interface TransformerList {
  readonly id: number
  readonly transformers: readonly Transformer[]
  /**
   * Without one of these characters a text stays as it is, the case of ASCII letters aside; undefined: nothing is known.
   * U+0080 stands for every character beyond ASCII.
   */
  readonly triggers: string | undefined
  /** Patterns of which a text must hold one to be changed, case aside; undefined: nothing is known. */
  readonly changes: readonly string[] | undefined
  /** What may come about in a text that did not hold it, case aside; undefined: anything. */
  readonly creates: string | undefined
}

const lists = new Map<string, TransformerList>()

/** The list of these transformers; the same object for the same names. */
export function transformerList(transformers: readonly Transformer[]): TransformerList {
  const key = transformers.map((transformer) => transformer.name).join()
  let list = lists.get(key)
  if (list === undefined) lists.set(key, (list = newList(transformers)))
  return list
}

function newList(transformers: readonly Transformer[]): TransformerList {
  const triggers = union(transformers.map((transformer) => transformer.triggers))
  const creates = union(transformers.map((transformer) => transformer.creates))
  return { id: lists.size, transformers, triggers, changes: changesOf(transformers), creates }
}

function changesOf(transformers: readonly Transformer[]): string[] | undefined {
  const sources: string[] = []
  for (const { triggers, changes } of transformers) {
    if (triggers === '') continue
    if (changes === undefined) return undefined
    sources.push(changes.source)
  }
  return sources
}

/** The text after all transformers of the list. */
export function transform(list: TransformerList, text: string): string {
  let current = text
  for (const transformer of list.transformers) current = transformer.apply(current) ?? current
  return current
}

/**
 * Whether the transformers left the text as it was, or no more than cut off its beginning or its end: then what they
 * made holds no literal that it did not hold.
 */
export function isEndOf(text: string, changed: string): boolean {
  return changed === text || text.startsWith(changed) || text.endsWith(changed)
}

/** The characters of all sets; undefined when one of them is not known. */
function union(sets: readonly (string | undefined)[]): string | undefined {
  const characters = new Set<string>()
  for (const set of sets) {
    if (set === undefined) return undefined
    for (const character of set) characters.add(character)
  }
  return [...characters].sort().join('')
}
