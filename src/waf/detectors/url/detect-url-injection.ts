import { parseUrl, type UrlParts } from './parse-url.ts'

/** What is looked for in a URL. The names are those of the operator's options. */
export interface UrlInspection {
  readonly authority: boolean
  readonly path: boolean
  readonly query: boolean
  readonly forbidFullUrl: boolean
}

/** Where requests may go. */
export interface UrlPolicy {
  readonly allowedSchemes: ReadonlySet<string>
  /** Ends of host names, lower case. */
  readonly forbiddenDomains: readonly string[]
  isForbiddenAddress(host: string): boolean
}

/** The places of a parameter in a URL that are looked at; more come from padding. */
const maxOccurrences = 64

/**
 * Whether a parameter chose more of a URL than it was given room for: it reaches from the authority into what follows,
 * climbs in the path, adds to the query, or names a scheme or host that the policy forbids. A parameter that is the
 * whole URL was meant to be one, unless told otherwise.
 */
export function detectUrlInjection(
  url: string,
  parameter: string,
  inspection: UrlInspection,
  policy: UrlPolicy,
): boolean {
  let start = url.indexOf(parameter)
  if (start === -1) return false
  const parts = parseUrl(url)
  if (parts === undefined) return false
  if (parameter.length === url.length) return inspection.forbidFullUrl
  for (let seen = 0; start !== -1 && seen < maxOccurrences; seen += 1) {
    const span = { start, end: start + parameter.length }
    if (
      namesForbiddenScheme(parts, span, policy) ||
      (inspection.authority && (leavesAuthority(parts, span) || namesForbiddenHost(parts, span, policy))) ||
      (inspection.path && climbs(url, parts, span)) ||
      (inspection.query && addsToQuery(url, parts, span))
    ) {
      return true
    }
    start = url.indexOf(parameter, start + 1)
  }
  return false
}

/** What of a URL, whoever chose it, the policy forbids: the scheme and authority to report, or undefined. */
export function forbiddenByPolicy(url: string, policy: UrlPolicy): string | undefined {
  const parts = parseUrl(url)
  if (parts === undefined) return undefined
  const wholeAuthority = { start: parts.authorityStart, end: parts.authorityEnd }
  const forbidden = !policy.allowedSchemes.has(parts.scheme) || namesForbiddenHost(parts, wholeAuthority, policy)
  if (!forbidden) return undefined
  return parts.authorityEnd > parts.authorityStart ? url.slice(0, parts.authorityEnd) : ''
}

interface Span {
  readonly start: number
  readonly end: number
}

// One character behind the authority is a slash that anybody may end a host with.
function leavesAuthority({ authorityStart, authorityEnd }: UrlParts, { start, end }: Span): boolean {
  return start >= authorityStart && start < authorityEnd && end >= authorityEnd + 2
}

function namesForbiddenScheme({ scheme }: UrlParts, { start, end }: Span, policy: UrlPolicy): boolean {
  return scheme !== '' && start === 0 && end > scheme.length && !policy.allowedSchemes.has(scheme)
}

function namesForbiddenHost(parts: UrlParts, { start, end }: Span, policy: UrlPolicy): boolean {
  if (start < parts.authorityStart || end < parts.hostEnd || parts.host === '') return false
  if (start <= parts.hostStart && policy.isForbiddenAddress(parts.host)) return true
  const host = parts.host.toLowerCase().replace(/\.$/, '')
  return policy.forbiddenDomains.some(
    (domain) => host.endsWith(domain) && start <= parts.hostStart + host.length - domain.length,
  )
}

/** A `..` part of the path that the parameter holds with a slash on one side, unless it is the whole path. */
function climbs(url: string, { authorityEnd, pathEnd }: UrlParts, { start, end }: Span): boolean {
  const begin = start === authorityEnd + 1 && url.charAt(authorityEnd) === '/' ? authorityEnd : start
  if (begin === authorityEnd && end === pathEnd) return false
  let at = url.indexOf('/../', Math.max(authorityEnd, start - 1))
  while (at !== -1 && at + 4 <= pathEnd && at < end) {
    if ((start <= at && end >= at + 3) || (start <= at + 1 && end >= at + 4)) return true
    at = url.indexOf('/../', at + 1)
  }
  return false
}

/** A question mark with something behind it, or another pair; whole pairs before an ampersand were meant to be given. */
function addsToQuery(url: string, { queryStart, queryEnd }: UrlParts, { start, end }: Span): boolean {
  if (queryStart === queryEnd || end < queryStart) return false
  if (start < queryStart) return end > queryEnd || url.charAt(end) !== '&'
  const ampersand = url.indexOf('&', start)
  return ampersand !== -1 && ampersand < Math.min(end, queryEnd)
}
