import { endsWord } from './characters.ts'
import { setToken, type Lexer } from './cursor.ts'
import { TokenType, type Token } from './token.ts'
import { findWord, maxWordLength, startsPhrase, typeOfWord } from './words.ts'

/** A word: a keyword, a function, a type… or a plain name. A keyword before a dot or tick ends there. */
export function readWord(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  let end = position
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (endsWord(code)) break
    if ((code === 0x2e || code === 0x60) && end - position < maxWordLength) {
      const prefix = findWord(text, position, end)
      if (typeOfWord(prefix) !== TokenType.word) return finish(lexer, token, prefix, end)
    }
  }
  finish(lexer, token, findWord(text, position, end), end)
}

function finish(lexer: Lexer, token: Token, word: number, end: number): void {
  setToken(token, typeOfWord(word), lexer.position, end)
  token.word = word
  lexer.position = end
}

/** Whether the word at a position is one of SQL's. */
export function startsSqlWord(text: string, position: number): boolean {
  let end = position
  while (end < text.length && end - position <= maxWordLength && !endsWord(text.charCodeAt(end))) end += 1
  const word = findWord(text, position, end)
  return typeOfWord(word) !== TokenType.word || startsPhrase(word)
}
