import { PortcullisError, errors } from '../model/error.ts'

/** Where a query is wrong and what would be right. Positions are 0-based UTF-16 units of the text. */
export interface QueryErrorDetail {
  readonly position: number
  readonly length: number
  /** What could stand there, for people. */
  readonly expected: string
  /** Text that, put in place of the marked stretch, is most likely what was meant. */
  readonly suggestion?: string | undefined
}

/** The only error that parsing throws: QUERY_SYNTAX or QUERY_UNKNOWN_FIELD. */
export class QueryError extends PortcullisError {
  readonly position: number
  readonly length: number
  readonly expected: string
  readonly suggestion: string | undefined

  constructor(code: 'QUERY_SYNTAX' | 'QUERY_UNKNOWN_FIELD', message: string, detail: QueryErrorDetail) {
    super(code, message)
    this.position = detail.position
    this.length = detail.length
    this.expected = detail.expected
    this.suggestion = detail.suggestion
  }
}

export function syntaxError(what: string, detail: QueryErrorDetail): QueryError {
  const message = `${what} at character ${detail.position}; expected ${detail.expected}`
  return new QueryError('QUERY_SYNTAX', errors.QUERY_SYNTAX(message), detail)
}

export function unknownField(field: string, detail: QueryErrorDetail): QueryError {
  return new QueryError('QUERY_UNKNOWN_FIELD', errors.QUERY_UNKNOWN_FIELD(field, detail.suggestion), detail)
}
