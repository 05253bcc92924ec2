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
/** What may stand before a literal of three: every character as grams have it, and the beginning of the text. */
const beforeTriples: readonly number[] = [
  0,
  ...Array.from({ length: BEYOND_ASCII - 0x1f }, (_, index) => (index + 0x20) | CASE),
]

/**
 * Finds, in one pass over a text, which of many conditions can match it at all: their required literals are looked for
 * by a bitmap of 4-grams, their required characters by bits. Conditions of which no more is known than characters, or
 * literals of two, are looked for by their marks, in few texts. The tables are small because cold caches, not
 * instructions, decide what a request costs.
 */
export class LiteralScanner {
  /** What occurs in the text passed over last. */
  seen: CharacterMask = noCharacters
  /** Branches that marks tell of: `pass` does not find them. */
  readonly marked: readonly MarkedBranch[]
  readonly #bitmap = new Int32Array(BITMAP_WORDS)
  /** Asked when the first says yes, which it does by chance for a few characters in a hundred. */
  readonly #check = new Int32Array(BITMAP_WORDS)
  readonly #byGram: ReadonlyMap<number, readonly IndexedLiteral[]>
  readonly #byTriple: ReadonlyMap<number, readonly IndexedLiteral[]>
  readonly #branches: readonly IndexedBranch[]
  /** The last stamp of each branch and of each condition: what was noted of a text is not noted twice. */
  readonly #branchStamps: Int32Array
  readonly #stamps: Int32Array
  #stamp = 0
  /** Numbers of the branches whose literals were found, as many as `#hitCount` says. */
  readonly #hits: Int32Array
  #hitCount = 0

