import { isShape } from './shape-table.ts'
import { TokenType } from './token.ts'
import { tokenText } from './token-text.ts'
import { at, type Window } from './window.ts'

/** Whether a reading is an injection: its tokens have the shape of one, and short ones more than the shape. */
export function isAttack(window: Window, fingerprint: string): boolean {
  if (!isShape(fingerprint)) return false
  if (fingerprint.length > 3) return !isProse(window, fingerprint)
  // SQL Server hides statements that name its password procedure from its logs: used by attackers only.
  if (fingerprint.endsWith('c') && fingerprint.length > 1 && window.lexer.text.includes('sp_password')) return true
  return isShortAttack(window, fingerprint)
}

const asideShapes: ReadonlySet<string> = new Set(['f(n)n', 'f(n)1', 'f(1)n', 'f(1)1', 'f(n)&'])

// "sleep (apnea) 5 tips": a word with an aside behind a space is prose, though the word is a function elsewhere.
function isProse(window: Window, fingerprint: string): boolean {
  if (!asideShapes.has(fingerprint)) return false
  const { end } = at(window, 0)
  const { start } = at(window, 1)
  return start > end && window.lexer.text.slice(end, start).trim() === ''
}

/** Shapes that ordinary text has as well; each needs something that the shape does not show. */
function isShortAttack(window: Window, fingerprint: string): boolean {
  switch (fingerprint) {
    case '1U':
    case 'vU':
      // "1 union" is text; comments, signs or sums that were folded away around it are not.
      return window.lexer.tokens !== 2
    case 'sc':
    case 'vc':
      return isClosingComment(window)
    case 's&s':
      return isBetweenStrings(window)
    case '1&1':
    case '1&v':
    case '1&s':
      // "1 and 1" is text, "1 and 1=1" is not.
      return window.lexer.tokens !== 3
    case 'X':
      return true
    default:
      return at(window, 1).type !== TokenType.keyword || /^INTO./.test(tokenText(window.lexer, at(window, 1)))
  }
}

// People write "--" and "#" in prose: only a dash comment with nothing behind it counts, and any block comment.
function isClosingComment(window: Window): boolean {
  const { start, end } = at(window, 1)
  const first = window.lexer.text.charCodeAt(start)
  return first === 0x2f || (first === 0x2d && end - start <= 2)
}

// foo' and 'bar: the text ends one string of a statement and begins another, with the same quote.
function isBetweenStrings(window: Window): boolean {
  const left = at(window, 0)
  const right = at(window, 2)
  return left.opened === 0 && right.closed === 0 && left.closed === right.opened
}
