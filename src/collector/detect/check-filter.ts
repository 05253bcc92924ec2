import { nearest } from '../../model/nearest.ts'
import { QueryError, parse } from '../../query/query.ts'

/** What the explorer's parser has against a filter, with the place; undefined when it is one. */
export function checkFilter(filter: string): string | undefined {
  try {
    parse(filter)
    return undefined
  } catch (error) {
    if (error instanceof QueryError) return error.message
    throw error
  }
}

const reservedFields = [
  'service',
  'env',
  'version',
  'status',
  'trace_id',
  'span_id',
  'resource_name',
  'operation_name',
  'type',
]

/** What is wrong with a facet that a rule groups by or counts; undefined when it is one. */
export function checkFacet(facet: string): string | undefined {
  if (facet.startsWith('@') && facet.length > 1) return undefined
  if (reservedFields.includes(facet)) return undefined
  const near = nearest(facet, reservedFields)
  const suggestion = near ?? `@${facet}`
  return `"${facet}" is no reserved field; did you mean "${suggestion}"?`
}
