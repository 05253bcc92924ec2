import { calledNames, inWords, likeWords } from './special-words.ts'
import { TokenType } from './token.ts'
import { allWords, findWord, phrasesFrom, typeOfWord, wordText } from './words.ts'

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

/** Features of every listed word by its number; and a bit for every cell that a listed word falls into. */
const ofWord = new Int32Array(2048)
const cells = new Uint8Array(8192)

for (const word of allWords()) {
  const text = wordText(word)
  ofWord[word] = featuresOfWord(word)
  if (!text.includes(' ')) cells[cellOf(text, 0, text.length)] = 1
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

// By first letters, last letter and length: most words of a text fall into an empty cell.
function cellOf(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) & 31
  const second = text.charCodeAt(start + 1) & 31
  const last = text.charCodeAt(end - 1) & 31
  return (first * 1021 + second * 61 + last * 7 + (end - start)) & 8191
}

/** What the word `text[start..end)` can yield. */
export function featuresOfWordAt(text: string, start: number, end: number): number {
  if (end - start < 2 || cells[cellOf(text, start, end)] === 0) return 0
  return ofWord[findWord(text, start, end)] ?? 0
}
