import type { Token } from './token.ts'
import { findPhrase, startsPhrase, typeOfWord } from './words.ts'

/** Makes one token of two words that form a phrase, such as GROUP BY; false when they do not. */
export function mergePhrase(left: Token, right: Token): boolean {
  if (right.word === 0 || !startsPhrase(left.word)) return false
  const phrase = findPhrase(left.word, right.word)
  if (phrase === 0) return false
  left.type = typeOfWord(phrase)
  left.word = phrase
  return true
}
