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
