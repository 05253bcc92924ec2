import { isDigit, isLetter } from '../skip.ts'
import { featureCount, features, featuresOfShape, featuresOfWordAt, joinFeatures } from './features.ts'
import { allShapes } from './shape-table.ts'
import { maxWordLength } from './words.ts'

/**
 * Whether a text can be an injection at all, from the presence of characters and words alone: which classes of token
 * it can yield, and whether any shape is made of those. Sees each character once at most; never says no to what the detector
 * would find.
 */
export function mayBeInjection(text: string): boolean {
  let found = 0
  let separated = false
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const seen = characterFeatures[code] ?? separator
    if (seen !== wordCharacter) {
      separated = true
      found |= seen & pairing ? featuresOfPair(text, at, code) : seen
      at += 1
    } else {
      const end = endOfRun(text, at)
      const joined = joinFeatures(found, featuresOfRun(text, at, end))
      if (joined !== found && separated && isPossible(joined & everyFeature)) return true
      found = joined
      at = end
    }
  }
  return separated && isPossible(found & everyFeature)
}

/** Bits above the features: what the table says of a character besides. */
const everyFeature = (1 << featureCount) - 1
const separator = 1 << 20
const pairing = 1 << 21
const wordCharacter = 1 << 22

const characterFeatures = new Int32Array(128).fill(separator)
for (let code = 0; code < 0x80; code += 1) {
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

function endOfRun(text: string, from: number): number {
  const { length } = text
  let at = from + 1
  // Beyond the table there is nothing, which is no word either.
  while (at < length && characterFeatures[text.charCodeAt(at)] === wordCharacter) at += 1
  return at
}

// Where a run begins with a digit, a word may begin anywhere behind it ("1union", "0b1or").
function featuresOfRun(text: string, start: number, end: number): number {
  const code = text.charCodeAt(start)
  if (isLetter(code) || code === 0x5f) return featuresOfWordAt(text, start, end)
  let found: number = features.number
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
