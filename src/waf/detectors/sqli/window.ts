import type { Lexer } from './cursor.ts'
import { blankToken, type Token } from './token.ts'

/** Tokens of a fingerprint. More are read only to learn what the last ones are. */
export const maxTokens = 5

/** Tokens being folded: `count` are held, the first `settled` of them will not be looked at again. */
export interface Window {
  readonly lexer: Lexer
  readonly tokens: Token[]
  count: number
  settled: number
}

export function newWindow(lexer: Lexer): Window {
  return { lexer, tokens: Array.from({ length: maxTokens + 3 }, blankToken), count: 0, settled: 0 }
}

/** The token at an index; the window always has room for every index that is used. */
export function at(window: Window, index: number): Token {
  return window.tokens[index] as Token
}
