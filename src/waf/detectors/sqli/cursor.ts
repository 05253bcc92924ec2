import type { Token } from './token.ts'

/** A text being read in one context. */
export interface Lexer {
  /** UTF-8 bytes of the text, one character each. */
  text: string
  position: number
  /** MySQL's comments: `#` starts one, `--` only before white space. Otherwise the ANSI reading. */
  mysql: boolean
  /** The quote inside which the text begins; 0 for none. */
  quote: number
  /**
   * Where the last number, sign, bracketed name or unusual string ended; -1 for others. The reference ends its reading
   * when a word begins right there; here, an SQL word (`1union select`) is read on, others (`10am`) end it too.
   */
  glue: number
  /** How many tokens were read, before any folding. */
  tokens: number
  /** Whether the text holds `--` or `#` that the two readings take differently. */
  ambiguousComment: boolean
  /** Characters read so far, rereading included: what a linear-time test counts. */
  work: number
}

export function newLexer(): Lexer {
  return { text: '', position: 0, mysql: false, quote: 0, glue: -1, tokens: 0, ambiguousComment: false, work: 0 }
}

/** Makes the token `text[start..end)`. */
export function setToken(token: Token, type: number, start: number, end: number): void {
  token.type = type
  token.start = start
  token.end = end
}

/** Reads one character as a token. */
export function readOne(lexer: Lexer, token: Token, type: number): void {
  setToken(token, type, lexer.position, lexer.position + 1)
  lexer.position += 1
}
