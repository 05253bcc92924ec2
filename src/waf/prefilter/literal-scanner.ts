import { BEYOND_ASCII, foldedUnit } from './char-set.ts'
import { allOccur, bitsOf, coverOf, maskOf, noCharacters } from './character-mask.ts'
import type { CharacterMask } from './character-mask.ts'
import { isOrdinary } from './ordinary-text.ts'
import type { Branch, Clause, Need } from './required-literals.ts'
import { textWorth } from './required-literals.ts'
import { finish } from '../slices.ts'

/** A condition's number and what a match of it requires. */
export interface Requirement {
  readonly id: number
  readonly need: Need
}

/** What a scan of one text says. */
export interface ScanResult {
  /** Numbers of the conditions that may match; every other one cannot. */
  readonly candidates: readonly number[]
  /** What occurs in the text. */
  readonly seen: CharacterMask
}

/** Literals are found by four of their characters, in the low bits of 32: the case of letters is bit 0x20 of each. */
const GRAM = 4
const CASE = 0x20
/** Multiplier of the gram hash: the upper bits of the product index the first bitmap, lower ones the second. */
const HASH = 0x9e3779b1 | 0
/** 64 k bits, 8 kB: it stays in the first-level cache beside the text. */
const BITMAP_WORDS = 1 << 11
const TRIPLE_MASK = 0xffffff
const PAIR_MASK = 0xffff
/** What may stand before a literal of three: every character as grams have it, and the beginning of the text. */
const beforeTriples: readonly number[] = [
  0,
  ...Array.from({ length: BEYOND_ASCII - 0x1f }, (_, index) => (index + 0x20) | CASE),
]
const noCandidates: readonly number[] = []

/**
 * Finds, in one pass over a text, which of many conditions can match it at all: their required literals are looked for
 * by a bitmap of 4-grams, their required characters by bits; literals of two characters by a second pass, over texts that
 * hold one of their marks. The tables are small because cold caches, not instructions, decide what a request costs.
 */
export class LiteralScanner {
  /** What occurs in the text found last. */
  seen: CharacterMask = noCharacters
  readonly #bitmap = new Int32Array(BITMAP_WORDS)
  /** Asked when the first says yes, which it does by chance for a few characters in a hundred. */
  readonly #check = new Int32Array(BITMAP_WORDS)
  readonly #byGram: ReadonlyMap<number, readonly IndexedLiteral[]>
  readonly #byTriple: ReadonlyMap<number, readonly IndexedLiteral[]>
  readonly #byPair: ReadonlyMap<number, readonly IndexedLiteral[]>
  /** Literals of two characters, by seven bits of each. */
  readonly #pairs = new Int32Array(1 << 9)
  /** Of these a text holds one that holds a literal of two, and whatever else is required beside it. */
  readonly #pairCharacters: CharacterMask
  readonly #branches: readonly IndexedBranch[]
  /** Branches known by characters, and all characters that may tell of one. */
  readonly #byCharacters: readonly IndexedBranch[]
  readonly #telling: CharacterMask
  /** The last stamp of each branch and of each condition: what was noted of a text is not noted twice. */
  readonly #branchStamps: Int32Array
  readonly #stamps: Int32Array
  #stamp = 0
  readonly #hits: IndexedBranch[] = []
  readonly #candidates: number[] = []

