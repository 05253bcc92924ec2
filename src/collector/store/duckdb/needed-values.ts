import type { Field, Query, Test } from '../../../query/query.ts'
import { hexOf } from './address-hex.ts'
import { addressColumns, attributeColumns, indexedAttributes } from './schema.ts'

/** Values that every match of a query has: all of them, or one of them. */
export type Needed =
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Needed[] }

const hasColumn = new Set(attributeColumns.map(({ name }) => name))
const isIndexed = new Set<string>(indexedAttributes)
const hasAddresses = new Set(addressColumns.map(({ of }) => of))

/** The indexed values, case ignored, without which a record is no match; undefined where a match needs none. */
export function neededValues(query: Query): Needed | undefined {
  switch (query.kind) {
    case 'and':
      return allOf(query.items.map(neededValues))
    case 'or':
      return anyOf(query.items.map(neededValues))
    case 'field':
      return neededByTest(query.field, query.test)
    default:
      return undefined
  }
}

function neededByTest(field: Field, test: Test): Needed | undefined {
  if (field.kind !== 'attribute') return undefined
  switch (test.kind) {
    case 'all':
      return allOf(test.tests.map((part) => neededByTest(field, part)))
    case 'any':
      return anyOf(test.tests.map((part) => neededByTest(field, part)))
    case 'is':
      // What has no column stands in `rest`, of which every value is indexed.
      return isIndexed.has(field.name) || !hasColumn.has(field.name) ? { kind: 'value', text: test.text } : undefined
    case 'network':
      return test.bits === 128 && hasAddresses.has(field.name) ? { kind: 'value', text: hexOf(test.words) } : undefined
    default:
      return undefined
  }
}

/** What is known of one part holds for the whole. */
function allOf(parts: readonly (Needed | undefined)[]): Needed | undefined {
  const of = parts.filter((part) => part !== undefined)
  return of.length === 0 ? undefined : { kind: 'all', of }
}

/** One part of which nothing is known may match anywhere. */
function anyOf(parts: readonly (Needed | undefined)[]): Needed | undefined {
  const of = parts.filter((part) => part !== undefined)
  return of.length < parts.length ? undefined : { kind: 'any', of }
}

/** The different texts of these values. */
export function textsOf(needed: Needed): ReadonlySet<string> {
  return new Set(needed.kind === 'value' ? [needed.text] : needed.of.flatMap((part) => [...textsOf(part)]))
}
