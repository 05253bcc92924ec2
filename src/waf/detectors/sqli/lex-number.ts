import { isDigit, isHexDigit, isLetter } from '../skip.ts'
import { readOne, setToken, type Lexer } from './cursor.ts'
import { readWord } from './lex-word.ts'
import { TokenType, type Token } from './token.ts'

/** `12`, `1.5e-3`, `.5`, `0xff`, `0b01`, Oracle's `1.2f`; a lone `.`; `1.e`, which databases read as a name. */
export function readNumber(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  if (readPrefixedNumber(lexer, token)) return
  let end = skipDigits(text, position)
  if (text.charCodeAt(end) === 0x2e) {
    end = skipDigits(text, end + 1)
    if (end === position + 1) return finish(lexer, token, TokenType.dot, end)
  }
  let bareExponent = false
  if ((text.charCodeAt(end) | 0x20) === 0x65) {
    end += 1
    const sign = text.charCodeAt(end)
    if (sign === 0x2b || sign === 0x2d) end += 1
    const digits = skipDigits(text, end)
    bareExponent = digits === end
    end = digits
  }
  if (isFloatSuffix(text, end)) end += 1
  finish(lexer, token, bareExponent ? TokenType.word : TokenType.number, end)
}

function readPrefixedNumber(lexer: Lexer, token: Token): boolean {
  const { text, position } = lexer
  if (text.charCodeAt(position) !== 0x30) return false
  const letter = text.charCodeAt(position + 1) | 0x20
  if (letter !== 0x78 && letter !== 0x62) return false
  let end = position + 2
  while (end < text.length && isDigitOf(letter, text.charCodeAt(end))) end += 1
  finish(lexer, token, end === position + 2 ? TokenType.word : TokenType.number, end)
  return true
}

function isDigitOf(letter: number, code: number): boolean {
  return letter === 0x78 ? isHexDigit(code) : code === 0x30 || code === 0x31
}

/** `d` or `f` belongs to the number where the text, white space, `;` or the u of a squeezed UNION follows. */
function isFloatSuffix(text: string, at: number): boolean {
  const letter = text.charCodeAt(at) | 0x20
  if (letter !== 0x64 && letter !== 0x66) return false
  if (at + 1 >= text.length) return true
  const next = text.charCodeAt(at + 1)
  return isWhite(next) || next === 0x3b || (next | 0x20) === 0x75
}

function isWhite(code: number): boolean {
  return code === 0 || code === 0x20 || code === 0xa0 || (code >= 0x09 && code <= 0x0d)
}

/** `$1,000.00` is a number, `$$..$$` and `$tag$..$tag$` are PostgreSQL strings, another `$` is a name. */
export function readDollar(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  let end = position + 1
  while (end < text.length && isMoneyCharacter(text.charCodeAt(end))) end += 1
  const amount = end - position - 1
  if (amount === 1 && text.charCodeAt(position + 1) === 0x2e) return readWord(lexer, token)
  if (amount > 0) return finish(lexer, token, TokenType.number, end)
  while (end < text.length && isLetter(text.charCodeAt(end))) end += 1
  if (text.charCodeAt(end) !== 0x24) return readOne(lexer, token, TokenType.word)
  readDollarString(lexer, token, text.slice(position, end + 1))
}

function readDollarString(lexer: Lexer, token: Token, tag: string): void {
  const { text, position } = lexer
  const start = position + tag.length
  const close = text.indexOf(tag, start)
  setToken(token, TokenType.string, start, close === -1 ? text.length : close)
  token.opened = 0x24
  token.closed = close === -1 ? 0 : 0x24
  lexer.position = close === -1 ? text.length : close + tag.length
  lexer.glue = lexer.position
}

function isMoneyCharacter(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x2c
}

function skipDigits(text: string, from: number): number {
  let at = from
  while (at < text.length && isDigit(text.charCodeAt(at))) at += 1
  return at
}

function finish(lexer: Lexer, token: Token, type: number, end: number): void {
  setToken(token, type, lexer.position, end)
  lexer.position = end
  lexer.glue = end
}
