import type { Bound, Comparison, Extent, Field, Leaf, Query, Test } from './ast.ts'
import { resolveField } from './fields.ts'
import { hasWildcard, literalText } from './glob.ts'
import { type Token, type TokenKind, tokenize } from './lexer.ts'
import { operandExpected, readOperand } from './operand.ts'
import { type QueryError, syntaxError } from './query-error.ts'
import { printText } from './print.ts'
import { readTags, testOfText } from './term.ts'

/** Longest query that is read, in UTF-16 units: room for a list of about ten thousand addresses. */
export const maxQueryLength = 250_000
/** Deepest nesting of parentheses and negations. */
export const maxQueryDepth = 64
/** Most values and words of one query. */
export const maxQueryTerms = 20_000

/** Parses a query; the empty text is the query for all records. Throws QueryError, and nothing else, for any text. */
export function parse(text: string): Query {
  if (text.length > maxQueryLength) {
    const expected = `at most ${maxQueryLength} characters`
    throw syntaxError('the query goes on', { position: maxQueryLength, length: text.length - maxQueryLength, expected })
  }
  return new Parser(text).parse()
}

/** What stands between two brackets or at the top: queries, or the tests of a value list. */
interface Joined<Node> {
  readonly item: (depth: number) => Node
  readonly not: (item: Node, at: Extent) => Node
  readonly and: (items: readonly Node[], at: Extent) => Node
  readonly or: (items: readonly Node[], at: Extent) => Node
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0
  #terms = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text).filter(({ kind }) => kind !== 'space')
  }

  parse(): Query {
    if (this.#tokens.length === 0) return { kind: 'all', at: { start: 0, end: this.#text.length } }
    const query = this.#or(this.#queries, 0)
    if (this.#peek() !== undefined) throw this.#unexpected('a term, AND, OR or the end')
    return query
  }

  readonly #queries: Joined<Query> = {
    item: (depth) => this.#condition(depth),
    not: (item, at) => ({ kind: 'not', item, at }),
    and: (items, at) => ({ kind: 'and', items, at }),
    or: (items, at) => ({ kind: 'or', items, at }),
  }

  #or<Node extends Query | Test>(grammar: Joined<Node>, depth: number): Node {
    const start = this.#here()
    const items = [this.#and(grammar, depth)]
    while (this.#take('or') !== undefined) items.push(this.#and(grammar, depth))
    return items.length === 1 ? items[0]! : grammar.or(items, { start, end: this.#behind() })
  }

  #and<Node extends Query | Test>(grammar: Joined<Node>, depth: number): Node {
    const start = this.#here()
    const items = [this.#not(grammar, depth)]
    while (this.#take('and') !== undefined || this.#atTerm()) items.push(this.#not(grammar, depth))
    return items.length === 1 ? items[0]! : grammar.and(items, { start, end: this.#behind() })
  }

  #not<Node extends Query | Test>(grammar: Joined<Node>, depth: number): Node {
    const sign = this.#take('-') ?? this.#take('not')
    if (sign === undefined) return this.#group(grammar, depth)
    const follower = this.#peek()
    if (sign.kind === '-' && (follower === undefined || follower.start !== sign.end)) {
      throw this.#errorAt(sign, 'a term right after "-"', { suggestion: '"-"' })
    }
    const item = this.#not(grammar, this.#deeper(depth, sign))
    return grammar.not(item, { start: sign.start, end: this.#behind() })
  }

  #group<Node extends Query | Test>(grammar: Joined<Node>, depth: number): Node {
    const open = this.#take('(')
    if (open === undefined) return grammar.item(depth)
    const inner = this.#or(grammar, this.#deeper(depth, open))
    this.#expect(')', '")"')
    this.#apart()
    return inner
  }

  #condition(depth: number): Query {
    const name = this.#take('field')
    if (name !== undefined) return this.#fieldCondition(name, depth)
    const word = this.#take('word') ?? this.#take('string')
    if (word === undefined) throw this.#unexpected('a field, a word or "("')
    this.#count()
    this.#complete(word)
    this.#apart()
    const at = { start: word.start, end: word.end }
    if (word.glob.length === 0) throw this.#errorAt(word, 'a word to look for')
    const [only] = word.glob
    if (word.glob.length === 1 && typeof only === 'object' && only.wildcard === '*') return { kind: 'all', at }
    return { kind: 'text', glob: word.glob, at }
  }

  #fieldCondition(name: Token, depth: number): Query {
    const written = this.#fieldName(name)
    const colon = this.#expect(':', '":"')
    const value = this.#peek()
    if (value === undefined || value.start !== colon.end) {
      throw this.#errorAt({ start: colon.end, end: colon.end }, `a value right after "${written}:"`)
    }
    if (written === 'tags') return this.#tagsCondition(name)
    const field = resolveField(written, name)
    const test = value.kind === '(' ? this.#list(field, depth) : this.#leaf(field)
    return { kind: 'field', field, test, at: { start: name.start, end: this.#behind() } }
  }

  /** `tags:"key:value"`, the form for tags with odd names. */
  #tagsCondition(name: Token): Query {
    const token = this.#take('string') ?? this.#take('word')
    if (token === undefined) throw this.#unexpected('a tag in quotes, such as tags:"key:value"')
    this.#complete(token)
    this.#apart()
    const condition = hasWildcard(token.glob) ? undefined : readTags(literalText(token.glob))
    if (condition === undefined) throw this.#errorAt(token, 'a tag in quotes, such as tags:"key:value"')
    return { kind: 'field', ...condition, at: { start: name.start, end: token.end } }
  }

  #list(field: Field, depth: number): Test {
    const tests: Joined<Test> = {
      item: () => this.#leaf(field),
      not: (test, at) => ({ kind: 'not', test, at }),
      and: (list, at) => ({ kind: 'all', tests: list, at }),
      or: (list, at) => ({ kind: 'any', tests: list, at }),
    }
    return this.#group(tests, depth)
  }

  #leaf(field: Field): Leaf {
    const token = this.#peek()
    this.#count()
    switch (token?.kind) {
      case '[':
      case '{':
        return this.#range(field)
      case 'compare':
        return this.#comparison(field)
      case 'word':
      case 'string':
        return this.#value(field)
      case 'field':
        throw this.#unquoted(token)
      default:
        throw this.#unexpected('a value')
    }
  }

  #value(field: Field): Leaf {
    const token = this.#takeAny()
    this.#complete(token)
    this.#apart()
    const test = testOfText(field, token.glob)
    if (typeof test === 'string') throw this.#errorAt(token, test)
    return { ...test, at: { start: token.start, end: token.end } }
  }

  #comparison(field: Field): Leaf {
    const sign = this.#takeAny()
    const operator = this.#text.slice(sign.start, sign.end) as Comparison
    const token = this.#peek()
    if (token === undefined || token.start !== sign.end || (token.kind !== 'word' && token.kind !== 'string')) {
      throw this.#errorAt({ start: sign.end, end: sign.end }, operandExpected(field))
    }
    this.#takeAny()
    const operand = this.#operand(field, token)
    this.#apart()
    return { kind: 'compare', operator, operand, at: { start: sign.start, end: token.end } }
  }

  #range(field: Field): Leaf {
    const open = this.#takeAny()
    const low = this.#bound(field)
    this.#expect('to', 'TO')
    const high = this.#bound(field)
    const close = this.#take(']') ?? this.#take('}')
    if (close === undefined) throw this.#unexpected('"]" or "}"')
    this.#apart()
    const bounds: { low?: Bound; high?: Bound } = {}
    if (low !== undefined) bounds.low = { ...low, inclusive: open.kind === '[' }
    if (high !== undefined) bounds.high = { ...high, inclusive: close.kind === ']' }
    return { kind: 'range', ...bounds, at: { start: open.start, end: close.end } }
  }

  /** Undefined for `*`, an open end. */
  #bound(field: Field) {
    const token = this.#take('word') ?? this.#take('string')
    if (token === undefined) throw this.#unexpected(`${operandExpected(field)}, or *`)
    const [only] = token.glob
    return token.glob.length === 1 && typeof only === 'object' && only.wildcard === '*'
      ? undefined
      : this.#operand(field, token)
  }

  #operand(field: Field, token: Token) {
    this.#complete(token)
    const operand = hasWildcard(token.glob) ? undefined : readOperand(field, literalText(token.glob))
    if (operand === undefined) throw this.#errorAt(token, operandExpected(field))
    return operand
  }

  #fieldName(token: Token): string {
    this.#complete(token)
    if (hasWildcard(token.glob)) throw this.#errorAt(token, 'a field name without wildcards')
    return literalText(token.glob)
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next]
  }

  #take(kind: TokenKind): Token | undefined {
    const token = this.#peek()
    if (token?.kind !== kind) return undefined
    this.#next++
    return token
  }

  #takeAny(): Token {
    return this.#tokens[this.#next++]!
  }

  #expect(kind: TokenKind, expected: string): Token {
    const token = this.#take(kind)
    if (token === undefined) throw this.#unexpected(expected)
    return token
  }

  #atTerm(): boolean {
    const token = this.#peek()
    return token !== undefined && token.kind !== ')' && token.kind !== 'or'
  }

  /** A term ends at a space or ")"; anything else that touches it is most likely a missing quote or backslash. */
  #apart(): void {
    const token = this.#peek()
    if (token === undefined || token.kind === ')' || token.start !== this.#behind()) return
    if (token.kind !== ':') throw this.#errorAt(token, 'a space; quote or escape special characters')
    throw this.#unquoted(this.#tokens[this.#next - 1]!)
  }

  /** The error of a value that goes on behind an unescaped ":". */
  #unquoted({ start }: Token): QueryError {
    const length = this.#text.slice(start).search(/[\s()]|$/)
    const suggestion = printText(this.#text.slice(start, start + length).replaceAll(/["\\]/g, ''))
    return this.#errorAt({ start, end: start + length }, 'quotes around a value with ":" in it', { suggestion })
  }

  #complete(token: Token): void {
    if (!token.broken) return
    const expected = token.kind === 'string' ? 'a closing quote' : 'a character after "\\"'
    throw this.#errorAt({ start: token.start, end: token.end }, expected, {
      suggestion: token.kind === 'string' ? `${this.#text.slice(token.start, token.end)}"` : undefined,
    })
  }

  #deeper(depth: number, { start, end }: Token): number {
    if (depth >= maxQueryDepth) throw this.#errorAt({ start, end }, `at most ${maxQueryDepth} levels of nesting`)
    return depth + 1
  }

  #count(): void {
    if (++this.#terms > maxQueryTerms) throw this.#unexpected(`at most ${maxQueryTerms} words and values`)
  }

  #here(): number {
    return this.#peek()?.start ?? this.#text.length
  }

  /** The end of the last token taken. */
  #behind(): number {
    return this.#tokens[this.#next - 1]?.end ?? 0
  }

  #unexpected(expected: string): QueryError {
    const token = this.#peek()
    return token === undefined
      ? syntaxError('the query ends', { position: this.#text.length, length: 0, expected })
      : this.#errorAt(token, expected)
  }

  #errorAt({ start, end }: Extent, expected: string, { suggestion }: { suggestion?: string | undefined } = {}) {
    const found = this.#text.slice(start, end)
    const what = found === '' ? 'something is missing' : `unexpected ${JSON.stringify(shortened(found))}`
    return syntaxError(what, { position: start, length: end - start, expected, suggestion })
  }
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
