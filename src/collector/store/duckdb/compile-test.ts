import type { Bound, Comparison, Field, Glob, Leaf, Test } from '../../../query/query.ts'
import { fold as foldText } from '../../../query/query.ts'
import { allOf, oneOf } from './condition.ts'
import type { Expression, Scope } from './facet.ts'
import { addressExpression, fieldExpression } from './facet.ts'
import { hexOf } from './address-hex.ts'
import { restHint } from './rest-text.ts'

/** From this many values on, a list is looked up as a whole instead of value by value. */
const LONG_LIST = 12

/** The condition for the test of a field. */
export function fieldTest(field: Field, test: Test, scope: Scope): string {
  switch (test.kind) {
    case 'all':
      return allOf(test.tests.map((part) => fieldTest(field, part, scope)))
    case 'any':
      return anyOf(field, test.tests, scope)
    case 'not':
      return `NOT coalesce(${fieldTest(field, test.test, scope)}, FALSE)`
    default:
      return leafTest(field, test, scope)
  }
}

function leafTest(field: Field, leaf: Leaf, scope: Scope): string {
  const value = fieldExpression(field, scope)
  const hint = value.isInRest === true ? restHint(leaf, scope.binder) : undefined
  const test = valueTest(field, leaf, value, scope)
  return hint === undefined ? test : `${hint} AND (${test})`
}

/** Plain values, addresses and ids among the tests become one look-up each; the others stay as they are. */
function anyOf(field: Field, tests: readonly Test[], scope: Scope): string {
  if (tests.length < LONG_LIST) return oneOf(tests.map((test) => fieldTest(field, test, scope)))
  const exact: string[] = []
  const folded: string[] = []
  const addresses: string[] = []
  const ids: string[] = []
  const others: string[] = []
  for (const test of tests) {
    if (test.kind === 'is') (test.ignoreCase ? folded : exact).push(test.ignoreCase ? foldText(test.text) : test.text)
    else if (test.kind === 'network' && test.bits === 128) addresses.push(hexOf(test.words))
    else if (test.kind === 'id' && test.endsWith.length === 0) ids.push(...test.equals)
    else others.push(fieldTest(field, test, scope))
  }
  const value = fieldExpression(field, scope)
  const address = field.kind === 'attribute' ? addressExpression(field.name, scope) : undefined
  const lookUps: readonly (readonly [Expression, readonly string[], (x: string) => string])[] = [
    [value, [...exact, ...ids], (x) => x],
    [value, folded, fold],
    [address ?? value, addresses, (x) => x],
  ]
  for (const [expression, values, map] of lookUps) {
    if (values.length > 0) others.push(isOneOf(expression, values, map, scope))
  }
  return oneOf(others)
}

function isOneOf(value: Expression, texts: readonly string[], map: (x: string) => string, { binder }: Scope): string {
  const list = binder.list(texts)
  if (!value.isList) return `${map(value.sql)} IN (SELECT unnest(${list}))`
  return `list_has_any(list_transform(${value.sql}, lambda v: ${map('v')}), ${list})`
}

