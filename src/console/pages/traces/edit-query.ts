import { parse, parseFacet, print, QueryError, type Field, type Query } from '../../../query/query.ts'

/** A query as it is, or why it is not one. */
export type Read = { readonly query: Query } | { readonly problem: QueryError }

export function readQuery(text: string): Read {
  try {
    return { query: parse(text) }
  } catch (error) {
    if (error instanceof QueryError) return { problem: error }
    throw error
  }
}

/** The conditions that a query joins by "and". */
export function partsOf(query: Query): readonly Query[] {
  return query.kind === 'and' ? query.items : query.kind === 'all' ? [] : [query]
}

/** Only spans whose facet has this value: in the place of what the query says of the facet so far. */
export function withOnly(text: string, facet: string, value: string): string {
  return change(text, facet, (others, term) => [...others, term], value)
}

/** No span whose facet has this value. */
export function withExcluded(text: string, facet: string, value: string): string {
  const read = readQuery(text)
  if ('problem' in read) return text
  return join([...partsOf(read.query), { kind: 'not', item: termOf(parseFacet(facet), value) }])
}

/** Nothing said of the facet. */
export function withoutFacet(text: string, facet: string): string {
  return change(text, facet, (others) => others, '')
}

/** Whether the query names the facet in a condition of its own. */
export function namesFacet(text: string, facet: string): boolean {
  const read = readQuery(text)
  return 'query' in read && partsOf(read.query).some((part) => isOf(part, parseFacet(facet)))
}

/** A condition as text: `@usr.id:42`. */
export function termText(facet: string, value: string): string {
  return print(termOf(parseFacet(facet), value))
}

/** Conditions that all have to hold, as text. */
export function join(parts: readonly Query[]): string {
  const [only] = parts
  if (only === undefined) return ''
  return print(parts.length === 1 ? only : { kind: 'and', items: parts })
}

function change(
  text: string,
  facet: string,
  make: (others: readonly Query[], term: Query) => readonly Query[],
  value: string,
): string {
  const read = readQuery(text)
  if ('problem' in read) return text
  const field = parseFacet(facet)
  const others = partsOf(read.query).filter((part) => !isOf(part, field))
  return join(make(others, termOf(field, value)))
}

function isOf(part: Query, field: Field): boolean {
  const inner = part.kind === 'not' ? part.item : part
  return inner.kind === 'field' && inner.field.kind === field.kind && inner.field.name === field.name
}

function termOf(field: Field, value: string): Query {
  const ignoreCase = field.kind === 'reserved' || field.name.startsWith('appsec.')
  return { kind: 'field', field, test: { kind: 'is', text: value, ignoreCase } }
}
