import { newLexer, type Lexer } from './cursor.ts'
import { fold } from './fold.ts'
import { TokenType } from './token.ts'
import { at, newWindow, type Window } from './window.ts'

/** Where the text begins: outside quotes, or inside a string of this quote. */
export interface Context {
  readonly quote: 0 | 0x27 | 0x22 | 0x60
  readonly mysql: boolean
}

/** What texts are read with, one after the other. */
export function newReading(): Window {
  return newWindow(newLexer())
}

/**
 * Reads a text in a context: the classes of its tokens after folding, at most five; "X" for hidden code. `bytes` is the
 * text's UTF-8 form, one character a byte. The window keeps the tokens until the next text is read.
 */
export function readIn(window: Window, bytes: string, { quote, mysql }: Context): string {
  restart(window.lexer, bytes, quote, mysql)
  const count = fold(window)
  if (count > 2) markOpenTick(window, count)
  let fingerprint = ''
  for (let index = 0; index < count; index += 1) {
    const { type } = at(window, index)
    if (type === TokenType.evil) return 'X'
    fingerprint += String.fromCharCode(type)
  }
  return fingerprint
}

function restart(lexer: Lexer, bytes: string, quote: number, mysql: boolean): void {
  lexer.text = bytes
  lexer.position = 0
  lexer.tokens = 0
  lexer.glue = -1
  lexer.quote = quote
  lexer.mysql = mysql
  lexer.ambiguousComment = false
}

// Old MySQL drivers take a single tick at the very end for the start of a comment.
function markOpenTick(window: Window, count: number): void {
  const last = at(window, count - 1)
  const empty = last.start === last.end
  if (last.type === TokenType.word && last.opened === 0x60 && last.closed === 0 && empty) last.type = TokenType.comment
}
