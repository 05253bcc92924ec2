import { wordList } from './word-list.ts'
import { TokenType } from './token.ts'

/**
 * SQL's words and phrases, numbered; 0 is none. Looked up without allocating, in an open-addressed table keyed by the
 * word's ASCII-case-folded hash.
 */
const slots = 4096
const words: string[] = ['']
const types: number[] = [0]
const table = new Uint16Array(slots)
/** Phrases by the numbers of their first part (a word or shorter phrase) and last word. */
const phrases = new Map<number, number>()
const phraseStarts = new Uint8Array(2048)

for (const [letter, list] of Object.entries(wordList)) {
  const type = letter.charCodeAt(0)
  for (const word of list.words.trim().split(/\s+/)) if (word !== '') addWord(word, type)
}
const listedPhrases = Object.entries(wordList).flatMap(([letter, list]) =>
  list.phrases.map((text) => ({ letter, text })),
)
// Shorter ones first: a phrase of three words begins with one of two.
for (const { letter, text } of listedPhrases.sort(
  (left, right) => left.text.split(' ').length - right.text.split(' ').length,
)) {
  addPhrase(text, letter.charCodeAt(0))
}

function addWord(word: string, type: number): number {
  const index = push(word, type)
  let slot = hash(word, 0, word.length)
  while (table[slot] !== 0) slot = (slot + 1) & (slots - 1)
  table[slot] = index
  return index
}

function addPhrase(text: string, type: number): void {
  const space = text.lastIndexOf(' ')
  const first = wordNumber(text.slice(0, space))
  const last = wordNumber(text.slice(space + 1))
  phraseStarts[first] = 1
  phrases.set(first * 2048 + last, push(text, type))
}

function push(text: string, type: number): number {
  words.push(text)
  types.push(type)
  return words.length - 1
}

/** The number of a word or phrase (upper case); a plain name gets one when it is asked for here. */
export function wordNumber(text: string): number {
  const known = words.indexOf(text)
  return known === -1 ? addWord(text, TokenType.word) : known
}

function hash(text: string, start: number, end: number): number {
  let value = end - start
  for (let at = start; at < end; at += 1) value = (Math.imul(value, 31) + upper(text.charCodeAt(at))) | 0
  return (value ^ (value >>> 12)) & (slots - 1)
}

function upper(code: number): number {
  return code >= 0x61 && code <= 0x7a ? code - 0x20 : code
}

/** Longest word that is looked up, in characters; the longest name in the list is shorter. */
export const maxWordLength = 31

/** The number of the word `text[start..end)`, whatever its case; 0 when it is not in the list. */
export function findWord(text: string, start: number, end: number): number {
  if (end - start > maxWordLength) return 0
  let slot = hash(text, start, end)
  for (let index = table[slot] ?? 0; index !== 0; index = table[slot] ?? 0) {
    if (equalsWord(words[index] ?? '', text, start, end)) return index
    slot = (slot + 1) & (slots - 1)
  }
  return 0
}

function equalsWord(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let at = 0; at < word.length; at += 1) {
    if (word.charCodeAt(at) !== upper(text.charCodeAt(start + at))) return false
  }
  return true
}

/** The numbers of all words and phrases. */
export function allWords(): number[] {
  return words.map((_, index) => index).slice(1)
}

/** The numbers of the phrases that begin with this word or phrase. */
export function phrasesFrom(first: number): number[] {
  return [...phrases].filter(([key]) => Math.floor(key / 2048) === first).map(([, phrase]) => phrase)
}

/** The class of a word or phrase by its number; that of a plain name for 0. */
export function typeOfWord(index: number): number {
  return index === 0 ? TokenType.word : (types[index] ?? 0)
}

/** The text of a word or phrase by its number, upper case. */
export function wordText(index: number): string {
  return words[index] ?? ''
}

/** Whether a phrase begins with this word or phrase. */
export function startsPhrase(index: number): boolean {
  return phraseStarts[index] === 1
}

/** The number of the phrase of two parts; 0 when they form none. */
export function findPhrase(first: number, last: number): number {
  return phrases.get(first * 2048 + last) ?? 0
}

/** Classes of operators of two characters, by the codes of both. */
const operatorPairs = new Uint8Array(1 << 14)
for (const pair of '!! != !< !> !~ &= *= := :: <= <> <@ << >= >> |= |/'.split(' ')) setPair(pair, TokenType.operator)
for (const pair of ['&&', '||']) setPair(pair, TokenType.logic)

function setPair(pair: string, type: number): void {
  operatorPairs[(pair.charCodeAt(0) << 7) | pair.charCodeAt(1)] = type
}

/** The class of a two-character operator; 0 when the characters do not make one. */
export function operatorPairType(first: number, second: number): number {
  return second < 0x80 ? (operatorPairs[(first << 7) | second] ?? 0) : 0
}
