import type { Reader } from '../plan.ts'
import type { CharacterMask } from '../prefilter/character-mask.ts'
import { mayBeMarked } from '../prefilter/literal-scanner.ts'
import type { MarkedBranch } from '../prefilter/literal-scanner.ts'
import { mayMatchChanged } from './lens-list.ts'
import type { LensList } from './lens-list.ts'
import { rememberByText } from '../remember-by-text.ts'

/** What the characters of a text tell, whatever their order. */
export interface CharacterVerdict {
  readonly seen: CharacterMask
  /** Whether nothing matches but by its literals. */
  readonly isQuiet: boolean
  /** Readers that may match, for all that the characters say. */
  readonly readers: readonly Reader[]
  /** Found in every text that `paired` or `changing` concern; undefined: each has to be asked. */
  readonly telling: RegExp | undefined
  /** What is required where a pair of characters tells of it. */
  readonly paired: readonly MarkedBranch[]
  /** Lists whose transformers may make something that matches. */
  readonly changing: readonly LensList[]
}

/** Verdicts remembered: texts of the same kind, such as words and numbers, hold the same characters. */
const SLOTS = 64
const SLOT_SHIFT = 32 - Math.log2(SLOTS)
const HASH = 0x9e3779b1 | 0

/** The verdicts on all sets of characters for the readers of some lenses, each worked out when it is first asked for. */
export class CharacterVerdicts {
  /** By number of the condition. */
  readonly readers: ReadonlyMap<number, readonly Reader[]>
  readonly #marked: readonly MarkedBranch[]
  readonly #changing: readonly LensList[]
  readonly #slots = Array.from<CharacterVerdict | undefined>({ length: SLOTS })

  constructor(
    readers: ReadonlyMap<number, readonly Reader[]>,
    marked: readonly MarkedBranch[],
    changing: readonly LensList[],
  ) {
    this.readers = readers
    this.#marked = marked.filter(({ condition }) => readers.has(condition))
    this.#changing = changing
  }

  of(seen: CharacterMask): CharacterVerdict {
    const slot = Math.imul(seen, HASH) >>> SLOT_SHIFT
    const known = this.#slots[slot]
    return known !== undefined && known.seen === seen ? known : (this.#slots[slot] = this.#judge(seen))
  }

  #judge(seen: CharacterMask): CharacterVerdict {
    const possible = this.#marked.filter((branch) => mayBeMarked(branch, seen))
    const told = new Set(possible.filter(({ any }) => (any & seen) !== 0).map(({ condition }) => condition))
    const readers = [...told].flatMap((condition) => this.readers.get(condition) ?? [])
    const paired = possible.filter(({ condition }) => !told.has(condition))
    const changing = this.#changing.filter((list) => mayMatchChanged(list, seen))
    const isQuiet = readers.length + paired.length + changing.length === 0
    return { seen, isQuiet, readers, telling: tellingOf(paired, changing), paired, changing }
  }
}

/** Pairs and transformers of which one pattern tells faster than each alone. */
const MOST_PARTS = 8
const patterns = rememberByText((source) => new RegExp(source))

function tellingOf(paired: readonly MarkedBranch[], changing: readonly LensList[]): RegExp | undefined {
  const parts = new Set(paired.flatMap(({ pairs }) => pairs.map(literally)))
  for (const { list } of changing) {
    if (list.changes === undefined) return undefined
    for (const part of list.changes) parts.add(part)
  }
  return parts.size === 0 || parts.size > MOST_PARTS ? undefined : patterns([...parts].join('|'))
}

function literally(text: string): string {
  return text.replace(/[^\w]/g, '\\$&')
}
