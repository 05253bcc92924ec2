import { classOf, CharClass } from './characters.ts'
import { readOne, setToken, type Lexer } from './cursor.ts'
import { TokenType, type Token } from './token.ts'

/** `#`: a comment to MySQL, an operator to others. */
export function readHash(lexer: Lexer, token: Token): void {
  lexer.ambiguousComment = true
  if (lexer.mysql) readLineComment(lexer, token)
  else readOne(lexer, token, TokenType.operator)
}

/** `--`: a comment; to MySQL only before white space or the end. */
export function readDash(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  if (text.charCodeAt(position + 1) !== 0x2d) return readOne(lexer, token, TokenType.operator)
  const after = position + 2
  if (after === text.length || classOf(text.charCodeAt(after)) === CharClass.white) return readLineComment(lexer, token)
  if (lexer.mysql) return readOne(lexer, token, TokenType.operator)
  lexer.ambiguousComment = true
  return readLineComment(lexer, token)
}

function readLineComment(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  const newline = text.indexOf('\n', position)
  setToken(token, TokenType.comment, position, newline === -1 ? text.length : newline)
  lexer.position = newline === -1 ? text.length : newline + 1
}

/** A block comment. Nested ones and MySQL's conditional ones hide code from one database and show it to another. */
export function readSlash(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  if (text.charCodeAt(position + 1) !== 0x2a) return readOne(lexer, token, TokenType.operator)
  const close = text.indexOf('*/', position + 2)
  const end = close === -1 ? text.length : close + 2
  const nested = close !== -1 && text.slice(position + 2, end - 1).includes('/*')
  const conditional = text.charCodeAt(position + 2) === 0x21
  setToken(token, nested || conditional ? TokenType.evil : TokenType.comment, position, end)
  lexer.position = end
}
