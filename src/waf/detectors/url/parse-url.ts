/** Where the parts of a URL stand in its text; a part that is missing is empty and stands where it would. */
export interface UrlParts {
  readonly scheme: string
  /** User, host and port. */
  readonly authorityStart: number
  readonly authorityEnd: number
  /** The host without the brackets of an IPv6 address. */
  readonly host: string
  readonly hostStart: number
  readonly hostEnd: number
  readonly pathEnd: number
  /** Behind the question mark. */
  readonly queryStart: number
  readonly queryEnd: number
}

const prefix = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/)?/

/**
 * Finds the parts of a URL, or of a reference that begins with a slash (RFC 3986). Characters that should have been
 * escaped are taken as they are: clients send them, and what cannot be read cannot be guarded. Undefined for a relative
 * reference.
 */
export function parseUrl(url: string): UrlParts | undefined {
  const [head = '', scheme = ''] = prefix.exec(url) ?? []
  const hasAuthority = head.endsWith('//')
  if (scheme === '' && !url.startsWith('/')) return undefined
  const authorityStart = hasAuthority ? head.length : scheme === '' ? 0 : scheme.length + 1
  const authorityEnd = hasAuthority ? endOf(url, /[/?#]/g, authorityStart) : authorityStart
  const pathEnd = endOf(url, /[?#]/g, authorityEnd)
  const hasQuery = url.charAt(pathEnd) === '?'
  const queryStart = hasQuery ? pathEnd + 1 : pathEnd
  const queryEnd = hasQuery ? endOf(url, /#/g, queryStart) : queryStart
  const host = findHost(url.slice(authorityStart, authorityEnd))
  const hostStart = authorityStart + host.start
  const hostEnd = authorityStart + host.end
  const text = url.slice(hostStart, hostEnd)
  return { scheme, authorityStart, authorityEnd, host: text, hostStart, hostEnd, pathEnd, queryStart, queryEnd }
}

function endOf(url: string, mark: RegExp, from: number): number {
  mark.lastIndex = from
  return mark.exec(url)?.index ?? url.length
}

/** The host inside an authority: behind the user, before the port, without brackets. */
function findHost(authority: string): { start: number; end: number } {
  const start = authority.lastIndexOf('@') + 1
  if (authority.charAt(start) === '[') {
    const close = authority.indexOf(']', start)
    return { start: start + 1, end: close === -1 ? authority.length : close }
  }
  const port = authority.indexOf(':', start)
  return { start, end: port === -1 ? authority.length : port }
}
