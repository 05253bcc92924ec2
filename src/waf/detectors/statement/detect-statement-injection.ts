import type { SqlDialect } from './dialect.ts'
import { tokenizeStatement, type StatementToken } from './tokenize-statement.ts'

/** Places of a parameter in a statement that are looked at; more come from padding. */
const maxOccurrences = 64
/** A value is one token, a list or a difference up to three; four are a clause. */
const clauseTokens = 4

/**
 * Whether a parameter, somewhere in a statement, is more than a value: a clause of four tokens, a comparison of two
 * literals or two names after WHERE, or a comment that cuts the rest of the line off.
 * Returns the statement to report, its literals hidden; undefined when the parameter is harmless.
 */
export function detectStatementInjection(
  statement: string,
  parameter: string,
  dialect: SqlDialect,
): string | undefined {
  let start = statement.indexOf(parameter)
  if (start === -1 || parameter === '') return undefined
  const read = readStatement(statement, dialect)
  for (let seen = 0; start !== -1 && seen < maxOccurrences; seen += 1) {
    if (isInjection(read, start, start + parameter.length)) return hideLiterals(statement, read.tokens)
    start = statement.indexOf(parameter, start + 1)
  }
  return undefined
}

interface ReadStatement {
  readonly statement: string
  readonly dialect: SqlDialect
  readonly tokens: readonly StatementToken[]
  /** Index of the first WHERE; Infinity without one. */
  readonly where: number
}

/** The statement read last: every parameter of a request is looked for in the same one. */
let last: ReadStatement | undefined

function readStatement(statement: string, dialect: SqlDialect): ReadStatement {
  if (last?.statement === statement && last.dialect === dialect) return last
  const tokens = tokenizeStatement(statement, dialect)
  const where = tokens.findIndex(({ word }) => word === 'WHERE')
  last = { statement, dialect, tokens, where: where === -1 ? Infinity : where }
  return last
}

function isInjection({ statement, tokens, where }: ReadStatement, start: number, end: number): boolean {
  const first = firstEndingAfter(tokens, start)
  let last = first
  while ((tokens[last]?.start ?? end) < end) last += 1
  const within = tokens.slice(first, last)
  if (cutsLine(within, statement, end)) return true
  const counted = within.filter(({ kind }) => kind !== 'parenthesis')
  if (counted.length >= clauseTokens) return counted.some(saysMore) && !isOrdering(tokens, first, within, statement)
  return counted.length === 3 && isTautology(counted, statement) && where < first
}

function firstEndingAfter(tokens: readonly StatementToken[], start: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens[middle]?.end ?? 0) > start) high = middle
    else low = middle + 1
  }
  return low
}

function saysMore({ kind }: StatementToken): boolean {
  return kind !== 'comma' && kind !== 'number' && kind !== 'string'
}

/** A comment that the parameter begins (both of its dashes) behind something else than a parenthesis. */
function cutsLine(within: readonly StatementToken[], statement: string, end: number): boolean {
  const comment = within.findIndex(({ kind }) => kind === 'lineComment')
  const token = within[comment]
  if (token === undefined || !within.slice(0, comment).some(({ kind }) => kind !== 'parenthesis')) return false
  return end - token.start >= (statement.charAt(token.start) === '#' ? 1 : 2)
}

const literals: ReadonlySet<string> = new Set(['string', 'number', 'placeholder'])
const names: ReadonlySet<string> = new Set(['name', 'constant'])
/** Comparisons of a column with a literal that filters send. */
const filters: ReadonlySet<string> = new Set(['=', '<=', '>=', '!=', '<=>', ':='])

/** Two operands and an operator, unless a column is compared with a literal as filters do. */
function isTautology([left, middle, right]: readonly StatementToken[], statement: string): boolean {
  if (left === undefined || right === undefined || middle?.kind !== 'operator') return false
  const [literal, other] = [literals.has(left.kind), literals.has(right.kind)]
  if ((!literal && !names.has(left.kind)) || (!other && !names.has(right.kind))) return false
  return literal === other || !filters.has(statement.slice(middle.start, middle.end))
}

/** Columns with directions, and a limit, right behind ORDER BY: what sortable tables send. */
function isOrdering(
  tokens: readonly StatementToken[],
  first: number,
  within: readonly StatementToken[],
  statement: string,
): boolean {
  if (tokens[first - 1]?.word !== 'BY' || tokens[first - 2]?.word !== 'ORDER') return false
  return /^[cv](?:\.c)*d?(?:,[cv](?:\.c)*d?)*(?:l(?:v(?:ov?)?)?)?$/.test(
    within.map((token) => orderingLetter(token, statement)).join(''),
  )
}

function orderingLetter({ kind, word, start }: StatementToken, statement: string): string {
  if (kind === 'name') return 'c'
  if (kind === 'number') return 'v'
  if (kind === 'comma') return ','
  if (word === 'ASC' || word === 'DESC') return 'd'
  if (word === 'LIMIT') return 'l'
  if (word === 'OFFSET') return 'o'
  return statement.charAt(start) === '.' ? '.' : 'x'
}

/** The statement with every string and number as a question mark. */
export function hideLiterals(statement: string, tokens: readonly StatementToken[]): string {
  let shown = ''
  let at = 0
  for (const { kind, start, end } of tokens) {
    if (kind !== 'string' && kind !== 'number') continue
    shown += `${statement.slice(at, start)}?`
    at = end
  }
  return shown + statement.slice(at)
}