  private constructor({ literals, branches }: ScannerIndex) {
    this.#branches = branches
    this.#branchStamps = new Int32Array(branches.length)
    this.#stamps = new Int32Array(branches.reduce((most, { condition }) => Math.max(most, condition), 0) + 1)
    this.#hits = new Int32Array(branches.length)
    this.marked = branches.filter((branch) => branch.telling !== noCharacters)
    this.#byGram = groupByGram(literals.filter(({ text }) => text.length >= GRAM))
    this.#byTriple = groupByGram(literals.filter(({ text }) => text.length === 3))
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

  /** What `pass` and `candidates` say of a text. */
  findLiterals(text: string): ScanResult {
    return { candidates: this.pass(text) ? this.candidates() : [], seen: this.seen }
  }

  /** All that is known of a text; of the branches that marks tell of, only for `marked`. */
  scan(text: string, marked: readonly MarkedBranch[] = this.marked): ScanResult {
    const candidates = this.pass(text) ? this.candidates() : []
    const { seen } = this
    for (const branch of marked)
      if (isMarked(branch, text, seen) && !candidates.includes(branch.condition)) candidates.push(branch.condition)
    return { candidates, seen }
  }

  /**
   * Notes what occurs in the text (`seen`), and its literals; whether there are any (`candidates` then says whose). Two
   * characters at a time, which saves a seventh.
   */
  pass(text: string): boolean {
    const bitmap = this.#bitmap
    const { length } = text
    let seen = noCharacters
    let gram = 0
    this.#hitCount = 0
    for (let index = 0; index < length; index += 2) {
      let first = text.charCodeAt(index)
      let second = index + 1 < length ? text.charCodeAt(index + 1) : first
      if ((first | second) >= BEYOND_ASCII) {
        first = foldedUnit(first)
        second = foldedUnit(second)
      }
      seen |= (bitsOf[first] as number) | (bitsOf[second] as number)
      const before = (gram << 8) | (first | CASE)
      gram = (before << 8) | (second | CASE)
      const hash = Math.imul(before, HASH)
      const next = Math.imul(gram, HASH)
      const bits =
        ((bitmap[hash >>> 21] as number) >>> (hash >>> 16)) | ((bitmap[next >>> 21] as number) >>> (next >>> 16))
      if ((bits & 1) !== 0) {
        this.#look(before, hash, text, index)
        this.#look(gram, next, text, index + 1)
      }
    }
    this.seen = seen
    return this.#hitCount > 0
  }

  /** The conditions of the literals that the last pass found, as far as the text holds what else they require. */
  candidates(): number[] {
    const candidates: number[] = []
    const { seen } = this
    this.#renew()
    for (let index = 0; index < this.#hitCount; index += 1) {
      const { all, condition } = this.#branches[this.#hits[index] as number] as IndexedBranch
      if (this.#stamps[condition] === this.#stamp || !allOccur(all, seen)) continue
      this.#stamps[condition] = this.#stamp
      candidates.push(condition)
    }
    return candidates
  }

  #look(gram: number, hash: number, text: string, end: number): void {
    if ((((this.#check[(hash >>> 5) & (BITMAP_WORDS - 1)] as number) >>> hash) & 1) === 0) return
    const literals = this.#byGram.get(gram)
    if (literals !== undefined) this.#verify(literals, text, end)
    const triples = this.#byTriple.get(gram & TRIPLE_MASK)
    if (triples !== undefined) this.#verify(triples, text, end)
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
    if (this.#hitCount === 0) this.#renew()
    for (const number of literal.branches) {
      if (this.#branchStamps[number] === this.#stamp) continue
      this.#branchStamps[number] = this.#stamp
      this.#hits[this.#hitCount] = number
      this.#hitCount += 1
    }
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

/** What is required of a text where marks tell of it: one of these characters or pairs, and one of each of `all`. */
export interface MarkedBranch {
  readonly condition: number
  readonly all: readonly CharacterMask[]
  /** Characters of which one tells of the branch, as its literals do. */
  readonly any: CharacterMask
  /** Its literals of two characters, each in every case. */
  readonly pairs: readonly string[]
  /** `any`, and characters of which a text holds one that holds such a literal. */
  readonly telling: CharacterMask
}

/** Whether a text of these characters may be one that the branch is looked for in. */
export function mayBeMarked({ telling, all }: MarkedBranch, seen: CharacterMask): boolean {
  return (telling & seen) !== 0 && allOccur(all, seen)
}

/** Whether the text holds what tells of the branch; `seen` is what occurs in it. */
function isMarked(branch: MarkedBranch, text: string, seen: CharacterMask): boolean {
  if (!mayBeMarked(branch, seen)) return false
  return (branch.any & seen) !== 0 || holdsPair(branch, text)
}

/** The same of a text that may be one. */
export function holdsPair({ pairs }: MarkedBranch, text: string): boolean {
  for (const pair of pairs) if (text.includes(pair)) return true
  return false
}

interface IndexedLiteral {
  readonly text: string
  /** Its rarest four characters, or all of them when they are fewer. */
  readonly gram: number
  /** Index of the gram's last character in the text. */
  readonly gramEnd: number
  readonly branches: number[]
}

interface IndexedBranch extends MarkedBranch {
  readonly number: number
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
        if (text.length < 3) continue
        const literal = literals.get(text) ?? indexLiteral(text)
        literals.set(text, literal)
        literal.branches.push(number)
      }
      const any = maskOf(pivot.filter((text) => text.length === 1))
      const pairs = pivot.filter((text) => text.length === 2)
      branches.push({
        number,
        condition: id,
        all: branch.flatMap((clause) => (clause === pivot ? [] : (coverOf(clause) ?? []))),
        any,
        pairs: pairs.flatMap(unfold),
        telling: pairs.reduce((mask, pair) => mask | (coverOf([pair]) ?? ~noCharacters), any),
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

/** All texts that fold to this one. */
function unfold(text: string): string[] {
  return Array.from(text).reduce<string[]>(
    (heads, character) => unfolded(character).flatMap((one) => heads.map((head) => head + one)),
    [''],
  )
}

function unfolded(character: string): string[] {
  const beyond = character === 's' ? '\u017f' : character === 'k' ? '\u212a' : ''
  return [...new Set(`${character}${character.toUpperCase()}${beyond}`)]
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
