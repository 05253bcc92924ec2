import { BEYOND_ASCII, foldedUnit } from './char-set.ts'
import { isOrdinary } from './ordinary-text.ts'
import { noBits, PresenceBits } from './presence-bits.ts'
import type { Bits } from './presence-bits.ts'
import type { Branch, Clause, Need } from './required-literals.ts'
import { clauseWorth, textWorth } from './required-literals.ts'

/** A condition's number and what a match of it requires. */
export interface Requirement {
  readonly id: number
  readonly need: Need
}

/** What a scan of one text says. */
export interface ScanResult {
  /** Numbers of the conditions that may match; every other one cannot. */
  readonly candidates: readonly number[]
  /** The bits of `bitOf` for the characters that occur. */
  readonly seen: number
}

const UNITS = BEYOND_ASCII + 1
const GRAM = 4
const GRAM_MASK = 0xfffffff
/** Multiplier of the gram hash; the upper bits of the product index the bitmap. */
const HASH = 0x9e3779b1 | 0
/** 64 k bits, 8 kB: it stays in the first-level cache beside the text. */
const BITMAP_SHIFT = 16
const PAIR_END = 0x80
const PAIR_MASK = 0x3fff
const TRIPLE_MASK = 0x1fffff
/** Added to the key of a triple, so that it differs from those of pairs. */
const TRIPLE = 1 << 21
/** Shorter texts are not worth the two calls that copying takes. */
const MIN_COPIED = 24
const scratch = Buffer.alloc(1 << 16)
const noCandidates: readonly number[] = []

/**
 * Finds, in one pass over a text, which of many conditions can match it at all: their required literals are looked for
 * by a bitmap of folded 4-grams (2- and 3-character literals by their last two), their required characters by bits.
 * The tables are small because cold caches, not instructions, decide what a request costs.
 */
export class LiteralScanner {
  /** Folded unit in the low 7 bits; the high bit says that a literal of two ends with it. */
  readonly #fold = new Uint8Array(UNITS)
  readonly #low: Int32Array
  readonly #high: Int32Array
  readonly #bitmap = new Uint8Array(1 << (32 - BITMAP_SHIFT - 3))
  /** Literals of two characters by all of their 14 bits, those of three by a hash of their 21. */
  readonly #pairs = new Uint8Array(1 << 11)
  readonly #triples = new Uint8Array(1 << (32 - BITMAP_SHIFT - 3))
  /** Literals by gram, open addressing: gram + 1, then the first entry of the chain. */
  readonly #slots: Int32Array
  readonly #slotMask: number
  readonly #literals: readonly IndexedLiteral[]
  readonly #shorts: ReadonlyMap<number, readonly IndexedLiteral[]>
  readonly #branches: readonly IndexedBranch[]
  /** Branches known by characters, and all bits that may tell of one. */
  readonly #byCharacters: readonly IndexedBranch[]
  readonly #characterPivots: Bits
  readonly #branchStamps: Uint32Array
  readonly #stamps: Map<number, number> = new Map()
  readonly #bits: PresenceBits
  #stamp = 0
  #seenHigh = 0
  #hits: number[] = []

