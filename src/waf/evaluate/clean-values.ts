import { sequenceOf } from '../key-sequence.ts'
import type { KeySequence } from '../key-sequence.ts'
import type { ListedMap } from '../list-keys.ts'

/** Longer values are rarely the same twice. */
const MAX_LENGTH = 512

/** What the entries of a map held last, by their places, where neither key nor value concerned a reader. */
export type CleanMap = (string | undefined)[]

/**
 * The values of header maps, by their keys: clients send the same headers in the same order, and mostly with the values
 * of the last time. Too many, and all are forgotten.
 */
export class CleanValues {
  readonly #maxValues: number
  readonly #maps = new Map<KeySequence, CleanMap>()
  #count = 0

  constructor(maxValues: number) {
    this.#maxValues = maxValues
  }

  /** Those of maps with the keys of this one; undefined when the keys are not remembered. */
  of(listed: ListedMap): CleanMap | undefined {
    const sequence = sequenceOf(listed)
    return sequence && (this.#maps.get(sequence) ?? this.#add(sequence, listed.keys.length))
  }

  #add(sequence: KeySequence, size: number): CleanMap {
    this.#count += size
    if (this.#count > this.#maxValues) {
      this.#count = size
      this.#maps.clear()
    }
    const map = Array.from<string | undefined>({ length: size })
    this.#maps.set(sequence, map)
    return map
  }
}

/** Notes that the entry at the place concerns nothing. */
export function noteClean(map: CleanMap, place: number, value: string): void {
  if (value.length <= MAX_LENGTH) map[place] = value
}