  private constructor({ literals, branches }: ScannerIndex) {
    this.#branches = branches
    this.#branchStamps = new Int32Array(branches.length)
    this.#stamps = new Int32Array(branches.reduce((most, { condition }) => Math.max(most, condition), 0) + 1)
    this.#byCharacters = branches.filter((branch) => branch.any !== noCharacters)
    this.#byGram = groupByGram(literals.filter(({ text }) => text.length >= GRAM))
    this.#byTriple = groupByGram(literals.filter(({ text }) => text.length === 3))
    this.#byPair = groupByGram(literals.filter(({ text }) => text.length === 2))
    this.#pairCharacters = [...this.#byPair.values()].flat().reduce((mask, pair) => mask | tellingOf(pair, branches), 0)
    for (const pair of this.#byPair.keys()) setBit(this.#pairs, foldPair(pair) >>> 5, foldPair(pair))
    this.#telling = this.#byCharacters.reduce((mask, { any }) => mask | any, this.#pairCharacters)
    for (const gram of this.#byGram.keys()) this.#insert(gram)
    for (const triple of this.#byTriple.keys())
      for (const before of beforeTriples) this.#insert((before << 24) | triple)
  }

  /** Builds the scanner of these conditions. */
  static build(requirements: readonly Requirement[]): LiteralScanner {
    return finish(LiteralScanner.building(requirements))
  }

  /** The same, pausing between conditions. */
  static *building(requirements: readonly Requirement[]): Generator<void, LiteralScanner> {
    return new LiteralScanner(yield* indexRequirements(requirements))
  }

  scan(text: string): ScanResult {
    const candidates = [...this.find(text)]
    return { candidates, seen: this.seen }
  }

  /** The candidates of the text, in a list that the next text reuses; `seen` then says what occurs in it. */
  find(text: string): readonly number[] {
    this.#pass(text)
    const { seen } = this
    if ((this.#telling & seen) !== 0) {
      if ((this.#pairCharacters & seen) !== 0) this.#passPairs(text)
      for (const branch of this.#byCharacters)
        if ((branch.any & seen) !== 0 && allOccur(branch.all, seen)) this.#hits.push(branch)
    }
    if (this.#hits.length > 0) return this.#candidatesOf(seen)
    return noCandidates
  }

  #pass(text: string): void {
    const bitmap = this.#bitmap
    let seen = noCharacters
    let gram = 0
    for (let index = 0; index < text.length; index += 1) {
      let unit = text.charCodeAt(index)
      if (unit >= BEYOND_ASCII) unit = foldedUnit(unit)
      seen |= bitsOf[unit] as number
      gram = (gram << 8) | (unit | CASE)
      const hash = Math.imul(gram, HASH)
      if ((((bitmap[hash >>> 21] as number) >>> (hash >>> 16)) & 1) !== 0) this.#look(gram, hash, text, index)
    }
    this.seen = seen
  }

  #look(gram: number, hash: number, text: string, end: number): void {
    if ((((this.#check[(hash >>> 5) & (BITMAP_WORDS - 1)] as number) >>> hash) & 1) === 0) return
    const literals = this.#byGram.get(gram)
    if (literals !== undefined) this.#verify(literals, text, end)
    const triples = this.#byTriple.get(gram & TRIPLE_MASK)
    if (triples !== undefined) this.#verify(triples, text, end)
  }

  #passPairs(text: string): void {
    let gram = 0
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index)
      gram = ((gram << 8) | ((unit < BEYOND_ASCII ? unit : foldedUnit(unit)) | CASE)) & PAIR_MASK
      const pair = foldPair(gram)
      if ((((this.#pairs[pair >>> 5] as number) >>> pair) & 1) === 0) continue
      const literals = this.#byPair.get(gram)
      if (literals !== undefined) this.#verify(literals, text, index)
    }
  }

  #insert(gram: number): void {
    const hash = Math.imul(gram, HASH)
    setBit(this.#bitmap, hash >>> 21, hash >>> 16)
    setBit(this.#check, (hash >>> 5) & (BITMAP_WORDS - 1), hash)
  }

  #verify(literals: readonly IndexedLiteral[], text: string, end: number): void {
    for (const literal of literals) if (standsAt(literal.text, text, end - literal.gramEnd)) this.#hit(literal)
  }

  #hit(literal: IndexedLiteral): void {
    if (this.#hits.length === 0) this.#renew()
    for (const number of literal.branches) {
      if (this.#branchStamps[number] === this.#stamp) continue
      this.#branchStamps[number] = this.#stamp
      this.#hits.push(this.#branches[number] as IndexedBranch)
    }
  }

  #candidatesOf(seen: CharacterMask): readonly number[] {
    const candidates = this.#candidates
    candidates.length = 0
    this.#renew()
    for (const { all, condition } of this.#hits) {
      if (this.#stamps[condition] === this.#stamp || !allOccur(all, seen)) continue
      this.#stamps[condition] = this.#stamp
      candidates.push(condition)
    }
    this.#hits.length = 0
    return candidates
  }

  /** A stamp that nothing bears. */
  #renew(): void {
    this.#stamp = (this.#stamp + 1) | 0
    if (this.#stamp !== 0) return
    this.#branchStamps.fill(0)
    this.#stamps.fill(0)
    this.#stamp = 1
  }
}

interface IndexedLiteral {
  readonly text: string
  /** Its rarest four characters, or all of them when they are fewer. */
  readonly gram: number
  /** Index of the gram's last character in the text. */
  readonly gramEnd: number
  readonly branches: number[]
}

interface IndexedBranch {
  readonly number: number
  readonly condition: number
  /** Sets of which a character each must occur. */
  readonly all: readonly CharacterMask[]
  /** Characters of which one tells of the branch, as its literals do. */
  readonly any: CharacterMask
}

interface ScannerIndex {
  readonly literals: readonly IndexedLiteral[]
  readonly branches: readonly IndexedBranch[]
}

function* indexRequirements(requirements: readonly Requirement[]): Generator<void, ScannerIndex> {
  const literals = new Map<string, IndexedLiteral>()
  const branches: IndexedBranch[] = []
  for (const { id, need } of requirements) {
    for (const branch of need) {
      const number = branches.length
      const pivot = pivotOf(branch)
      for (const text of pivot) {
        if (text.length === 1) continue
        const literal = literals.get(text) ?? indexLiteral(text)
        literals.set(text, literal)
        literal.branches.push(number)
      }
      branches.push({
        number,
        condition: id,
        all: branch.flatMap((clause) => (clause === pivot ? [] : (coverOf(clause) ?? []))),
        any: maskOf(pivot.filter((text) => text.length === 1)),
      })
    }
    yield
  }
  return { literals: [...literals.values()], branches }
}

/** The clause by which a branch is found: the rarest of those without single characters, when there is one. */
function pivotOf(branch: Branch): Clause {
  const byRarity = branch.toSorted((a, b) => clauseRarity(b) - clauseRarity(a))
  return byRarity.find((clause) => clause.every((text) => text.length > 1)) ?? byRarity[0] ?? []
}

/** How seldom a value holds what is required, in bits, roughly. */
export function needRarity(need: Need): number {
  return Math.min(...need.map((branch) => clauseRarity(pivotOf(branch))))
}

const rarities = new WeakMap<Clause, number>()

/** How little a clause occurs in ordinary requests, in bits, roughly. */
function clauseRarity(clause: Clause): number {
  let known = rarities.get(clause)
  if (known === undefined)
    rarities.set(clause, (known = -Math.log2(clause.reduce((sum, text) => sum + 2 ** -rarity(text), 0))))
  return known
}

/** A text is as rare as its rarest part of four characters. */
function rarity(text: string): number {
  if (text.length < GRAM) return isOrdinary(text) ? 0 : textWorth(text)
  let rarest = 0
  for (let end = GRAM - 1; end < text.length; end += 1) rarest = Math.max(rarest, gramWorth(text, end))
  return rarest
}

function indexLiteral(text: string): IndexedLiteral {
  let best = Math.min(text.length, GRAM) - 1
  for (let end = GRAM; end < text.length; end += 1) if (gramWorth(text, end) > gramWorth(text, best)) best = end
  return { text, gram: gramOf(text, Math.max(0, best - GRAM + 1), best), gramEnd: best, branches: [] }
}

function gramWorth(text: string, end: number): number {
  const gram = text.slice(end - GRAM + 1, end + 1)
  return isOrdinary(gram) ? 0 : textWorth(gram)
}

function gramOf(text: string, from: number, to: number): number {
  let gram = 0
  for (let index = from; index <= to; index += 1) gram = (gram << 8) | (text.charCodeAt(index) | CASE)
  return gram
}

/** Seven bits of each of the two characters. */
function foldPair(gram: number): number {
  return ((gram >>> 1) & 0x3f80) | (gram & 0x7f)
}

/** Characters of which one occurs beside the literal: its own marks, or what its branches require. */
function tellingOf({ text, branches: own }: IndexedLiteral, branches: readonly IndexedBranch[]): CharacterMask {
  return coverOf([text]) ?? own.reduce((mask, number) => mask | (branches[number]?.all[0] ?? ~noCharacters), 0)
}

function setBit(bitmap: Int32Array, word: number, bit: number): void {
  bitmap[word] = (bitmap[word] ?? 0) | (1 << bit)
}

function groupByGram(literals: readonly IndexedLiteral[]): Map<number, IndexedLiteral[]> {
  const groups = new Map<number, IndexedLiteral[]>()
  for (const literal of literals) {
    const group = groups.get(literal.gram)
    if (group === undefined) groups.set(literal.gram, [literal])
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
