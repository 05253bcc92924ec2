import { isHexDigit } from '../skip.ts'
import { setToken, type Lexer } from './cursor.ts'
import { TokenType, type Token } from './token.ts'

/**
 * A string up to its closing quote; a doubled quote and one behind an odd number of backslashes do not close it.
 * `prefix` is how many characters stand before the value (0 where the text begins inside the string).
 */
export function readQuoted(lexer: Lexer, token: Token, prefix: number, quote: number): void {
  const { text } = lexer
  const start = lexer.position + prefix
  const character = String.fromCharCode(quote)
  token.opened = quote
  let close = text.indexOf(character, start)
  while (close !== -1) {
    if (isEscaped(text, start, close)) close = text.indexOf(character, close + 1)
    else if (text.charCodeAt(close + 1) === quote) close = text.indexOf(character, close + 2)
    else break
  }
  finishString(lexer, token, start, close, 1, quote)
}

function isEscaped(text: string, start: number, at: number): boolean {
  let before = at
  while (before > start && text.charCodeAt(before - 1) === 0x5c) before -= 1
  return ((at - before) & 1) === 1
}

function finishString(
  lexer: Lexer,
  token: Token,
  start: number,
  close: number,
  closeLength: number,
  quote: number,
): void {
  const end = close === -1 ? lexer.text.length : close
  setToken(token, TokenType.string, Math.min(start, end), end)
  token.closed = close === -1 ? 0 : quote
  lexer.position = close === -1 ? lexer.text.length : close + closeLength
}

/** `b'0101'` and `x'ff'`: numbers, when nothing but their digits stands between the quotes. */
export function readBitString(lexer: Lexer, token: Token, hexadecimal: boolean): boolean {
  const { text, position } = lexer
  let end = position + 2
  while (end < text.length && isBit(text.charCodeAt(end), hexadecimal)) end += 1
  if (text.charCodeAt(end) !== 0x27) return false
  setToken(token, TokenType.number, position, end + 1)
  lexer.position = end + 1
  lexer.glue = end + 1
  return true
}

function isBit(code: number, hexadecimal: boolean): boolean {
  return hexadecimal ? isHexDigit(code) : code === 0x30 || code === 0x31
}

/** `u&'..'` of the SQL standard. */
export function readUnicodeString(lexer: Lexer, token: Token): boolean {
  if (lexer.text.charCodeAt(lexer.position + 2) !== 0x27) return false
  readQuoted(lexer, token, 3, 0x27)
  token.opened = 0x75
  if (token.closed === 0x27) token.closed = 0x75
  return true
}

const closingBracket: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }

/** Oracle's `q'(..)'` and, with a letter before it, `nq'(..)'`. The delimiter is a printable ASCII character. */
export function readOracleString(lexer: Lexer, token: Token, before: number): boolean {
  const { text } = lexer
  const at = lexer.position + before
  if (at + 2 >= text.length || (text.charCodeAt(at) | 0x20) !== 0x71 || text.charCodeAt(at + 1) !== 0x27) return false
  const delimiter = text.charAt(at + 2)
  if (delimiter.charCodeAt(0) < 0x21 || delimiter.charCodeAt(0) > 0x7f) return false
  const close = text.indexOf(`${closingBracket[delimiter] ?? delimiter}'`, at + 3)
  token.opened = 0x71
  finishString(lexer, token, at + 3, close, 2, 0x71)
  lexer.glue = lexer.position
  return true
}

/** `[name]` of SQL Server; without the closing bracket the rest of the text. */
export function readBracketed(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  const close = text.indexOf(']', position)
  const end = close === -1 ? text.length : close + 1
  setToken(token, TokenType.word, position, end)
  lexer.position = end
  lexer.glue = end
}
