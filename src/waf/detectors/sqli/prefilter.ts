import { isDigit, isLetter } from '../skip.ts'
import {
  featureCount,
  features,
  featuresOfShape,
  featuresOfHash,
  featuresOfWordAt,
  hashOn,
  joinFeatures,
} from './features.ts'
import { allShapes } from './shape-table.ts'
import { maxWordLength } from './words.ts'

/**
 * Whether a text can be an injection at all, from the presence of characters and words alone: which classes of token
 * it can yield, and whether any shape is made of those. Sees each character once at most; never says no to what the detector
 * would find.
 */
export function mayBeInjection(text: string): boolean {
  const { length } = text
  let found = 0
  let separated = false
  let at = 0
  while (at < length) {
    const code = text.charCodeAt(at)
    const seen = code < BEYOND_ASCII ? (characterFeatures[code] as number) : separator
    if (seen !== wordCharacter) {
      separated = true
      found |= (seen & pairing) === 0 ? seen : featuresOfPair(text, at, code)
      at += 1
      continue
    }
    const start = at
    let hash = 0
    let next = code
    let all = 0
    do {
      hash = hashOn(hash, next)
      all |= next
      at += 1
      if (at === length) break
      next = text.charCodeAt(at)
    } while (next < BEYOND_ASCII && characterFeatures[next] === wordCharacter)
    const added = isDigit(code) ? featuresOfNumber(text, start, at, all) : featuresOfHash(hash)
    if (added === 0) continue
    const joined = joinFeatures(found, added)
    if (joined !== found && separated && isPossible(joined & everyFeature)) return true
    found = joined
  }
  return separated && isPossible(found & everyFeature)
}

/** Bits above the features: what the table says of a character besides. */
const everyFeature = (1 << featureCount) - 1
const separator = 1 << 20
const pairing = 1 << 21
const wordCharacter = 1 << 22

const BEYOND_ASCII = 0x80
const characterFeatures = new Int32Array(BEYOND_ASCII).fill(separator)
for (let code = 0; code < BEYOND_ASCII; code += 1) {
  if (isLetter(code) || code === 0x5f || (code >= 0x30 && code <= 0x39)) characterFeatures[code] = wordCharacter
}
set("'", pairing)
set('"', features.string)
set('$', features.string | features.number)
set('@', features.variable)
set('()', features.parenthesis)
set(';', features.semicolon)
set('#', features.comment | features.operator)
set('`', features.comment | features.string)
set('{', features.comment)
set('\\', features.number)
set('!*:<=>%+^~', features.operator)
set('-/&|', pairing)

function set(characters: string, bits: number): void {
  for (const character of characters) characterFeatures[character.charCodeAt(0)] = bits
}

/** Characters that mean something else next to certain others: x'' -- /* && || */
function featuresOfPair(text: string, at: number, code: number): number {
  const next = text.charCodeAt(at + 1)
  switch (code) {
    case 0x27: {
      const before = text.charCodeAt(at - 1) | 0x20
      return before === 0x78 || before === 0x62 ? features.string | features.number : features.string
    }
    case 0x2d:
      return next === code ? features.operator | features.comment : features.operator
    case 0x2f:
      return next === 0x2a ? features.operator | features.comment : features.operator
    default:
      return next === code ? features.operator | features.logic : features.operator
  }
}

/** Set in letters and the underscore, not in digits. */
const LETTER = 0x40

// Where a run begins with a digit, a word may begin anywhere behind it ("1union", "0b1or"). `all` are its characters' bits.
function featuresOfNumber(text: string, start: number, end: number, all: number): number {
  let found: number = features.number
  if ((all & LETTER) === 0) return found
  for (let at = Math.max(start + 1, end - maxWordLength); at < end - 1; at += 1) {
    if (!isDigit(text.charCodeAt(at))) found |= featuresOfWordAt(text, at, end)
  }
  return found
}

/** One bit for every set of features: whether a shape is made of those. 16 kB. */
const possible = new Uint8Array(1 << (featureCount - 3))

function isPossible(found: number): boolean {
  return ((possible[found >> 3] ?? 0) & (1 << (found & 7))) !== 0
}

fillPossible()

function fillPossible(): void {
  const made = new Uint8Array(1 << featureCount)
  const madeWithValue = new Uint8Array(1 << featureCount)
  for (const shape of allShapes()) (shape.includes('V') ? madeWithValue : made)[featuresOfShape(shape)] = 1
  spread(madeWithValue)
  const values = features.string | features.number | features.variable
  for (let found = 0; found < made.length; found += 1) {
    if (madeWithValue[found] === 1 && (found & values) !== 0) made[found] = 1
  }
  spread(made)
  for (let found = 0; found < made.length; found += 1) {
    if (made[found] === 1) possible[found >> 3] = (possible[found >> 3] ?? 0) | (1 << (found & 7))
  }
}

// What a set of features makes possible, every larger set does.
function spread(table: Uint8Array): void {
  for (let bit = 1; bit < table.length; bit <<= 1) {
    for (let found = 0; found < table.length; found += 1) {
      if ((found & bit) !== 0 && table[found ^ bit] === 1) table[found] = 1
    }
  }
}