function valueTest(field: Field, leaf: Leaf, value: Expression, scope: Scope): string {
  const numeric = field.kind === 'reserved' ? numericFields.get(field.name) : undefined
  switch (leaf.kind) {
    case 'exists':
      if (numeric !== undefined) return 'TRUE'
      if (value.isList) return `len(${value.sql}) > 0`
      return field.kind === 'reserved' ? `${value.sql} <> ''` : `${value.sql} IS NOT NULL`
    case 'is': {
      const literal = leaf.ignoreCase ? foldText(leaf.text) : leaf.text
      // Printing and folding a boolean for each record costs more than the rest of a question of detection.
      if (value.flag !== undefined && literal === 'true') return value.flag
      if (value.flag !== undefined && literal === 'false') return `NOT ${value.flag}`
      const text = scope.binder.text(literal)
      const anyValue = some(value, (x) => `${leaf.ignoreCase ? fold(x) : x} = ${text}`)
      if (value.onlyOne === undefined || !leaf.ignoreCase) return anyValue
      return `${value.onlyOne} = ${text} OR (${value.onlyOne} IS NULL AND ${anyValue})`
    }
    case 'like':
      return some(value, (x) => like(x, leaf.glob, scope))
    case 'compare': {
      const compare = comparison(leaf.operator, leaf.operand.value)
      return numeric === undefined ? someNumber(value, compare) : compare(numeric)
    }
    case 'range': {
      const within = between(leaf.low, leaf.high)
      return numeric === undefined ? someNumber(value, within) : within(numeric)
    }
    case 'network': {
      const address = field.kind === 'attribute' ? addressExpression(field.name, scope) : undefined
      return address === undefined ? 'FALSE' : some(address, inNetwork(leaf.words, leaf.bits))
    }
    default: {
      const { binder } = scope
      return oneOf([
        ...leaf.equals.map((text) => `${value.sql} = ${binder.text(text)}`),
        ...leaf.endsWith.map((text) => `suffix(${value.sql}, ${binder.text(text)})`),
      ])
    }
  }
}

/** Some value passes. */
export function some(value: Expression, test: (x: string) => string): string {
  return value.isList ? `len(list_filter(${value.sql}, lambda v: ${test('v')})) > 0` : test(value.sql)
}

function someNumber(value: Expression, test: (x: string) => string): string {
  return value.number === undefined ? some(value, (x) => test(numberOf(x))) : test(value.number)
}

/** Reserved fields that are numbers, in milliseconds. */
const numericFields: ReadonlyMap<string, string> = new Map([
  ['duration', 'duration'],
  ['timestamp', '(ts / 1000)'],
])

/** Text as it is compared when case is ignored, in SQL and for a constant. */
export function fold(sql: string): string {
  return `lower(${sql})`
}

function like(x: string, glob: Glob, { binder }: Scope): string {
  return `${fold(x)} LIKE ${binder.text(likePattern(glob))} ESCAPE '\\'`
}

function likePattern(glob: Glob): string {
  return glob
    .map((part) => {
      if (typeof part === 'string') return foldText(part).replaceAll(/[\\%_]/g, '\\$&')
      return part.wildcard === '*' ? '%' : '_'
    })
    .join('')
}

/** The number that a text is, by the grammar of `numberText`; NULL for other texts and what a double cannot hold. */
function numberOf(x: string): string {
  const isNumber = `regexp_full_match(${x}, '-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?')`
  return `CASE WHEN ${isNumber} AND isfinite(TRY_CAST(${x} AS DOUBLE)) THEN TRY_CAST(${x} AS DOUBLE) END`
}

function comparison(operator: Comparison, value: number): (x: string) => string {
  return (x) => `${x} ${operator} ${double(value)}`
}

function between(low: Bound | undefined, high: Bound | undefined): (x: string) => string {
  return (x) => {
    const conditions: string[] = []
    if (low) conditions.push(`${x} ${low.inclusive ? '>=' : '>'} ${double(low.value)}`)
    if (high) conditions.push(`${x} ${high.inclusive ? '<=' : '<'} ${double(high.value)}`)
    return conditions.length === 0 ? `${x} IS NOT NULL` : allOf(conditions)
  }
}

function double(value: number): string {
  return `CAST('${value}' AS DOUBLE)`
}

function inNetwork(words: readonly number[], bits: number): (x: string) => string {
  const mask = (index: number): number => {
    const kept = Math.min(32, Math.max(0, bits - index * 32))
    return kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0
  }
  const first = hexOf(words.map((word, index) => word & mask(index)))
  const last = hexOf(words.map((word, index) => word | ~mask(index)))
  return (x) => (first === last ? `${x} = '${first}'` : `${x} BETWEEN '${first}' AND '${last}'`)
}
