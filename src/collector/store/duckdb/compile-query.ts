import type { Field, Glob, Query, Test } from '../../../query/query.ts'
import { fold as foldText, freeTextFacets, parse, wordPattern } from '../../../query/query.ts'
import { attribute, businessLogicActivity } from '../../../model/span-record.ts'
import type { RecordScope } from '../store.ts'
import { fieldTest, fold, some } from './compile-test.ts'
import type { Needed } from './needed-values.ts'
import { neededValues } from './needed-values.ts'
import { allOf, oneOf } from './condition.ts'
import type { Scope } from './facet.ts'
import { facetExpression } from './facet.ts'
import type { TableKind } from './tables.ts'

/** A query ready to become SQL; what it means is said in src/query/ast.ts, and `match` there agrees with it exactly. */
export interface CompiledQuery {
  /** Tables that can have a match: a query for login events need not read all other requests. */
  readonly kinds: readonly TableKind[]
  /** What the indexes of values say of it (value-index.ts). */
  readonly needed: Needed | undefined
  /** The condition; NULL counts as false. */
  where(scope: Scope): string
}

const compact = ['compact'] as const satisfies readonly TableKind[]

/** Throws QUERY_SYNTAX and QUERY_UNKNOWN_FIELD. */
export function compileQuery(text: string, records: RecordScope = 'full'): CompiledQuery {
  const query = parse(text)
  return {
    kinds: isBusinessLogic(query) ? ['events'] : ['events', 'requests', ...(records === 'all' ? compact : [])],
    needed: neededValues(query),
    where: (scope) => `(${condition(query, scope)})`,
  }
}

/** Whether every match has a business-logic activity. */
function isBusinessLogic(query: Query): boolean {
  if (query.kind === 'and') return query.items.some(isBusinessLogic)
  if (query.kind === 'or') return query.items.every(isBusinessLogic)
  if (query.kind !== 'field' || query.field.kind !== 'attribute' || query.field.name !== attribute.activity)
    return false
  return testsBusinessLogic(query.test)
}

function testsBusinessLogic(test: Test): boolean {
  if (test.kind === 'all') return test.tests.some(testsBusinessLogic)
  if (test.kind === 'any') return test.tests.every(testsBusinessLogic)
  const prefix = businessLogicActivity('')
  if (test.kind === 'is') return test.text.toLowerCase().startsWith(prefix)
  const [first] = test.kind === 'like' ? test.glob : []
  return typeof first === 'string' && first.toLowerCase().startsWith(prefix)
}

function condition(query: Query, scope: Scope): string {
  switch (query.kind) {
    case 'all':
      return 'TRUE'
    case 'and':
      return allOf(query.items.map((item) => condition(item, scope)))
    case 'or':
      return oneOf(alternatives(query.items).map((item) => condition(item, scope)))
    case 'not':
      return `NOT coalesce(${condition(query.item, scope)}, FALSE)`
    case 'text':
      return freeText(query.glob, scope)
    default:
      return fieldTest(query.field, query.test, scope)
  }
}

/** `@x:a OR @x:b` is `@x:(a OR b)`, which becomes one look-up in a list however long it is. */
function alternatives(items: readonly Query[]): readonly Query[] {
  const others: Query[] = []
  const byField = new Map<string, { field: Field; tests: Test[] }>()
  for (const item of items) {
    if (item.kind !== 'field') {
      others.push(item)
      continue
    }
    const key = `${item.field.kind} ${item.field.name}`
    const same = byField.get(key)
    if (same) same.tests.push(item.test)
    else byField.set(key, { field: item.field, tests: [item.test] })
  }
  for (const { field, tests } of byField.values()) {
    const [only] = tests
    others.push({ kind: 'field', field, test: tests.length === 1 && only ? only : { kind: 'any', tests } })
  }
  return others
}

/** A text without the longest literal need not be looked at closely, which costs fifteen times as much. */
function freeText(glob: Glob, scope: Scope): string {
  const pattern = scope.binder.text(wordPattern(glob))
  const literals = glob.filter((part) => typeof part === 'string').map(foldText)
  const longest = literals.reduce((found, text) => (text.length > found.length ? text : found), '')
  const literal = scope.binder.text(longest)
  const texts = ['resource_name', ...freeTextFacets.map((name) => `@${name}`)]
  return oneOf(
    texts.map((facet) =>
      some(
        facetExpression(facet, scope),
        (x) => `contains(${fold(x)}, ${literal}) AND regexp_matches(${fold(x)}, ${pattern}, 's')`,
      ),
    ),
  )
}
