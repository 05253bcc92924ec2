import { isDigit, isHexDigit, isLetter, isWhite, skipPast, skipWhile } from '../skip.ts'
import type { SqlDialect } from './dialect.ts'

/** A token of a statement, by what an injection is recognised by. */
export interface StatementToken {
  readonly kind:
    | 'string'
    | 'number'
    | 'placeholder'
    | 'name'
    | 'constant'
    | 'operator'
    | 'comma'
    | 'parenthesis'
    | 'lineComment'
    | 'other'
  readonly start: number
  readonly end: number
  /** A word in upper case; "" for others. */
  readonly word: string
}

const twoCharacterOperators: ReadonlySet<string> = new Set(['<=', '>=', '<>', '!=', ':=', '||', '&&'])
const oneCharacterOperators = '=<>+-/%!'

const operatorWords: ReadonlySet<string> = new Set(
  'AND OR XOR NOT LIKE IN IS DIV MOD REGEXP RLIKE BETWEEN SOUNDS ILIKE SIMILAR GLOB MATCH'.split(' '),
)

/**
 * Splits an SQL statement. A character that the dialect does not know is a token of its own, so that nothing blinds the
 * detector. Linear in the statement: every reader only goes forward.
 */
export function tokenizeStatement(statement: string, dialect: SqlDialect): StatementToken[] {
  const tokens: StatementToken[] = []
  for (let at = skipWhile(statement, 0, isWhite); at < statement.length; at = skipWhile(statement, at, isWhite)) {
    const token = readToken(statement, at, dialect, tokens.at(-1))
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function readToken(
  text: string,
  start: number,
  dialect: SqlDialect,
  before: StatementToken | undefined,
): StatementToken {
  const as = (kind: StatementToken['kind'], end: number): StatementToken => ({ kind, start, end, word: '' })
  const commentEnd = dialect.lineComment(text, start)
  if (commentEnd > start) return as('lineComment', commentEnd)
  if (text.startsWith('/*', start)) return as('other', skipPast(text, start + 2, '*/'))
  const stringEnd = dialect.string(text, start)
  if (stringEnd > start) return as('string', stringEnd)
  const nameEnd = dialect.quotedName(text, start)
  if (nameEnd > start) return as('name', nameEnd)
  const code = text.charCodeAt(start)
  const isSign = (code === 0x2b || code === 0x2d) && !touchesValue(before, text, start)
  const numberEnd = isSign ? readDecimal(text, start + 1) : readNumber(text, start)
  if (numberEnd > start + (isSign ? 1 : 0)) return as('number', numberEnd)
  if (code === 0x3f) return as('placeholder', skipWhile(text, start + 1, isDigit))
  if (code === 0x24) return readDollar(text, start)
  if (beginsWord(code)) return readWord(text, start, skipWhile(text, start + 1, continuesWord))
  const operatorEnd = readOperator(text, start)
  if (operatorEnd > start) return as('operator', operatorEnd)
  if (code === 0x2c) return as('comma', start + 1)
  return as(code === 0x28 || code === 0x29 ? 'parenthesis' : 'other', start + 1)
}

/** `0x1f`, `0b01` or a decimal number; the position itself when none begins there. */
function readNumber(text: string, start: number): number {
  if (text.charCodeAt(start) === 0x30) {
    const letter = text.charCodeAt(start + 1) | 0x20
    const end =
      letter === 0x78
        ? skipWhile(text, start + 2, isHexDigit)
        : letter === 0x62
          ? skipWhile(text, start + 2, (code) => code === 0x30 || code === 0x31)
          : 0
    if (end > start + 2) return end
  }
  return readDecimal(text, start)
}

function readDecimal(text: string, start: number): number {
  let end = skipWhile(text, start, isDigit)
  if (end === start) return start
  if (text.charCodeAt(end) === 0x2e) end = skipWhile(text, end + 1, isDigit)
  if ((text.charCodeAt(end) | 0x20) !== 0x65) return end
  const sign = text.charCodeAt(end + 1)
  const digits = end + (sign === 0x2b || sign === 0x2d ? 2 : 1)
  const exponentEnd = skipWhile(text, digits, isDigit)
  return exponentEnd > digits ? exponentEnd : end
}

/** `$1`, or PostgreSQL's `$$..$$` and `$tag$..$tag$`. */
function readDollar(text: string, start: number): StatementToken {
  const digits = skipWhile(text, start + 1, isDigit)
  if (digits > start + 1) return { kind: 'placeholder', start, end: digits, word: '' }
  const tagEnd = skipWhile(text, start + 1, (code) => isLetter(code) || code === 0x5f)
  if (text.charCodeAt(tagEnd) !== 0x24) return { kind: 'other', start, end: start + 1, word: '' }
  return { kind: 'string', start, end: skipPast(text, tagEnd + 1, text.slice(start, tagEnd + 1)), word: '' }
}

function readOperator(text: string, start: number): number {
  if (text.startsWith('<=>', start)) return start + 3
  if (twoCharacterOperators.has(text.slice(start, start + 2))) return start + 2
  return oneCharacterOperators.includes(text.charAt(start)) ? start + 1 : start
}

function readWord(text: string, start: number, end: number): StatementToken {
  const upper = text.slice(start, end).toUpperCase()
  return { kind: kindOfWord(upper), start, end, word: upper }
}

function kindOfWord(upper: string): StatementToken['kind'] {
  if (operatorWords.has(upper)) return 'operator'
  if (upper === 'NULL' || upper === 'TRUE' || upper === 'FALSE') return 'constant'
  return keywords.has(upper) ? 'other' : 'name'
}

const keywords: ReadonlySet<string> = new Set(
  (
    'ALL ALTER AS ASC BY CASE COLLATE CREATE CROSS DELETE DESC DISTINCT DROP ELSE END EXISTS FROM FULL GROUP ' +
    'HAVING INNER INSERT INTO JOIN LEFT LIMIT NATURAL OFFSET ON ORDER OUTER PROCEDURE REPLACE RIGHT SELECT SET ' +
    'TABLE THEN TRUNCATE UNION UPDATE USING VALUES WHEN WHERE WITH'
  ).split(' '),
)

// Right behind a value a sign is an operator ("1-1"), elsewhere it belongs to the number.
function touchesValue(before: StatementToken | undefined, text: string, start: number): boolean {
  if (before === undefined || before.end !== start) return false
  return before.kind === 'parenthesis' ? text.charAt(start - 1) === ')' : operands.has(before.kind)
}

const operands: ReadonlySet<StatementToken['kind']> = new Set(['string', 'number', 'placeholder', 'name', 'constant'])

function beginsWord(code: number): boolean {
  return isLetter(code) || code === 0x5f || code >= 0x80
}

function continuesWord(code: number): boolean {
  return beginsWord(code) || isDigit(code) || code === 0x24
}
