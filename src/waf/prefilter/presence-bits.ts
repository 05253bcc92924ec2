import { BEYOND_ASCII, foldedUnit } from './char-set.ts'
import { textWorth } from './required-literals.ts'

/** A set of characters of which one must occur; vital when nothing else is known of a branch. */
export interface WantedSet {
  readonly set: string
  readonly vital: boolean
}

const BITS = 31

/** Gives bits to sets of characters, so that one OR a character tells which sets occur in a text. */
export class PresenceBits {
  readonly #bits = new Map<string, number>()

  /** `triggers` always get a bit; of `wanted`, those that rule out most. A set without a bit rules out nothing. */
  constructor(triggers: readonly string[], wanted: readonly WantedSet[]) {
    for (const set of triggers) this.#give(set)
    const weights = new Map<string, number>()
    for (const { set, vital } of wanted) weights.set(set, (weights.get(set) ?? 0) + (vital ? 100 : 1) * rarity(set))
    for (const [set] of [...weights].sort((a, b) => b[1] - a[1])) this.#give(set)
  }

  /** 0 when the set has no bit. */
  bitOf(set: string): number {
    return this.#bits.get(set) ?? 0
  }

  /** For each unit, folded or not, the bits of the sets that hold it. */
  table(): Int32Array {
    const table = new Int32Array(BEYOND_ASCII + 1)
    for (const [set, bit] of this.#bits) {
      const folded = new Set(Array.from(set, (character) => foldedUnit(character.charCodeAt(0))))
      for (let unit = 0; unit <= BEYOND_ASCII; unit += 1)
        if (folded.has(foldedUnit(unit))) table[unit] = (table[unit] ?? 0) | bit
    }
    return table
  }

  #give(set: string): void {
    if (set !== '' && !this.#bits.has(set) && this.#bits.size < BITS) this.#bits.set(set, 1 << this.#bits.size)
  }
}

function rarity(set: string): number {
  const least = Math.min(...Array.from(set, textWorth))
  return least >= 7 ? 20 : least >= 5 ? 3 : 1
}
