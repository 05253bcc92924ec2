import { BEYOND_ASCII, foldedUnit } from './char-set.ts'
import { textWorth } from './required-literals.ts'

/** A set of characters of which one must occur; vital when nothing else is known of a branch. */
export interface WantedSet {
  readonly set: string
  readonly vital: boolean
}

/** Bits in two words, since one holds too few sets for a large ruleset. */
export interface Bits {
  readonly low: number
  readonly high: number
}

export const noBits: Bits = { low: 0, high: 0 }
const WORD = 31

/** Gives bits to sets of characters, so that an OR of two words a character tells which sets occur in a text. */
export class PresenceBits {
  readonly #numbers = new Map<string, number>()

  /** `triggers` get bits of the low word; of `wanted`, those sets get one that rule out most. */
  constructor(triggers: readonly string[], wanted: readonly WantedSet[]) {
    for (const set of triggers) this.#give(set)
    const weights = new Map<string, number>()
    for (const { set, vital } of wanted) weights.set(set, (weights.get(set) ?? 0) + (vital ? 100 : 1) * rarity(set))
    for (const [set] of [...weights].sort((a, b) => b[1] - a[1])) this.#give(set)
  }

  /** No bits when the set has none; it then rules out nothing. */
  bitsOf(set: string): Bits {
    const number = this.#numbers.get(set)
    if (number === undefined) return noBits
    return number < WORD ? { low: 1 << number, high: 0 } : { low: 0, high: 1 << (number - WORD) }
  }

  /** For each unit, folded or not, the bits of the sets that hold it. */
  tables(): { readonly low: Int32Array; readonly high: Int32Array } {
    const low = new Int32Array(BEYOND_ASCII + 1)
    const high = new Int32Array(BEYOND_ASCII + 1)
    for (const set of this.#numbers.keys()) {
      const bits = this.bitsOf(set)
      const folded = new Set(Array.from(set, (character) => foldedUnit(character.charCodeAt(0))))
      for (let unit = 0; unit <= BEYOND_ASCII; unit += 1) {
        if (!folded.has(foldedUnit(unit))) continue
        low[unit] = (low[unit] ?? 0) | bits.low
        high[unit] = (high[unit] ?? 0) | bits.high
      }
    }
    return { low, high }
  }

  #give(set: string): void {
    if (set !== '' && !this.#numbers.has(set) && this.#numbers.size < WORD * 2)
      this.#numbers.set(set, this.#numbers.size)
  }
}

function rarity(set: string): number {
  const least = Math.min(...Array.from(set, textWorth))
  return least >= 7 ? 20 : least >= 5 ? 3 : 1
}
