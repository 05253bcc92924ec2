import type { Extent } from './ast.ts'
import { literalText } from './glob.ts'
import { type Token, type TokenKind, tokenize } from './lexer.ts'

/** What can be completed at the cursor, and which stretch of the text the completion takes the place of. */
export type CompletionContext =
  /** A field name or a word; `named`: a ":" follows, so only the name is exchanged. */
  | { readonly expects: 'field'; readonly typed: string; readonly replace: Extent; readonly named: boolean }
  /** A value of the facet; ask for its observed values. */
  | { readonly expects: 'value'; readonly facet: string; readonly typed: string; readonly replace: Extent }
  /** A number, time or duration, which only the user knows. */
  | { readonly expects: 'nothing' }

/** The context of a cursor (UTF-16 units from the start), for any text. */
export function completionContext(text: string, cursor: number): CompletionContext {
  const tokens = tokenize(text)
  const at = tokens.findLastIndex(({ start }) => start < cursor)
  const token = tokens[at]
  const place = placeOf(tokens.slice(0, isTyped(token) ? at : at + 1))
  if (place === 'number') return { expects: 'nothing' }
  const touching = isTyped(token) ? token : tokens[at + 1]
  const replaced = isTyped(touching) && touching.start <= cursor ? touching : undefined
  const replace = replaced === undefined ? { start: cursor, end: cursor } : { start: replaced.start, end: replaced.end }
  const typed = replaced === undefined ? '' : typedText(text, replaced, cursor)
  if (place === 'condition') return { expects: 'field', typed, replace, named: replaced?.kind === 'field' }
  return { expects: 'value', facet: place.facet, typed, replace }
}

type Place = 'condition' | 'number' | { readonly facet: string }

/** What the tokens before the cursor make of it: a place for a condition, for a value of a field, or for a number. */
function placeOf(before: readonly Token[]): Place {
  const open: Place[] = []
  let place: Place = 'condition'
  let name = ''
  let inRange = false
  for (const { kind, glob } of before) {
    if (kind === 'field') name = literalText(glob)
    else if (kind === ':') place = { facet: name }
    else if (kind === '(') open.push(place)
    else if (kind === 'compare') place = 'number'
    else if (kind === '[' || kind === '{') {
      inRange = true
      place = 'number'
    } else if (termEnds.has(kind)) {
      if (kind === ')') open.pop()
      if (kind === ']' || kind === '}') inRange = false
      if (!inRange) place = open.at(-1) ?? 'condition'
    }
  }
  return place
}

const termEnds: ReadonlySet<TokenKind> = new Set<TokenKind>([')', ']', '}', 'space', 'word', 'string'])

const typedKinds: ReadonlySet<TokenKind> = new Set<TokenKind>(['word', 'field', 'string', 'and', 'or', 'not', 'to'])

function isTyped(token: Token | undefined): token is Token {
  return token !== undefined && typedKinds.has(token.kind)
}

/** The part of a token before the cursor, without quotes and backslashes. */
function typedText(text: string, { start }: Token, cursor: number): string {
  return text.slice(start, Math.max(start, cursor)).replaceAll(/["\\]/g, '')
}
