import type { GlobPart } from './ast.ts'

export type TokenKind =
  | 'space'
  | '('
  | ')'
  | '['
  | ']'
  | '{'
  | '}'
  | ':'
  /** A `-` that negates what follows. */
  | '-'
  | 'compare'
  | 'and'
  | 'or'
  | 'not'
  | 'to'
  /** A name that a `:` follows. */
  | 'field'
  | 'word'
  | 'string'

export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** Of field, word and string: the text without escapes and quotes, and its wildcards. */
  readonly glob: readonly GlobPart[]
  /** A string without its closing quote, or a word that ends in a lone backslash. */
  readonly broken: boolean
}

const delimiters = '()[]{}:'
const space = /\s/
const wordEnd = /[\s()[\]{}:"]/
const keywords: ReadonlyMap<string, TokenKind> = new Map([
  ['AND', 'and'],
  ['OR', 'or'],
  ['NOT', 'not'],
])

/**
 * Cuts a text into tokens that, put together, are the text again: for the parser and for colouring. Never fails.
 * A `-` negates only at the beginning of a term, and `TO` is a word of its own only inside brackets.
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let inRange = false
  let at = 0
  while (at < text.length) {
    const token = nextToken(text, at, tokens.at(-1)?.kind, inRange)
    if (token.kind === '[' || token.kind === '{') inRange = true
    if (token.kind === ']' || token.kind === '}') inRange = false
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function nextToken(text: string, start: number, previous: TokenKind | undefined, inRange: boolean): Token {
  const first = text[start]!
  if (space.test(first)) return plain('space', start, spaceEnd(text, start))
  if (delimiters.includes(first)) return plain(first as TokenKind, start, start + 1)
  if (first === '"') return readString(text, start)
  const isValue = previous === ':' || previous === 'compare' || inRange
  if (first === '-' && !isValue) return plain('-', start, start + 1)
  if ((first === '<' || first === '>') && previous !== 'compare') {
    return plain('compare', start, text[start + 1] === '=' ? start + 2 : start + 1)
  }
  const word = readWord(text, start)
  if (text[word.end] === ':' && !isValue) return { ...word, kind: 'field' }
  const raw = text.slice(start, word.end)
  const keyword = inRange ? (raw === 'TO' ? 'to' : undefined) : isValue ? undefined : keywords.get(raw)
  return keyword === undefined ? word : plain(keyword, start, word.end)
}

function plain(kind: TokenKind, start: number, end: number): Token {
  return { kind, start, end, glob: [], broken: false }
}

function spaceEnd(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && space.test(text[end]!)) end++
  return end
}

/** `"…"`: everything is literal but `\`, which makes the next character literal. */
function readString(text: string, start: number): Token {
  let literal = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!
    if (char === '"')
      return { kind: 'string', start, end: at + 1, glob: literal === '' ? [] : [literal], broken: false }
    if (char !== '\\') literal += char
    else if (++at < text.length) literal += text[at]!
  }
  return { kind: 'string', start, end: text.length, glob: literal === '' ? [] : [literal], broken: true }
}

/** A run without spaces, brackets, quotes and colons; `\` makes the next character literal, `*` and `?` are wildcards. */
function readWord(text: string, start: number): Token {
  const glob: GlobPart[] = []
  let literal = ''
  let broken = false
  let at = start
  for (; at < text.length && !wordEnd.test(text[at]!); at++) {
    const char = text[at]!
    if (char === '*' || char === '?') {
      if (literal !== '') glob.push(literal)
      literal = ''
      const last = glob.at(-1)
      if (char === '?' || typeof last !== 'object' || last.wildcard === '?') glob.push({ wildcard: char })
    } else if (char !== '\\') literal += char
    else if (at + 1 < text.length) literal += text[++at]!
    else broken = true
  }
  if (literal !== '') glob.push(literal)
  return { kind: 'word', start, end: at, glob, broken }
}
