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
}

const lists = new Map<string, TransformerList>()

/** The list of these transformers; the same object for the same names. */
export function transformerList(transformers: readonly Transformer[]): TransformerList {
  const key = transformers.map((transformer) => transformer.name).join()
  let list = lists.get(key)
  if (list === undefined) lists.set(key, (list = { id: lists.size, transformers, triggers: triggersOf(transformers) }))
  return list
}

/** The text after all transformers of the list. */
export function transform(list: TransformerList, text: string): string {
  let current = text
  for (const transformer of list.transformers) current = transformer.apply(current) ?? current
  return current
}

function triggersOf(transformers: readonly Transformer[]): string | undefined {
  const characters = new Set<string>()
  for (const { triggers } of transformers) {
    if (triggers === undefined) return undefined
    for (const character of triggers) characters.add(character)
  }
  return [...characters].sort().join('')
}
