import { isLetter } from '../skip.ts'
import { classOf, CharClass, endsWord } from './characters.ts'
import { readOne, setToken, type Lexer } from './cursor.ts'
import { readDash, readHash, readSlash } from './lex-comment.ts'
import { readDollar, readNumber } from './lex-number.ts'
import { readBitString, readBracketed, readOracleString, readQuoted, readUnicodeString } from './lex-quoted.ts'
import { readWord, startsSqlWord } from './lex-word.ts'
import { TokenType, type Token } from './token.ts'
import { findWord, operatorPairType, typeOfWord } from './words.ts'

/** Reads the next token into `token`; false at the end of the text. */
export function nextToken(lexer: Lexer, token: Token): boolean {
  const { text } = lexer
  if (text.length === 0) return false
  token.word = 0
  token.opened = 0
  token.closed = 0
  const from = lexer.position
  if (from === 0 && lexer.quote !== 0) {
    readQuoted(lexer, token, 0, lexer.quote)
    token.opened = 0
  } else if (!readPlain(lexer, token)) {
    lexer.work += lexer.position - from
    return false
  }
  lexer.tokens += 1
  lexer.work += lexer.position - from
  return true
}

function readPlain(lexer: Lexer, token: Token): boolean {
  const { text } = lexer
  while (lexer.position < text.length) {
    const at = lexer.position
    const code = text.charCodeAt(at)
    if (at === lexer.glue && startsWord(code) && !startsSqlWord(text, at)) {
      lexer.position = text.length
      return false
    }
    switch (classOf(code)) {
      case CharClass.white:
        lexer.position = at + 1
        continue
      case CharClass.word:
        readWord(lexer, token)
        return true
      case CharClass.digit:
        readNumber(lexer, token)
        return true
      case CharClass.quote:
        readQuoted(lexer, token, 1, code)
        return true
      case CharClass.itself:
        readOne(lexer, token, code)
        return true
      case CharClass.operator:
        readOne(lexer, token, TokenType.operator)
        lexer.glue = at + 1
        return true
      case CharClass.pairOperator:
        readOperator(lexer, token)
        return true
      case CharClass.other:
        readOne(lexer, token, TokenType.other)
        return true
      default:
        readSpecial(lexer, token, code)
        return true
    }
  }
  return false
}

function startsWord(code: number): boolean {
  return isLetter(code) || classOf(code) === CharClass.word
}

/** Whether a letter introduces a string there, as in `e'..'`. */
function startsString(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === 0x27 && 'eEnN'.includes(text.charAt(at)) && at + 2 < text.length
}

function readSpecial(lexer: Lexer, token: Token, code: number): void {
  switch (code) {
    case 0x23:
      return readHash(lexer, token)
    case 0x24:
      return readDollar(lexer, token)
    case 0x2d:
      return readDash(lexer, token)
    case 0x2f:
      return readSlash(lexer, token)
    case 0x40:
      return readVariable(lexer, token)
    case 0x5b:
      return readBracketed(lexer, token)
    case 0x5c:
      return readBackslash(lexer, token)
    case 0x60:
      return readTicked(lexer, token)
    default:
      return readPrefixed(lexer, token, code | 0x20)
  }
}

/** Letters that may introduce a string: `b'01'`, `e'..'`, `n'..'`, `q'(..)'`, `u&'..'`, `x'ff'`. */
function readPrefixed(lexer: Lexer, token: Token, letter: number): void {
  const { text, position } = lexer
  const next = text.charCodeAt(position + 1)
  const quoted = next === 0x27
  let done = false
  if (letter === 0x62 || letter === 0x78) done = quoted && readBitString(lexer, token, letter === 0x78)
  else if (letter === 0x75) done = next === 0x26 && readUnicodeString(lexer, token)
  else if (letter === 0x71) done = readOracleString(lexer, token, 0)
  else if (startsString(text, position)) {
    readQuoted(lexer, token, 2, 0x27)
    done = true
  } else if (letter === 0x6e) done = readOracleString(lexer, token, 1)
  if (!done) readWord(lexer, token)
}

function readOperator(lexer: Lexer, token: Token): void {
  const { text, position } = lexer
  const length = text.startsWith('<=>', position) ? 3 : 2
  const type =
    length === 3
      ? TokenType.operator
      : position + 1 < text.length
        ? operatorPairType(text.charCodeAt(position), text.charCodeAt(position + 1))
        : 0
  if (type !== 0) {
    setToken(token, type, position, position + length)
    lexer.position = position + length
  } else {
    const colon = text.charCodeAt(position) === 0x3a && position + 1 < text.length
    readOne(lexer, token, colon ? TokenType.colon : TokenType.operator)
  }
}

function readBackslash(lexer: Lexer, token: Token): void {
  // MySQL writes NULL as \N, with a capital letter.
  const isNull = lexer.text.charCodeAt(lexer.position + 1) === 0x4e
  const end = lexer.position + (isNull ? 2 : 1)
  setToken(token, isNull ? TokenType.number : TokenType.backslash, lexer.position, end)
  lexer.position = end
  if (!startsString(lexer.text, end)) lexer.glue = end
}

function readTicked(lexer: Lexer, token: Token): void {
  readQuoted(lexer, token, 1, 0x60)
  const word = findWord(lexer.text, token.start, token.end)
  const isFunction = typeOfWord(word) === TokenType.function
  token.type = isFunction ? TokenType.function : TokenType.word
  token.word = word
}

function readVariable(lexer: Lexer, token: Token): void {
  const { text } = lexer
  const start = lexer.position + (text.charCodeAt(lexer.position + 1) === 0x40 ? 2 : 1)
  const next = start < text.length ? text.charCodeAt(start) : 0
  if (next === 0x60 || next === 0x27 || next === 0x22) {
    lexer.position = start
    if (next === 0x60) readTicked(lexer, token)
    else readQuoted(lexer, token, 1, next)
    token.type = TokenType.variable
    return
  }
  let end = start
  while (end < text.length && !endsVariable(text.charCodeAt(end))) end += 1
  setToken(token, TokenType.variable, start, end)
  lexer.position = end
}

// A variable's name may hold brackets and braces, where a word's may not; a no-break space does not end it.
function endsVariable(code: number): boolean {
  if (code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d || code === 0 || code === 0xa0) return false
  return endsWord(code) || code === 0x60
}
