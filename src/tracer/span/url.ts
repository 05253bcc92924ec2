/** Turns the query string of a URL into what may be recorded. */
export type QueryObfuscator = (query: string) => string

/** Characters of a query that are recorded. */
const MAX_QUERY_LENGTH = 4_096

/**
 * Compiles the obfuscation pattern: each match becomes `<redacted>`. An empty pattern hides nothing, `.*` drops the
 * query. Throws a SyntaxError when the pattern is not a regular expression.
 */
export function queryObfuscator(pattern: string): QueryObfuscator {
  if (pattern === '') return (query) => `?${cut(query)}`
  if (pattern === '.*') return () => ''
  const secret = new RegExp(pattern, 'gi')
  return (query) => `?${cut(query).replace(secret, '<redacted>')}`
}

function cut(query: string): string {
  return query.length > MAX_QUERY_LENGTH ? `${query.slice(0, MAX_QUERY_LENGTH)}…` : query
}

/** The parts of a request that make up its address. `originalUrl` is what arrived, where a router rewrites `url`. */
export interface AddressedRequest {
  readonly url?: string | undefined
  readonly originalUrl?: string | undefined
  readonly socket?: { readonly encrypted?: boolean | undefined } | null | undefined
}

/** `http.url`: scheme, host and path as received, with the query obfuscated. */
export function recordedUrl(
  request: AddressedRequest,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  obfuscate: QueryObfuscator,
): string {
  const authority = headers[':authority']
  const scheme = authority === undefined ? (request.socket?.encrypted === true ? 'https' : 'http') : headers[':scheme']
  const origin = `${String(scheme)}://${String(authority ?? headers['host'] ?? '')}`
  const path = request.originalUrl ?? request.url ?? '/'
  const mark = path.indexOf('?')
  return mark < 0 ? origin + path : origin + path.slice(0, mark) + obfuscate(path.slice(mark + 1))
}
