import { parseUri } from './processors/uri-parse.ts'

/** Where the id of the block is put when the reply is written. */
const RESPONSE_ID = '[security_response_id]'

/**
 * Whether a blocked client may be sent there: to a path of this site or to a host by http(s), spelled as a URI is
 * (RFC 3986), so that it can stand in a header. `//host` would be another site under the look of a path.
 */
export function isSafeLocation(location: string): boolean {
  const uri = parseUri(location.replaceAll(RESPONSE_ID, 'id'))
  if (uri === undefined) return false
  if (uri.scheme === '') return /^\/(?!\/)/.test(location)
  return /^https?$/i.test(uri.scheme) && uri.host !== ''
}
