import type { Bound, Comparison, Field, Glob, Leaf, Query, Test } from './ast.ts'
import { hasWildcard, literalText } from './glob.ts'
import { printFacet } from './fields.ts'

const plainText = /^[^\s()[\]{}:"\\*?<>-][^\s()[\]{}:"\\*?]*$/
const plainNumber = /^[-+.0-9A-Za-zµμ]+$/
const keywords: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT', 'TO'])

/**
 * A query as text, in one form for one meaning of each node: quotes only where needed, parentheses around every nested
 * AND and OR. `parse(print(query))` is the query again, apart from positions, and so printing it again changes nothing.
 */
export function print(query: Query): string {
  if (query.kind === 'all') return ''
  if (query.kind === 'and') return query.items.map(printItem).join(' ')
  if (query.kind === 'or') return query.items.map(printItem).join(' OR ')
  return printItem(query)
}

/** A text as a value or word of a query: as it is where it can be, else in quotes. */
export function printText(text: string): string {
  return plainText.test(text) && !keywords.has(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** A field as a query names it, special characters escaped. */
export function printField(field: Field): string {
  return escapeWord(printFacet(field))
}

function printItem(query: Query): string {
  switch (query.kind) {
    case 'all':
      return '*'
    case 'and':
    case 'or':
      return `(${print(query)})`
    case 'not':
      return `-${printItem(query.item)}`
    case 'text':
      return printGlob(query.glob)
    default:
      return `${printField(query.field)}:${isLeaf(query.test) ? printLeaf(query.test) : `(${printList(query.test)})`}`
  }
}

function isLeaf(test: Test): test is Leaf {
  return test.kind !== 'all' && test.kind !== 'any' && test.kind !== 'not'
}

function printList(test: Test): string {
  if (test.kind === 'all') return test.tests.map(printListItem).join(' AND ')
  if (test.kind === 'any') return test.tests.map(printListItem).join(' OR ')
  return printListItem(test)
}

function printListItem(test: Test): string {
  if (test.kind === 'not') return `-${printListItem(test.test)}`
  return isLeaf(test) ? printLeaf(test) : `(${printList(test)})`
}

function printLeaf(test: Leaf): string {
  switch (test.kind) {
    case 'exists':
      return '*'
    case 'is':
    case 'network':
    case 'id':
      return printText(test.text)
    case 'like':
      return printGlob(test.glob)
    case 'compare':
      return printComparison(test.operator, test.operand.text)
    default:
      return printRange(test.low, test.high)
  }
}

function printComparison(operator: Comparison, text: string): string {
  return operator === '=' ? printText(text) : `${operator}${printNumber(text)}`
}

function printRange(low: Bound | undefined, high: Bound | undefined): string {
  const open = low?.inclusive === false ? '{' : '['
  const close = high?.inclusive === false ? '}' : ']'
  return `${open}${low ? printNumber(low.text) : '*'} TO ${high ? printNumber(high.text) : '*'}${close}`
}

function printNumber(text: string): string {
  return plainNumber.test(text) ? text : printText(text)
}

function printGlob(glob: Glob): string {
  if (!hasWildcard(glob)) return printText(literalText(glob))
  return glob.map((part) => (typeof part === 'string' ? escapeWord(part) : part.wildcard)).join('')
}

/** As a part of a word; a backslash stands before what would not be literal there. */
function escapeWord(text: string): string {
  return text.replaceAll(/[\s()[\]{}:"\\*?]|^[-<>]/g, String.raw`\$&`)
}
