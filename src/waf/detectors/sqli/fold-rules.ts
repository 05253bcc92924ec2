import type { Lexer } from './cursor.ts'
import { mergePhrase } from './phrase.ts'
import { calledNames, inWords, likeWords, user } from './special-words.ts'
import { copyToken, TokenType, type Token } from './token.ts'
import { isIn, tokenSet } from './token-sets.ts'
import { isArithmetic, isUnary, tokenText } from './token-text.ts'
import { at, type Window } from './window.ts'

const value = tokenSet('word', 'number', 'variable', 'string')
const scalar = tokenSet('word', 'number')
const namedOrVariable = tokenSet('word', 'variable')
const operators = tokenSet('operator', 'logic')
const castable = tokenSet('word', 'number', 'sqlType', 'open', 'function', 'variable', 'string')
const beforeSign = tokenSet('keyword', 'expression', 'clause')
const beforeSignedOpen = tokenSet('expression', 'clause', 'comma')

/**
 * Folds the two tokens after the settled ones. `folded` asks for another look from where the rule says; `evil` ends
 * the reading; `kept` means that the pair says something.
 */
export function foldPair(window: Window): 'folded' | 'kept' | 'evil' {
  const { lexer, settled } = window
  const left = at(window, settled)
  const right = at(window, settled + 1)
  if (left.type === right.type && (left.type === TokenType.string || left.type === TokenType.semicolon)) {
    return drop(window, 1, settled)
  }
  if (isIn(left.type, operators) && (isUnary(lexer, right) || right.type === TokenType.sqlType)) {
    return drop(window, 1, 0)
  }
  if (left.type === TokenType.open && isUnary(lexer, right)) return drop(window, 1, Math.max(settled - 1, 0))
  if (mergePhrase(left, right)) return drop(window, 1, Math.max(settled - 1, 0))
  return reclassify(window, left, right) ?? shorten(window, left, right)
}

/** Words whose class depends on what follows them. */
function reclassify({ lexer }: Window, left: Token, right: Token): 'folded' | undefined {
  if (
    left.type === TokenType.semicolon &&
    right.type === TokenType.function &&
    tokenText(lexer, right).startsWith('IF')
  ) {
    right.type = TokenType.statement
    return 'folded'
  }
  const called = right.type === TokenType.open
  if (isIn(left.type, namedOrVariable) && called && calledNames.has(left.word)) {
    left.type = TokenType.function
    return 'folded'
  }
  if (left.type === TokenType.keyword && inWords.includes(left.word)) {
    left.type = called ? TokenType.operator : TokenType.word
    return 'folded'
  }
  if (left.type === TokenType.operator && called && likeWords.includes(left.word)) {
    left.type = TokenType.function
  }
  return undefined
}

function shorten(window: Window, left: Token, right: Token): 'folded' | 'kept' | 'evil' {
  const { lexer } = window
  if (left.type === TokenType.sqlType && isIn(right.type, castable)) return replaceLeft(window, left, right)
  if (left.type === TokenType.collate && right.type === TokenType.word) {
    // Collations have an underscore, as in latin1_swedish_ci.
    if (tokenText(lexer, right).includes('_')) {
      right.type = TokenType.sqlType
      window.settled = 0
    }
    return 'kept'
  }
  if (left.type === TokenType.backslash) {
    if (!isArithmetic(lexer, right)) return replaceLeft(window, left, right)
    // SQL Server reads \%1 as 0 % 1.
    left.type = TokenType.number
    window.settled = 0
    return 'folded'
  }
  if (left.type === right.type && (left.type === TokenType.open || left.type === TokenType.close)) {
    return drop(window, 1, 0)
  }
  if (left.type === TokenType.openBrace && right.type === TokenType.word) {
    if (right.start === right.end) {
      right.type = TokenType.evil
      return 'evil'
    }
    // ODBC's {name value} is its value.
    return drop(window, 2, 0)
  }
  return right.type === TokenType.closeBrace ? drop(window, 1, 0) : 'kept'
}

/** Folds the three tokens after the settled ones; false when they all say something. */
export function foldTriple(window: Window): boolean {
  const { lexer, settled } = window
  const left = at(window, settled)
  const middle = at(window, settled + 1)
  const right = at(window, settled + 2)
  if (isSum(lexer, left, middle, right) || isList(left, middle, right)) {
    drop(window, 2, 0)
    return true
  }
  if (isSigned(lexer, left, middle, right)) {
    copyToken(right, middle)
    drop(window, 1, 0)
    return true
  }
  if (left.type === TokenType.comma && isUnary(lexer, middle) && isIn(right.type, value)) {
    // Back to before the comma: "1,-1" is a list of values.
    copyToken(right, middle)
    drop(window, 3, 0)
    return true
  }
  if (left.type === TokenType.function && middle.type === TokenType.open && right.type !== TokenType.close) {
    // USER() takes no arguments; with one it is somebody's word.
    if (left.word === user) left.type = TokenType.word
  }
  return false
}

/** Three tokens that are worth their first. */
function isSum(lexer: Lexer, { type: left }: Token, middle: Token, { type: right }: Token): boolean {
  if (left === TokenType.logic && right === TokenType.logic) return true
  if (left === TokenType.operator && middle.type !== TokenType.open && right === TokenType.operator) return true
  if (middle.type === TokenType.dot) return left === TokenType.word && right === TokenType.word
  if (middle.type !== TokenType.operator) return false
  if (isIn(left, scalar) && isIn(right, scalar)) return true
  if (left === TokenType.variable && (right === TokenType.variable || isIn(right, scalar))) return true
  return isIn(left, value) && right === TokenType.sqlType && tokenText(lexer, middle) === '::'
}

function isList({ type: left }: Token, middle: Token, { type: right }: Token): boolean {
  return middle.type === TokenType.comma && isIn(left, value) && isIn(right, value)
}

/** A sign before what it belongs to, or a dot before a name: the middle of three says nothing. */
function isSigned(lexer: Lexer, { type: left }: Token, middle: Token, { type: right }: Token): boolean {
  if (left === TokenType.expression && middle.type === TokenType.dot) return right === TokenType.word
  if (!isUnary(lexer, middle)) return false
  if (right === TokenType.open) return isIn(left, beforeSignedOpen)
  if (right === TokenType.function) return isIn(left, beforeSign) || left === TokenType.comma
  return isIn(left, beforeSign) && isIn(right, value)
}

function replaceLeft(window: Window, left: Token, right: Token): 'folded' {
  copyToken(right, left)
  return drop(window, 1, 0)
}

function drop(window: Window, tokens: number, settled: number): 'folded' {
  window.count -= tokens
  window.settled = settled
  return 'folded'
}
