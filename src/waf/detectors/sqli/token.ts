/**
 * The classes of SQL token, as the letters that the field writes in fingerprints (`s&1c`: a string, a logical
 * operator, a number, a comment). Values are the letters' character codes.
 */
export const TokenType = {
  word: 'n'.charCodeAt(0),
  string: 's'.charCodeAt(0),
  number: '1'.charCodeAt(0),
  variable: 'v'.charCodeAt(0),
  keyword: 'k'.charCodeAt(0),
  union: 'U'.charCodeAt(0),
  clause: 'B'.charCodeAt(0),
  expression: 'E'.charCodeAt(0),
  statement: 'T'.charCodeAt(0),
  sqlType: 't'.charCodeAt(0),
  function: 'f'.charCodeAt(0),
  collate: 'A'.charCodeAt(0),
  operator: 'o'.charCodeAt(0),
  logic: '&'.charCodeAt(0),
  comment: 'c'.charCodeAt(0),
  open: '('.charCodeAt(0),
  close: ')'.charCodeAt(0),
  openBrace: '{'.charCodeAt(0),
  closeBrace: '}'.charCodeAt(0),
  comma: ','.charCodeAt(0),
  dot: '.'.charCodeAt(0),
  colon: ':'.charCodeAt(0),
  semicolon: ';'.charCodeAt(0),
  backslash: '\\'.charCodeAt(0),
  other: '?'.charCodeAt(0),
  evil: 'X'.charCodeAt(0),
} as const

/** One token of a text. `start` and `end` delimit its value in the text, without quotes. */
export interface Token {
  type: number
  start: number
  end: number
  /** The quote that opened a string or quoted name; 0 when the text began inside it, or when it is not one. */
  opened: number
  /** The quote that closed it; 0 when the text ended first. */
  closed: number
  /** The number of the listed word, or of the phrase that several words became; 0 for anything else. */
  word: number
}

export function blankToken(): Token {
  return { type: 0, start: 0, end: 0, opened: 0, closed: 0, word: 0 }
}

export function copyToken(from: Token, to: Token): void {
  to.type = from.type
  to.start = from.start
  to.end = from.end
  to.opened = from.opened
  to.closed = from.closed
  to.word = from.word
}
