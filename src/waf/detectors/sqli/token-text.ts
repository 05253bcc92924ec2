import type { Lexer } from './cursor.ts'
import { TokenType, type Token } from './token.ts'
import { wordNumber, wordText } from './words.ts'

/** What a token says, upper-cased (ASCII); of a long value its first 31 characters. */
export function tokenText(lexer: Lexer, token: Token): string {
  if (token.word !== 0) return wordText(token.word)
  return lexer.text.slice(token.start, Math.min(token.end, token.start + 31)).toUpperCase()
}

const not = wordNumber('NOT')

/** Operators that may stand before a value without one on their left: + - ! ~ !! NOT. */
export function isUnary(lexer: Lexer, token: Token): boolean {
  if (token.type !== TokenType.operator) return false
  if (token.word !== 0) return token.word === not
  const { text } = lexer
  const first = text.charCodeAt(token.start)
  if (token.end - token.start === 1) return first === 0x2b || first === 0x2d || first === 0x21 || first === 0x7e
  return first === 0x21 && token.end - token.start === 2 && text.charCodeAt(token.start + 1) === 0x21
}

/** The operators * / - + % */
export function isArithmetic(lexer: Lexer, token: Token): boolean {
  if (token.type !== TokenType.operator || token.end - token.start !== 1) return false
  const code = lexer.text.charCodeAt(token.start)
  return code === 0x2a || code === 0x2f || code === 0x2d || code === 0x2b || code === 0x25
}