  private constructor(index: ScannerIndex) {
    for (let unit = 0; unit < UNITS; unit += 1) this.#fold[unit] = Math.min(foldedUnit(unit), 0x7f)
    const { low, high } = index.bits.tables()
    this.#low = low
    this.#high = high
    this.#bits = index.bits
    this.#branches = index.branches
    this.#branchStamps = new Uint32Array(index.branches.length)
    this.#byCharacters = index.branches.filter((branch) => branch.any !== noBits)
    this.#characterPivots = this.#byCharacters.reduce((bits, { any }) => joinBits(bits, any), noBits)
    this.#literals = index.long
    this.#slotMask = tableSize(index.long.length) - 1
    this.#slots = new Int32Array((this.#slotMask + 1) * 2)
    for (const [position, literal] of index.long.entries()) this.#insert(literal, position)
    this.#shorts = groupByGram(index.short)
    for (const { gram, text } of index.short) {
      if (text.length === 3) setBit(this.#triples, hashOf(gram))
      else this.#addPair(gram, text.charCodeAt(1))
    }
  }

  /** Builds the scanner of these conditions; `triggers` are sets of characters whose presence is wanted as well. */
  static build(requirements: readonly Requirement[], triggers: readonly string[]): LiteralScanner {
    return new LiteralScanner(indexRequirements(requirements, triggers))
  }

  /** The bit of `seen` that says whether one of these characters, given to `build`, occurs. */
  bitOf(trigger: string): number {
    return this.#bits.bitsOf(trigger).low
  }

  /** Conditions about which the scan says nothing, because no bit was left for what they require. */
  get unfiltered(): ReadonlySet<number> {
    return new Set(this.#branches.filter((branch) => branch.unknown).map((branch) => branch.condition))
  }

  scan(text: string): ScanResult {
    this.#stamp += 1
    if (this.#hits.length > 0) this.#hits = []
    const seen = this.#pass(text)
    const { low, high } = this.#characterPivots
    if (((seen & low) | (this.#seenHigh & high)) !== 0)
      for (const { any, number } of this.#byCharacters)
        if (((seen & any.low) | (this.#seenHigh & any.high)) !== 0) this.#hits.push(number)
    return { candidates: this.#hits.length === 0 ? noCandidates : this.#candidates(seen), seen }
  }

  /** Texts of some length are copied to bytes at once when they are ASCII; reading those is twice as fast. */
  #pass(text: string): number {
    const { length } = text
    if (length < MIN_COPIED || length > scratch.length || Buffer.byteLength(text) !== length)
      return this.#passUnits(text)
    scratch.write(text, 0, length, 'latin1')
    return this.#passBytes(text, length)
  }

  #passBytes(text: string, length: number): number {
    const fold = this.#fold
    const low = this.#low
    const high = this.#high
    const bitmap = this.#bitmap
    const pairs = this.#pairs
    const triples = this.#triples
    let seen = 0
    let seenHigh = 0
    let gram = 0
    for (let index = 0; index < length; index += 1) {
      const unit = scratch[index] as number
      const folded = fold[unit] as number
      seen |= low[unit] as number
      seenHigh |= high[unit] as number
      gram = ((gram << 7) | (folded & 0x7f)) & GRAM_MASK
      if (folded >= PAIR_END && ((pairs[(gram & PAIR_MASK) >>> 3] as number) & (1 << (gram & 7))) !== 0)
        this.#short(gram & PAIR_MASK, text, index)
      const triple = Math.imul(gram & TRIPLE_MASK, HASH) >>> BITMAP_SHIFT
      if (((triples[triple >>> 3] as number) & (1 << (triple & 7))) !== 0)
        this.#short((gram & TRIPLE_MASK) + TRIPLE, text, index)
      const hash = Math.imul(gram, HASH) >>> BITMAP_SHIFT
      if (((bitmap[hash >>> 3] as number) & (1 << (hash & 7))) !== 0) this.#long(gram, text, index)
    }
    this.#seenHigh = seenHigh
    return seen
  }

  #passUnits(text: string): number {
    const fold = this.#fold
    const low = this.#low
    const high = this.#high
    let seen = 0
    let seenHigh = 0
    let gram = 0
    for (let index = 0; index < text.length; index += 1) {
      let unit = text.charCodeAt(index)
      if (unit >= BEYOND_ASCII) unit = foldedUnit(unit)
      const folded = fold[unit] as number
      seen |= low[unit] as number
      seenHigh |= high[unit] as number
      gram = ((gram << 7) | (folded & 0x7f)) & GRAM_MASK
      if (folded >= PAIR_END && hasBit(this.#pairs, gram & PAIR_MASK)) this.#short(gram & PAIR_MASK, text, index)
      if (hasBit(this.#triples, hashOf(gram & TRIPLE_MASK))) this.#short((gram & TRIPLE_MASK) + TRIPLE, text, index)
      if (hasBit(this.#bitmap, hashOf(gram))) this.#long(gram, text, index)
    }
    this.#seenHigh = seenHigh
    return seen
  }

  #addPair(gram: number, last: number): void {
    setBit(this.#pairs, gram)
    for (let unit = 0; unit < UNITS; unit += 1)
      if (((this.#fold[unit] ?? 0) & 0x7f) === last) this.#fold[unit] = (this.#fold[unit] ?? 0) | PAIR_END
  }

  #insert(literal: IndexedLiteral, position: number): void {
    setBit(this.#bitmap, hashOf(literal.gram))
    let slot = (Math.imul(literal.gram, HASH) >>> 8) & this.#slotMask
    while (this.#slots[slot * 2] !== 0) {
      if (this.#slots[slot * 2] === literal.gram + 1) break
      slot = (slot + 1) & this.#slotMask
    }
    literal.next = this.#slots[slot * 2] === 0 ? -1 : (this.#slots[slot * 2 + 1] ?? -1)
    this.#slots[slot * 2] = literal.gram + 1
    this.#slots[slot * 2 + 1] = position
  }

  #long(gram: number, text: string, end: number): void {
    let slot = (Math.imul(gram, HASH) >>> 8) & this.#slotMask
    for (let key = this.#slots[slot * 2]; key !== 0; key = this.#slots[slot * 2]) {
      if (key === gram + 1) {
        for (let at = this.#slots[slot * 2 + 1] ?? -1; at >= 0;) {
          const literal = this.#literals[at] as IndexedLiteral
          if (standsAt(literal.text, text, end - literal.gramEnd)) this.#hit(literal)
          at = literal.next
        }
        return
      }
      slot = (slot + 1) & this.#slotMask
    }
  }

  #short(key: number, text: string, end: number): void {
    const literals = this.#shorts.get(key)
    if (literals === undefined) return
    for (const literal of literals) if (standsAt(literal.text, text, end - literal.gramEnd)) this.#hit(literal)
  }

  #hit(literal: IndexedLiteral): void {
    for (const branch of literal.branches) {
      if (this.#branchStamps[branch] === this.#stamp) continue
      this.#branchStamps[branch] = this.#stamp
      this.#hits.push(branch)
    }
  }

  #candidates(seen: number): readonly number[] {
    const candidates: number[] = []
    for (const number of this.#hits) {
      const branch = this.#branches[number] as IndexedBranch
      const { low, high } = branch.all
      if ((seen & low) !== low || (this.#seenHigh & high) !== high) continue
      if (this.#stamps.get(branch.condition) === this.#stamp) continue
      this.#stamps.set(branch.condition, this.#stamp)
      candidates.push(branch.condition)
    }
    return candidates
  }
}

interface IndexedLiteral {
  readonly text: string
  /** Its rarest four characters, or all of them when they are fewer. */
  readonly gram: number
  /** Index of the gram's last character in the text. */
  readonly gramEnd: number
  readonly branches: number[]
  /** The next literal with the same gram; -1: none. */
  next: number
}

interface IndexedBranch {
  readonly number: number
  readonly condition: number
  /** Bits that must all be seen. */
  readonly all: Bits
  /** Bits of which one tells of the branch, as its literals do. */
  readonly any: Bits
  /** Whether neither literals nor bits can tell of it. */
  readonly unknown: boolean
}

interface ScannerIndex {
  readonly long: readonly IndexedLiteral[]
  readonly short: readonly IndexedLiteral[]
  readonly branches: readonly IndexedBranch[]
  readonly bits: PresenceBits
}

function indexRequirements(requirements: readonly Requirement[], triggers: readonly string[]): ScannerIndex {
  const planned = requirements.flatMap(({ id, need }) => need.map((branch) => ({ id, ...splitBranch(branch) })))
  const bits = new PresenceBits(
    triggers,
    planned.flatMap(({ characters, singles }) => [
      ...characters.map((set) => ({ set, vital: false })),
      { set: singles, vital: true },
    ]),
  )
  const literals = new Map<string, IndexedLiteral>()
  const branches = planned.map(({ id, pivot, singles, characters }, number): IndexedBranch => {
    for (const text of pivot) {
      const literal = literals.get(text) ?? indexLiteral(text)
      literals.set(text, literal)
      literal.branches.push(number)
    }
    const all = characters.reduce((sum, set) => joinBits(sum, bits.bitsOf(set)), noBits)
    const any = bits.bitsOf(singles)
    return { number, condition: id, all, any, unknown: singles !== '' && any === noBits }
  })
  const all = [...literals.values()]
  return {
    long: all.filter(({ text }) => text.length >= GRAM),
    short: all.filter(({ text }) => text.length < GRAM),
    branches,
    bits,
  }
}

interface SplitBranch {
  /** Texts to look for, of the clause that tells of the branch, and the single characters of that clause. */
  readonly pivot: Clause
  readonly singles: string
  /** For every other clause, characters one of which must occur. */
  readonly characters: readonly string[]
}

function splitBranch(branch: Branch): SplitBranch {
  const byWorth = branch.toSorted((a, b) => clauseWorth(b) - clauseWorth(a))
  const told = byWorth.find((clause) => clause.every((text) => text.length > 1)) ?? byWorth[0] ?? []
  const singles = told.filter((text) => text.length === 1).sort()
  return {
    pivot: told.filter((text) => text.length > 1),
    singles: singles.join(''),
    characters: branch.filter((clause) => clause !== told).map(rarestCharacters),
  }
}

function joinBits(a: Bits, b: Bits): Bits {
  return { low: a.low | b.low, high: a.high | b.high }
}

/** One character of each text of the clause, as a set: one of them occurs when the clause holds. */
function rarestCharacters(clause: Clause): string {
  const rarest = clause.map((text) => Array.from(text).sort((a, b) => textWorth(b) - textWorth(a))[0] ?? '')
  return [...new Set(rarest)].sort().join('')
}

function indexLiteral(text: string): IndexedLiteral {
  if (text.length < GRAM) {
    const end = text.length - 1
    return { text, gram: gramOf(text, 0, end), gramEnd: end, branches: [], next: -1 }
  }
  let best = GRAM - 1
  for (let end = GRAM; end < text.length; end += 1) if (gramWorth(text, end) > gramWorth(text, best)) best = end
  return { text, gram: gramOf(text, best - GRAM + 1, best), gramEnd: best, branches: [], next: -1 }
}

function gramWorth(text: string, end: number): number {
  const gram = text.slice(end - GRAM + 1, end + 1)
  return isOrdinary(gram) ? 0 : textWorth(gram)
}

function hashOf(gram: number): number {
  return Math.imul(gram, HASH) >>> BITMAP_SHIFT
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >>> 3] as number) & (1 << (at & 7))) !== 0
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7))
}

function gramOf(text: string, from: number, to: number): number {
  let gram = 0
  for (let index = from; index <= to; index += 1) gram = (gram << 7) | (text.charCodeAt(index) & 0x7f)
  return gram
}

function groupByGram(literals: readonly IndexedLiteral[]): Map<number, IndexedLiteral[]> {
  const groups = new Map<number, IndexedLiteral[]>()
  for (const literal of literals) {
    const key = literal.text.length === 3 ? literal.gram + TRIPLE : literal.gram
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [literal])
    else group.push(literal)
  }
  return groups
}

function standsAt(literal: string, text: string, start: number): boolean {
  if (start < 0 || start + literal.length > text.length) return false
  for (let index = 0; index < literal.length; index += 1)
    if (foldedUnit(text.charCodeAt(start + index)) !== literal.charCodeAt(index)) return false
  return true
}

function tableSize(entries: number): number {
  let size = 16
  while (size < entries * 2) size *= 2
  return size
}
