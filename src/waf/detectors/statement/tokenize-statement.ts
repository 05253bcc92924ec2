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

const blank = /\s+/y
const blockComment = /\/\*[^]*?(?:\*\/|$)/y
const number = /0[xX][0-9a-fA-F]+|0[bB][01]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y
const signedNumber = /[+-]\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y
const word = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y
const dollarTag = /\$[A-Za-z_]*\$/y
const placeholder = /\?\d*|\$\d+/y
const operator = /<=>|<=|>=|<>|!=|:=|\|\||&&|[=<>+\-/%!]/y

const operatorWords: ReadonlySet<string> = new Set(
  'AND OR XOR NOT LIKE IN IS DIV MOD REGEXP RLIKE BETWEEN SOUNDS ILIKE SIMILAR GLOB MATCH'.split(' '),
)

/**
 * Splits an SQL statement. A character that the dialect does not know is a token of its own, so that nothing blinds the
 * detector. Linear in the statement.
 */
export function tokenizeStatement(statement: string, dialect: SqlDialect): StatementToken[] {
  const tokens: StatementToken[] = []
  for (let at = skip(statement, 0, blank); at < statement.length; at = skip(statement, at, blank)) {
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
  const tries = [
    ['lineComment', dialect.lineComment],
    ['other', blockComment],
    ['string', dialect.string],
    ['name', dialect.quotedName],
    ['number', touchesValue(before, text, start) ? number : signedNumber],
    ['number', number],
    ['placeholder', placeholder],
  ] as const
  for (const [kind, pattern] of tries) {
    const end = skip(text, start, pattern)
    if (end > start) return as(kind, end)
  }
  const tagEnd = skip(text, start, dollarTag)
  if (tagEnd > start) return as('string', endOfDollarString(text, start, tagEnd))
  const wordEnd = skip(text, start, word)
  if (wordEnd > start) return readWord(text, start, wordEnd)
  const operatorEnd = skip(text, start, operator)
  if (operatorEnd > start) return as('operator', operatorEnd)
  const character = text.charAt(start)
  if (character === ',') return as('comma', start + 1)
  return as(character === '(' || character === ')' ? 'parenthesis' : 'other', start + 1)
}

function endOfDollarString(text: string, start: number, tagEnd: number): number {
  const tag = text.slice(start, tagEnd)
  const close = text.indexOf(tag, tagEnd)
  return close === -1 ? text.length : close + tag.length
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

function skip(text: string, from: number, pattern: RegExp): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}
