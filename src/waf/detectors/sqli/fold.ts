import { nextToken } from './lexer.ts'
import { foldPair, foldTriple } from './fold-rules.ts'
import { blankToken, copyToken, TokenType } from './token.ts'
import { isUnary } from './token-text.ts'
import { at, maxTokens, type Window } from './window.ts'

const lastComment = blankToken()

/**
 * Reads the text and shortens it to at most five tokens: strings and sums become one value, casts, unary signs and
 * repeated parentheses vanish, word pairs become phrases. Returns how many tokens of the window are the result.
 */
export function fold(window: Window): number {
  window.count = 0
  window.settled = 0
  lastComment.type = 0
  if (!readFirst(window)) return 0
  const folded = foldAll(window)
  if (folded < maxTokens && lastComment.type !== 0) {
    copyToken(lastComment, at(window, folded))
    return folded + 1
  }
  return Math.min(folded, maxTokens)
}

function readFirst(window: Window): boolean {
  const first = at(window, 0)
  do {
    if (!nextToken(window.lexer, first)) return false
  } while (
    first.type === TokenType.comment ||
    first.type === TokenType.open ||
    first.type === TokenType.sqlType ||
    isUnary(window.lexer, first)
  )
  window.count = 1
  return true
}

function foldAll(window: Window): number {
  let more = true
  for (;;) {
    if (window.count >= maxTokens) foldList(window)
    if (!more || window.settled >= maxTokens) return window.count
    more = fill(window, 2)
    if (window.count - window.settled < 2) {
      window.settled = window.count
      continue
    }
    const pair = foldPair(window)
    if (pair === 'evil') return window.settled + 2
    if (pair === 'folded') continue
    more = more && fill(window, 3)
    if (window.count - window.settled < 3) {
      window.settled = window.count
      continue
    }
    if (!foldTriple(window)) window.settled += 1
  }
}

/** Reads tokens until `wanted` follow the settled ones. Comments only count when they are the last thing read. */
function fill(window: Window, wanted: number): boolean {
  while (window.count <= maxTokens && window.count - window.settled < wanted) {
    const token = at(window, window.count)
    if (!nextToken(window.lexer, token)) return false
    if (token.type === TokenType.comment) {
      copyToken(token, lastComment)
    } else {
      lastComment.type = 0
      window.count += 1
    }
  }
  return true
}

const numberLists = ['1o(1)', '1,(1)', '1),(1']
const nameLists = ['no(n)', 'no(1)', 'n)o(n']

// A row or a sum in parentheses says no more than its first value, so reading goes on behind it.
function foldList(window: Window): void {
  const { type } = at(window, 0)
  if (type !== TokenType.number && type !== TokenType.word) return
  for (const list of type === TokenType.number ? numberLists : nameLists) {
    if (!holds(window, list)) continue
    if (window.count > maxTokens) {
      copyToken(at(window, maxTokens), at(window, 1))
      window.count = 2
    } else {
      window.count = 1
    }
    window.settled = 0
    return
  }
}

function holds(window: Window, types: string): boolean {
  for (let index = 0; index < types.length; index += 1) {
    if (at(window, index).type !== types.charCodeAt(index)) return false
  }
  return true
}
