import { calledNames, inWords, likeWords } from './special-words.ts'
import { TokenType } from './token.ts'
import { allWords, phrasesFrom, typeOfWord, wordText } from './words.ts'

/** What the presence of a character or word lets a text yield: groups of token classes. Plain names are always there. */
export const features = {
  string: 1,
  number: 2,
  variable: 4,
  parenthesis: 8,
  comment: 16,
  semicolon: 32,
  union: 64,
  expression: 128,
  logic: 256,
  clause: 512,
  statement: 1024,
  keyword: 2048,
  function: 4096,
  operator: 8192,
  /** INTO, without which a keyword between two values is no shape. */
  into: 16384,
  secondClause: 32768,
  secondStatement: 65536,
} as const

export const featureCount = 17

const byLetter: Readonly<Record<string, number>> = {
  s: features.string,
  1: features.number,
  v: features.variable,
  '(': features.parenthesis,
  ')': features.parenthesis,
  c: features.comment,
  X: features.comment,
  ';': features.semicolon,
  U: features.union,
  E: features.expression,
  '&': features.logic,
  B: features.clause,
  T: features.statement,
  t: features.statement,
  k: features.keyword,
  A: features.keyword,
  f: features.function,
  o: features.operator,
}

/** What a shape needs; values apart, written `V`. */
export function featuresOfShape(shape: string): number {
  let needed = 0
  for (const letter of shape) {
    const feature = featuresOfType(letter)
    if (feature === features.clause && (needed & feature) !== 0) needed |= features.secondClause
    if (feature === features.statement && (needed & feature) !== 0) needed |= features.secondStatement
    needed |= feature
  }
  return shape.length === 3 && shape[1] === 'k' ? needed | features.into : needed
}

/** What a text yields that has yielded `found` and goes on with `added`. */
export function joinFeatures(found: number, added: number): number {
  let joined = found | added
  if ((found & added & features.clause) !== 0) joined |= features.secondClause
  if ((found & added & features.statement) !== 0) joined |= features.secondStatement
  return joined
}

// What a class of token needs, by its letter; nothing for what any text may hold.
function featuresOfType(letter: string): number {
  return byLetter[letter] ?? 0
}

/**
 * Features of the listed words that yield any, by the hash of the word in an open-addressed table: two words of one hash
 * would yield the features of both. Before it stands a bit for every hash that is there: most words of a text have none.
 */
const SLOTS = 2048
const hashes = new Int32Array(SLOTS)
const ofHash = new Int32Array(SLOTS)
/** 16,384 bits, 2 kB. */
const present = new Int32Array(512)
const PRESENT_SHIFT = 18

for (const word of allWords()) {
  const text = wordText(word)
  const found = featuresOfWord(word)
  if (found === 0 || text.length < 2 || text.includes(' ')) continue
  const hash = hashOf(text, 0, text.length)
  const slot = slotOf(hash)
  hashes[slot] = hash
  ofHash[slot] = (ofHash[slot] ?? 0) | found
  const bit = hash >>> PRESENT_SHIFT
  present[bit >>> 5] = (present[bit >>> 5] ?? 0) | (1 << bit)
}

function featuresOfWord(word: number): number {
  const text = wordText(word)
  let found = featuresOf(typeOfWord(word))
  for (const phrase of phrasesFrom(word)) found |= featuresOfWord(phrase)
  if (calledNames.has(word) || likeWords.includes(word)) found |= features.function
  if (inWords.includes(word)) found |= features.operator
  if (text === 'INTO') found |= features.into
  if (text.startsWith('IF')) found |= features.statement
  return found
}

function featuresOf(type: number): number {
  return type === TokenType.word ? 0 : featuresOfType(String.fromCharCode(type))
}

/** The hash of a word that goes on with this character, letters of either case alike; it begins with 0. */
export function hashOn(hash: number, code: number): number {
  return Math.imul(hash ^ (code & 0x5f), 0x01000193) ^ (hash >>> 15)
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at += 1) hash = hashOn(hash, text.charCodeAt(at))
  return hash
}

/** Where the hash is or would be. */
function slotOf(hash: number): number {
  let slot = hash & (SLOTS - 1)
  while (ofHash[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (SLOTS - 1)
  return slot
}

/** What the word of this hash can yield. */
export function featuresOfHash(hash: number): number {
  const bit = hash >>> PRESENT_SHIFT
  return (((present[bit >>> 5] as number) >>> bit) & 1) === 0 ? 0 : (ofHash[slotOf(hash)] as number)
}

/** What the word `text[start..end)` can yield. */
export function featuresOfWordAt(text: string, start: number, end: number): number {
  return featuresOfHash(hashOf(text, start, end))
}

/** Of an injection in nothing but names and numbers, one of these is part. */
const tellingFeatures =
  features.union |
  features.expression |
  features.logic |
  features.clause |
  features.statement |
  features.operator |
  features.into
/** Of these the one that tells may be the last word. */
const lastFeatures = features.union | features.operator
/** Shorter texts would be found in every other word: they are looked for with the character before or behind them. */
const SHORTEST = 3
/** What may stand before a word: a space, or what a number ends with. */
const beforeWords = Array.from(' 0123456789abcdefx')

/**
 * Texts, in lower case, of which one is part of every injection that holds nothing but letters, digits, underscores and
 * spaces. Such a text holds more behind most of the words that tell, so that a space follows them.
 */
export function tellingTexts(): string[] {
  return allWords().flatMap((word) => {
    const text = wordText(word).toLowerCase()
    const found = featuresOfWord(word)
    if ((found & tellingFeatures) === 0 || text.length < 2 || text.includes(' ')) return []
    if ((found & lastFeatures) === 0 || inWords.includes(word)) return [`${text} `]
    return text.length < SHORTEST ? [`${text} `, ...beforeWords.map((before) => before + text)] : [text]
  })
}
